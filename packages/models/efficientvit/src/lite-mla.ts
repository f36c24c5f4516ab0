// Multi-scale linear attention. Queries, keys and values are taken at several scales, each from convolutions over the last;
// ReLU in place of softmax lets the sum over all positions be made once for all queries.

import { type Mode, type Spec, scope, tf } from "@vitrine/core";
import { type Conv, conv, convSpec, depthwiseConv, depthwiseConvSpec } from "@vitrine/core/layers";
import { type ConvNormAct, convNormAct, convNormActSpec } from "./local-blocks.ts";

export interface LiteMla {
  qkv: ConvNormAct;
  /** For each scale: neighbours of a position, then the channels of a head's queries, keys or values among themselves. */
  aggreg: [Conv, Conv][];
  proj: ConvNormAct;
}

/** Windows of the scales beside the position alone. */
const scales = [5];

export function liteMlaSpec(dim: number, headDim: number): Spec<LiteMla> {
  const heads = Math.floor(dim / headDim);
  const packed = 3 * heads * headDim;
  return {
    qkv: convNormActSpec({ kernel: 1, from: dim, to: packed, norm: false }),
    aggreg: scales.map(
      (scale): Spec<[Conv, Conv]> => [
        depthwiseConvSpec(scale, packed, { bias: false }),
        convSpec(1, packed, packed, { groups: 3 * heads, bias: false }),
      ],
    ),
    proj: convNormActSpec({ kernel: 1, from: heads * headDim * (1 + scales.length), to: dim }),
  };
}

/** x: [B, H, W, D] → [B, H, W, D]. */
export function liteMla(
  p: LiteMla,
  x: tf.Tensor4D,
  mode: Mode,
  { headDim, epsilon }: { headDim: number; epsilon: number },
): tf.Tensor4D {
  const [batch, height, width] = x.shape;
  const own = convNormAct(p.qkv, x, scope(mode, "qkv"), { epsilon });
  const around = p.aggreg.map(([near, within], i) =>
    conv(within, depthwiseConv(near, own, { padding: scales[i]! >> 1 })),
  );
  const packed = tf.concat([own, ...around], 3); //                                                 [B, H, W, G·3·d]
  const groups = packed.shape[3] / (3 * headDim);

  // Channels ahead of positions: so convolutions have them on the way here, and products need them no other way.
  const first = tf.reshape(tf.transpose(packed, [0, 3, 1, 2]), [batch, groups, 3 * headDim, height * width]);
  const [q, k, v] = tf.split(first, 3, 2) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D]; //            [B, G, d, N]
  const asked = tf.relu(q);
  const keys = tf.relu(k);
  const context = tf.matMul(keys, v, false, true); //                                               [B, G, d, d]
  const total = tf.sum(keys, 3, true); //                                                           [B, G, d, 1]
  const weight = tf.add(tf.matMul(total, asked, true), 1e-5); //                                    [B, G, 1, N]
  const mixed = tf.div(tf.matMul(context, asked, true), weight); //                                 [B, G, d, N]
  const map = tf.transpose(tf.reshape(mixed, [batch, groups * headDim, height, width]), [0, 2, 3, 1]) as tf.Tensor4D;
  return convNormAct(p.proj, map, scope(mode, "proj"), { epsilon });
}
