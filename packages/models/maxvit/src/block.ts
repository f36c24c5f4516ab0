// A block of a stage, of one of four kinds, and the MaxViT block itself.

import { type Mode, type Spec, scope, tap, type tf } from "@vitrine/core";
import type { Grid } from "@vitrine/core/layers";
import type { BlockKind, MaxViTConfig } from "./config.ts";
import { type ConvNeXtBlock, convNeXtBlock, convNeXtBlockSpec } from "./convnext-block.ts";
import { type MbConv, mbConv, mbConvSpec } from "./mbconv.ts";
import {
  type ParallelBlock,
  type PartitionBlock,
  parallelBlock,
  parallelBlockSpec,
  partitionBlock,
  partitionBlockSpec,
  type TransformerBlock,
  transformerBlock,
  transformerBlockSpec,
} from "./transformer.ts";

export type ConvBlock = MbConv | ConvNeXtBlock;

export interface MaxViTBlock {
  conv: ConvBlock;
  attn_block?: PartitionBlock;
  attn_grid: PartitionBlock;
}

export interface ParallelMaxViTBlock {
  conv: ConvBlock[];
  attn: ParallelBlock;
}

export type Block = ConvBlock | TransformerBlock | MaxViTBlock | ParallelMaxViTBlock;

export interface BlockShape {
  kind: BlockKind;
  from: number;
  to: number;
  stride: number;
  /** Height and width of the table of positions of a transformer block. */
  map: Grid;
}

export function blockSpec(c: MaxViTConfig, shape: BlockShape): Spec<Block> {
  const { kind, from, to, stride } = shape;
  if (kind === "C") return convBlockSpec(c, { from, to, stride, inside: false });
  if (kind === "T") return transformerBlockSpec(c, shape);
  const first = convBlockSpec(c, { from, to, stride, inside: true });
  if (kind === "M")
    return {
      conv: first,
      ...(c.transformerNoBlockAttn ? {} : { attn_block: partitionBlockSpec(c, to, "block") }),
      attn_grid: partitionBlockSpec(c, to, "grid"),
    } as Spec<MaxViTBlock>;
  const second = convBlockSpec(c, { from: to, to, stride: 1, inside: true });
  return { conv: [first, second], attn: parallelBlockSpec(c, to) } as Spec<ParallelMaxViTBlock>;
}

function convBlockSpec(
  c: MaxViTConfig,
  shape: { from: number; to: number; stride: number; inside: boolean },
): Spec<ConvBlock> {
  if (c.convBlockType === "convnext") return convNeXtBlockSpec(c, shape);
  return mbConvSpec(c, shape.from, shape.to, shape.stride);
}

export interface BlockOptions {
  kind: BlockKind;
  stride: number;
  /** Chance that a branch is skipped for a sample in training. */
  rate: number;
}

/** x: [B, H, W, I] → [B, H/stride, W/stride, O]. */
export function block(c: MaxViTConfig, p: Block, x: tf.Tensor4D, mode: Mode, options: BlockOptions): tf.Tensor4D {
  const { rate } = options;
  switch (options.kind) {
    case "C":
      return convBlock(c, p as ConvBlock, x, mode, options);
    case "T":
      return transformerBlock(c, p as TransformerBlock, x, mode, rate);
    case "M": {
      const own = p as MaxViTBlock;
      const near = convBlock(c, own.conv, x, scope(mode, "conv"), options);
      const inWindows = own.attn_block
        ? partitionBlock(c, own.attn_block, near, scope(mode, "attn_block"), { kind: "block", rate })
        : near;
      return tap(mode, partitionBlock(c, own.attn_grid, inWindows, scope(mode, "attn_grid"), { kind: "grid", rate }));
    }
    case "PM": {
      const own = p as ParallelMaxViTBlock;
      const near = own.conv.reduce(
        (y, conv, i) => convBlock(c, conv, y, scope(mode, `conv.${i}`), { stride: i === 0 ? options.stride : 1, rate }),
        x,
      );
      tap(mode, near, "conv");
      return tap(mode, parallelBlock(c, own.attn, near, scope(mode, "attn"), rate));
    }
  }
}

function convBlock(
  c: MaxViTConfig,
  p: ConvBlock,
  x: tf.Tensor4D,
  mode: Mode,
  options: { stride: number; rate: number },
): tf.Tensor4D {
  return tap(mode, "conv_dw" in p ? convNeXtBlock(c, p, x, mode, options) : mbConv(c, p, x, mode, options));
}
