// One layer as the subject of a golden case: `out` of `x`, and as the loss the mean of `out` times a given tensor.

import { paramsFrom, type Spec, tf, VitrineError } from "@vitrine/core";
import type { Subject } from "./check-case.ts";
import { type Golden, tensorOf } from "./golden.ts";

/** `x` is as the reference has it, also where that is NCHW. */
export function layerSubject<P extends object>(
  golden: Golden,
  spec: Spec<NoInfer<P>>,
  run: (params: P, x: tf.Tensor) => tf.Tensor,
): Subject<P, { x: tf.Tensor; cotangent: tf.Tensor }> {
  const { about, folder, weights } = golden;
  if (about.loss !== "mean(out * cotangent)")
    throw new VitrineError(folder, `of a layer the loss mean(out * cotangent) is expected, "${about.loss}" found`);
  return {
    spec,
    params: paramsFrom<P>(spec, weights, folder),
    inputs: { x: tensorOf(golden, "x"), cotangent: tensorOf(golden, "cotangent") },
    infer: (params, { x }) => ({ out: run(params, x) }),
    train: (params, { x, cotangent }) => ({ loss: tf.mean(tf.mul(run(params, x), cotangent)), outputs: {} }),
  };
}
