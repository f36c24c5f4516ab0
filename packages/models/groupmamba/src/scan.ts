// Selective scanning of maps: each of four groups of channels is read as one sequence, row by row or column by column, forwards
// or backwards. VMamba, https://arxiv.org/abs/2401.10166, one direction a group.

import { fanInUniform, type Mode, ones, param, type Spec, selectiveScan, tap, tf, uniform } from "@vitrine/core";
import {
  activations,
  type Conv,
  depthwiseConv,
  depthwiseConvSpec,
  type LayerNorm,
  type Linear,
  layerNorm,
  layerNormSpec,
  linear,
  linearSpec,
} from "@vitrine/core/layers";
import { convInit, fadingLogs, stepBias } from "./init.ts";

/** One group's block, under the reference's names. D channels, states of N numbers, steps from R numbers. */
export interface GroupScan {
  in_proj: Linear;
  conv2d: Conv;
  /** What a token says: R numbers for its step, N for how it is written, N for how it is read. [1, R + 2N, D] */
  x_proj_weight: tf.Tensor3D;
  dt_projs_weight: tf.Tensor3D; // [1, D, R]
  dt_projs_bias: tf.Tensor2D; //   [1, D]
  A_logs: tf.Tensor2D; //          [D, N]
  Ds: tf.Tensor1D; //              [D]
  out_norm: LayerNorm;
  out_proj: Linear;
}

const normEps = 1e-5;
const states = 1;

export function groupScanSpec(dim: number): Spec<GroupScan> {
  const steps = Math.ceil(dim / 16);
  const linearOptions = { bias: false };
  return {
    in_proj: linearSpec(dim, 2 * dim, linearOptions),
    conv2d: depthwiseConvSpec(3, dim, convInit(3, 1)),
    x_proj_weight: param([1, steps + 2 * states, dim], fanInUniform(dim)),
    dt_projs_weight: param([1, dim, steps], uniform(steps ** -0.5)),
    dt_projs_bias: param([1, dim], stepBias),
    A_logs: param([dim, states], fadingLogs, { decay: false }),
    Ds: param([dim], ones),
    out_norm: layerNormSpec(dim),
    out_proj: linearSpec(dim, dim, linearOptions),
  };
}

/** What is done to a map ahead of reading it row by row; done to the sequence the other way round, it gives the map back. */
interface Direction {
  /** By columns. */
  turned: boolean;
  backwards: boolean;
}

const directions: readonly Direction[] = [
  { turned: false, backwards: false },
  { turned: true, backwards: false },
  { turned: false, backwards: true },
  { turned: true, backwards: true },
];

const turn = (x: tf.Tensor4D, { turned }: Direction) => (turned ? tf.transpose(x, [0, 2, 1, 3]) : x);
const flip = (x: tf.Tensor3D, { backwards }: Direction) => (backwards ? tf.reverse(x, 1) : x);

/** Groups of channels, each scanned in its own direction. x: four times [B, H, W, D] → four times [B, H, W, D]. */
export function groupScans(
  groups: readonly GroupScan[],
  x: readonly tf.Tensor4D[],
  modes: readonly Mode[],
): tf.Tensor4D[] {
  const [batch, height, width, dim] = x[0]!.shape;
  const length = height * width;
  const entered = groups.map((p, i) => {
    const [inner, gate] = tf.split(linear(p.in_proj, x[i]!), 2, 3) as [tf.Tensor4D, tf.Tensor4D];
    return { map: activations.silu(depthwiseConv(p.conv2d, inner, { padding: 1 })), gate: activations.silu(gate) };
  });
  const sequences = entered.map(({ map }, i) => {
    const turned = turn(map, directions[i]!);
    return flip(tf.reshape(turned, [batch, length, dim]), directions[i]!);
  });
  const read = tf.unstack(scanTogether(groups, tf.stack(sequences) as tf.Tensor4D)) as tf.Tensor3D[];
  return groups.map((p, i) => {
    const direction = directions[i]!;
    const [rows, columns] = direction.turned ? [width, height] : [height, width];
    const back = turn(tf.reshape(flip(read[i]!, direction), [batch, rows, columns, dim]), direction);
    const normed = layerNorm(p.out_norm, back, normEps);
    return tap(modes[i]!, linear(p.out_proj, tf.mul(normed, entered[i]!.gate)));
  });
}

/** The selective scans of all groups at once. u: [G, B, L, D] → [G, B, L, D]. */
function scanTogether(groups: readonly GroupScan[], u: tf.Tensor4D): tf.Tensor4D {
  const [count, batch, length, dim] = u.shape;
  const all = (get: (p: GroupScan) => tf.Tensor) => tf.stack(groups.map(get)); //         [G, ...]
  const steps = groups[0]!.dt_projs_weight.shape[2];
  const tokens = tf.reshape(u, [count, batch * length, dim]);
  const said = tf.matMul(tokens, squeezed(all((p) => p.x_proj_weight)), false, true); //  [G, B·L, R + 2N]
  const [forStep, forWriting, forReading] = tf.split(said, [steps, states, states], 2) as [
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
  ];
  const step = tf.matMul(forStep, squeezed(all((p) => p.dt_projs_weight)), false, true); // [G, B·L, D]
  const delta = tf.softplus(
    tf.add(
      step,
      all((p) => p.dt_projs_bias),
    ),
  );
  const sequences = (x: tf.Tensor) => tf.reshape(x, [count, batch, length, x.shape.at(-1)!]);
  return selectiveScan({
    u,
    delta: sequences(delta),
    a: tf.expandDims(tf.neg(tf.exp(all((p) => p.A_logs))), 1), //                          [G, 1, D, N]
    b: sequences(forWriting),
    c: sequences(forReading),
    d: tf.expandDims(
      all((p) => p.Ds),
      1,
    ), //                                              [G, 1, D]
  }) as tf.Tensor4D;
}

/** [G, 1, ...] → [G, ...]. */
const squeezed = (x: tf.Tensor) => tf.squeeze(x, [1]);
