// Kernels whose result's shape depends on numbers. They are computed on the host from numbers that are read first, and so
// cannot be part of a compiled program.

import { isVitrineError, Rng, tf, VitrineError } from "@vitrine/core";
import { currentBackend } from "../backend.ts";
import { hostArray } from "../builder.ts";
import { type DType, type HostData, Value } from "../graph.ts";
import type { HostKernels, LoweringsOf } from "../kernels.ts";
import type { Sym } from "../sym.ts";

export const host: LoweringsOf<HostKernels> = {
  BroadcastArgs({ s0, s1 }) {
    const [a, b] = [s0, s1].map((shape) => Array.from(numbers("BroadcastArgs", shape), Number)) as [number[], number[]];
    const shape = tf.backend_util.assertAndGetBroadcastShape(a, b);
    return known(Int32Array.from(shape), [shape.length], "int32");
  },
  Multinomial({ logits }, { numSamples, seed, normalized }, g) {
    const scores = normalized ? logits : g.sym(g.node("Softmax", [logits], { axis: -1 }, logits.shape));
    const [rows, events] = logits.shape as [number, number];
    const chances = numbers("Multinomial", scores);
    const stream = Rng.of(seed, "multinomial");
    const drawn = Int32Array.from({ length: rows * numSamples }, (_, i) => {
      const row = Math.floor(i / numSamples) * events;
      let left = stream.uniform();
      // The last event takes what rounding leaves.
      for (let event = 0; event < events - 1; event++) {
        left -= chances[row + event] as number;
        if (left < 0) return event;
      }
      return events - 1;
    });
    return known(drawn, [rows, numSamples], "int32");
  },
  NonMaxSuppressionV3({ boxes, scores }, attrs) {
    const { maxOutputSize, iouThreshold, scoreThreshold } = attrs;
    const [b, s] = floats("NonMaxSuppressionV3", boxes, scores);
    const { nonMaxSuppressionV3Impl } = tf.kernel_impls;
    const { selectedIndices } = nonMaxSuppressionV3Impl(b, s, maxOutputSize, iouThreshold, scoreThreshold);
    return places(selectedIndices);
  },
  NonMaxSuppressionV4({ boxes, scores }, attrs) {
    const { maxOutputSize, iouThreshold, scoreThreshold, padToMaxOutputSize } = attrs;
    const [b, s] = floats("NonMaxSuppressionV4", boxes, scores);
    const { nonMaxSuppressionV4Impl } = tf.kernel_impls;
    const found = nonMaxSuppressionV4Impl(b, s, maxOutputSize, iouThreshold, scoreThreshold, padToMaxOutputSize);
    return [places(found.selectedIndices), known(Int32Array.of(found.validOutputs!), [], "int32")];
  },
  NonMaxSuppressionV5({ boxes, scores }, attrs) {
    const { maxOutputSize, iouThreshold, scoreThreshold, softNmsSigma } = attrs;
    const [b, s] = floats("NonMaxSuppressionV5", boxes, scores);
    const { nonMaxSuppressionV5Impl } = tf.kernel_impls;
    const found = nonMaxSuppressionV5Impl(b, s, maxOutputSize, iouThreshold, scoreThreshold, softNmsSigma);
    const kept = Float32Array.from(found.selectedScores!);
    return [places(found.selectedIndices), known(kept, [kept.length], "float32")];
  },
  Unique({ x }, { axis }) {
    const [at] = tf.util.parseAxisParam(axis, x.shape) as [number];
    const size = x.shape[at]!;
    const outer = tf.util.sizeFromShape(x.shape.slice(0, at));
    const inner = tf.util.sizeFromShape(x.shape.slice(at + 1));
    const data = numbers("Unique", x) as Int32Array;
    const part = (i: number) =>
      Array.from({ length: outer }, (_, o) => data.subarray((o * size + i) * inner, (o * size + i + 1) * inner));
    const seen = new Map<string, { id: number; parts: ReturnType<typeof part> }>();
    const indices = Int32Array.from({ length: size }, (_, i) => {
      const parts = part(i);
      const key = parts.join();
      if (!seen.has(key)) seen.set(key, { id: seen.size, parts });
      return seen.get(key)!.id;
    });
    const firsts = [...seen.values()].map(({ parts }) => parts);
    const values = Array.from({ length: outer }, (_, o) => firsts.map((parts) => [...parts[o]!])).flat(2);
    const shape = x.shape.map((d, i) => (i === at ? firsts.length : d));
    return [known(hostArray(x.dtype, values), shape, x.dtype), known(indices, [size], "int32")];
  },
};

/** The numbers of a tensor, computed now where they are pending. @throws VitrineError in a recording that must stay open. */
export function numbers(kernelName: string, x: Sym): HostData {
  try {
    return currentBackend().hostData(x);
  } catch (cause) {
    if (!isVitrineError(cause) || cause.where !== "trace") throw cause;
    const message = `kernel "${kernelName}" needs the numbers of a tensor that the program has yet to compute: the shape of its result, or the way it gets there, depends on them. Call it outside of the compiled function`;
    throw new VitrineError("trace", message, { cause });
  }
}

function floats(kernelName: string, boxes: Sym, scores: Sym): [Float32Array, Float32Array] {
  return [numbers(kernelName, boxes) as Float32Array, numbers(kernelName, scores) as Float32Array];
}

export function known(data: HostData, shape: readonly number[], dtype: DType): Value {
  return new Value(shape, dtype, { data });
}

function places(indices: readonly number[]): Value {
  return known(Int32Array.from(indices), [indices.length], "int32");
}
