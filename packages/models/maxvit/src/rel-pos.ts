// What attention adds for the distance between two tokens: a table, or a perceptron of the logarithm of the distance
// (https://arxiv.org/abs/2111.09883, with timm's own scale).

import { dropout, type Mode, normal, param, type Spec, scope, tf, truncNormal } from "@vitrine/core";
import { type Grid, type Linear, linear, linearSpec, logOffsets, relativePositionBias } from "@vitrine/core/layers";
import type { MaxViTConfig } from "./config.ts";
import { transformerInit } from "./init.ts";

export interface RelPos {
  /** [(2h-1)·(2w-1), heads], or in TensorFlow's order [heads, 2h-1, 2w-1]. */
  relative_position_bias_table?: tf.Tensor2D | tf.Tensor3D;
  mlp?: { fc1: Linear; fc2: Linear };
}

/** timm drops out so many of the perceptron's hidden values in training, and has no option for it. */
const HIDDEN_DROP = 0.125;

/** Undefined for models that know no positions. */
export function relPosSpec(c: MaxViTConfig, window: Grid, heads: number): Spec<RelPos> | undefined {
  const [rows, columns] = window.map((side) => 2 * side - 1) as [number, number];
  // By timm's rule, weight decay leaves tables and perceptrons of positions alone.
  switch (c.transformerRelPosType) {
    case "bias":
      return table(param([rows * columns, heads], truncNormal(0.02), { decay: false }));
    case "bias_tf":
      return table(param([heads, rows, columns], normal(0.02), { decay: false }));
    case "mlp": {
      const layer = (from: number, to: number) => {
        const init = transformerInit(c.weightInit, from, true);
        const { weight, bias } = linearSpec(from, to, { init, biasInit: init });
        return { weight: { ...weight, decay: false }, bias };
      };
      const mlp = { fc1: layer(2, c.transformerRelPosDim), fc2: layer(c.transformerRelPosDim, heads) };
      return { mlp } as Spec<RelPos>;
    }
    default:
      return undefined;
  }
}

function table(leaf: ReturnType<typeof param>): Spec<RelPos> {
  return { relative_position_bias_table: leaf } as Spec<RelPos>;
}

/** The bias of each pair of tokens of a window: [heads, N, N], queries first. */
export function relPosBias(c: MaxViTConfig, p: RelPos, window: Grid, mode: Mode): tf.Tensor3D {
  const { mlp } = p;
  if (mlp === undefined) {
    const offset = c.transformerRelPosType === "bias_tf" ? "key-query" : "query-key";
    return relativePositionBias(p.relative_position_bias_table!, window, { offset });
  }
  const hidden = tf.relu(linear(mlp.fc1, logOffsets(window, { kind: "cr" }))); //                       [(2h-1)(2w-1), D]
  return relativePositionBias(linear(mlp.fc2, dropout(hidden, HIDDEN_DROP, scope(mode, "mlp.drop1"))), window);
}
