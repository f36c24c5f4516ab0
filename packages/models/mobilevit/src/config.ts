// The configuration: a network in words, stage by stage.

import type { BaseConfig } from "@vitrine/core";
import type { GlobalPool } from "@vitrine/core/layers";

/** Inverted residual blocks: the first of stride `s`, the others of stride 1. */
export interface InvertedResidualStage {
  type: "ir";
  /** Blocks. */
  d: number;
  /** Channels, rounded to a multiple of 8. */
  c: number;
  /** Stride of the first block. */
  s: number;
  /** Width of the depthwise convolution over the block's input channels. */
  br: number;
}

/** An inverted residual block of stride `s`, then a MobileViT block: attention over all patches. */
export interface MobileViTStage extends Omit<InvertedResidualStage, "type" | "d"> {
  type: "mobilevit";
  /** Width of the transformer. */
  transformerDim: number;
  transformerDepth: number;
  /** Pixels of a patch; pixels at the same place of every patch attend to each other. */
  patchSize: number | readonly [number, number];
}

/** An inverted residual block of stride `s`, then a MobileViTv2 block: attention in linear time. */
export interface MobileViTv2Stage extends Omit<MobileViTStage, "type" | "transformerDim"> {
  type: "mobilevit2";
  /** Width of the transformer over the stage's channels. */
  transformerBr: number;
}

export type Stage = InvertedResidualStage | MobileViTStage | MobileViTv2Stage;

/** The stages in words, and timm's arguments of `ByobNet`, in camel case. */
export interface MobileViTConfig extends BaseConfig {
  stemChs: number;
  stages: readonly Stage[];
  /** Channels of the last convolution; 0 for a network without it. */
  numFeatures: number;
  /** How the last map becomes what the head reads. */
  globalPool: GlobalPool;
  /** Dropout ahead of the head. */
  dropRate: number;
  /** Chance that the last block's branch is skipped in training; earlier ones scale down to 0. */
  dropPathRate: number;
  /** Residual branches begin as nothing: the weight of their last norm is zero at first. */
  zeroInitLast: boolean;
}

export const defaults: MobileViTConfig = {
  imgSize: 256,
  inChans: 3,
  numClasses: 1000,
  stemChs: 16,
  stages: [],
  numFeatures: 0,
  globalPool: "avg",
  dropRate: 0,
  dropPathRate: 0,
  zeroInitLast: true,
};
