// The block of CAS-ViT: local integration, the additive token mixer, a perceptron; each added to what came in.

import { dropout, dropPath, type Mode, type Spec, scope, tap, tf } from "@vitrine/core";
import {
  type Activation,
  activations,
  type BatchNorm,
  batchNorm,
  batchNormSpec,
  type Conv,
  conv,
  convSpec,
  depthwiseConv,
  depthwiseConvSpec,
} from "@vitrine/core/layers";

/** The part of the configuration that a block reads. */
export interface AdditiveBlockConfig {
  /** Width of the perceptrons' hidden layers over that of their stage. */
  mlpRatios: number;
  /** A bias of queries, keys and values. */
  attnBias: boolean;
  actLayer: Activation;
  /** Dropout behind the mixer and inside the perceptron. */
  dropRate: number;
}

/** A gate for each position. */
export interface SpatialOperation {
  block: { 0: Conv; 1: BatchNorm; 3: Conv };
}

/** A gate for each channel. */
export interface ChannelOperation {
  block: { 1: Conv };
}

export interface AdditiveTokenMixer {
  qkv: Conv;
  oper_q: [SpatialOperation, ChannelOperation];
  oper_k: [SpatialOperation, ChannelOperation];
  dwc: Conv;
  proj: Conv;
}

export interface AdditiveBlock {
  local_perception: { network: { 0: Conv; 1: BatchNorm; 2: Conv; 4: Conv } };
  norm1: BatchNorm;
  attn: AdditiveTokenMixer;
  norm2: BatchNorm;
  mlp: { fc1: Conv; fc2: Conv };
}

export function additiveBlockSpec(c: AdditiveBlockConfig, dim: number): Spec<AdditiveBlock> {
  const operations = (): Spec<AdditiveTokenMixer["oper_q"]> => [
    { block: { 0: depthwiseConvSpec(3, dim), 1: batchNormSpec(dim), 3: convSpec(1, dim, 1, { bias: false }) } },
    { block: { 1: convSpec(1, dim, dim, { bias: false }) } },
  ];
  const hidden = Math.trunc(dim * c.mlpRatios);
  return {
    local_perception: {
      network: {
        0: convSpec(1, dim, dim),
        1: batchNormSpec(dim),
        2: depthwiseConvSpec(3, dim),
        4: convSpec(1, dim, dim),
      },
    },
    norm1: batchNormSpec(dim),
    attn: {
      qkv: convSpec(1, dim, 3 * dim, { bias: c.attnBias }),
      oper_q: operations(),
      oper_k: operations(),
      dwc: depthwiseConvSpec(3, dim),
      proj: depthwiseConvSpec(3, dim),
    },
    norm2: batchNormSpec(dim),
    mlp: { fc1: convSpec(1, dim, hidden), fc2: convSpec(1, hidden, dim) },
  };
}

/** x: [B, H, W, D] → the same, times one number a position. */
function spatialOperation({ block: p }: SpatialOperation, x: tf.Tensor4D, mode: Mode): tf.Tensor4D {
  const near = batchNorm(p[1], depthwiseConv(p[0], x, { padding: 1 }), scope(mode, "block.1"));
  return tf.mul(x, tf.sigmoid(conv(p[3], tf.relu(near)))); //                                      gate: [B, H, W, 1]
}

/** x: [B, H, W, D] → the same, times one number a channel. */
function channelOperation({ block: p }: ChannelOperation, x: tf.Tensor4D): tf.Tensor4D {
  return tf.mul(x, tf.sigmoid(conv(p[1], tf.mean(x, [1, 2], true)))); //                           gate: [B, 1, 1, D]
}

/** x: [B, H, W, D] → [B, H, W, D]. */
function additiveTokenMixer(c: AdditiveBlockConfig, p: AdditiveTokenMixer, x: tf.Tensor4D, mode: Mode): tf.Tensor4D {
  const weigh = (name: "oper_q" | "oper_k", part: tf.Tensor4D) =>
    tap(mode, channelOperation(p[name][1], spatialOperation(p[name][0], part, scope(mode, `${name}.0`))), name);
  const [q, k, v] = tf.split(conv(p.qkv, x), 3, 3) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
  const similarity = depthwiseConv(p.dwc, tf.add(weigh("oper_q", q), weigh("oper_k", k)), { padding: 1 });
  const mixed = depthwiseConv(p.proj, tf.mul(similarity, v), { padding: 1 });
  return tap(mode, dropout(mixed, c.dropRate, scope(mode, "proj_drop")));
}

function localIntegration(
  c: AdditiveBlockConfig,
  { network: p }: AdditiveBlock["local_perception"],
  x: tf.Tensor4D,
  mode: Mode,
): tf.Tensor4D {
  const wide = batchNorm(p[1], conv(p[0], x), scope(mode, "network.1"));
  return tap(mode, conv(p[4], activations[c.actLayer](depthwiseConv(p[2], wide, { padding: 1 }))));
}

function perceptron(c: AdditiveBlockConfig, p: AdditiveBlock["mlp"], x: tf.Tensor4D, mode: Mode): tf.Tensor4D {
  const hidden = dropout(activations[c.actLayer](conv(p.fc1, x)), c.dropRate, scope(mode, "drop1"));
  return tap(mode, dropout(conv(p.fc2, hidden), c.dropRate, scope(mode, "drop2")));
}

/** x: [B, H, W, D] → [B, H, W, D]; in training each branch is skipped for a sample with chance `rate`. */
export function additiveBlock(
  c: AdditiveBlockConfig,
  p: AdditiveBlock,
  x: tf.Tensor4D,
  rate: number,
  mode: Mode,
): tf.Tensor4D {
  const inside = (name: string) => scope(mode, name);
  const near = tf.add<tf.Tensor4D>(x, localIntegration(c, p.local_perception, x, inside("local_perception")));
  const mixed = additiveTokenMixer(c, p.attn, batchNorm(p.norm1, near, inside("norm1")), inside("attn"));
  const middle = tf.add<tf.Tensor4D>(near, dropPath(mixed, rate, mode, "drop_path1"));
  const thought = perceptron(c, p.mlp, batchNorm(p.norm2, middle, inside("norm2")), inside("mlp"));
  return tap(mode, tf.add<tf.Tensor4D>(middle, dropPath(thought, rate, mode, "drop_path2")));
}
