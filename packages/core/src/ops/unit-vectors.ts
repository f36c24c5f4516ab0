// Vectors of length one, or of a length given by a factor: what attention by cosine compares.

import { defineOp } from "../define-op.ts";
import { tf } from "../tf.ts";

const op = defineOp<{ x: tf.Tensor; scale: tf.Tensor }, { epsilon: number }>("UnitVectors", {
  forward: ({ x, scale }, { epsilon }) => {
    const length = tf.sqrt(tf.sum(tf.square(x), -1, true));
    const inverse = tf.reciprocal(tf.clipByValue(length, epsilon, Number.POSITIVE_INFINITY));
    return [tf.mul(x, tf.mul(inverse, scale)), inverse];
  },
  save: { inputs: ["x", "scale"], outputs: [false, true] },
  gradient: ([dy], [x, scale, inverse]) => {
    // Computed anew for each input: tfjs runs each gradient in a tidy of its own. A compiler merges the repeats.
    const along = () => tf.mul(inverse!, tf.sum(tf.mul(dy!, x!), -1, true));
    return {
      // dy without its part along x: turning changes the result, lengthening does not.
      x: () => {
        const stretch = tf.mul(inverse!, scale!);
        return tf.sub(tf.mul(dy!, stretch), tf.mul(x!, tf.mul(tf.mul(along(), inverse!), stretch)));
      },
      scale: () => sumTo(along(), scale!.shape),
    };
  },
});

/**
 * `x / max(|x|, epsilon) · scale`, lengths along the last axis, PyTorch's `F.normalize`. `scale` broadcasts and has a last
 * axis of 1. x: [..., D] → [..., D].
 */
export function unitVectors<T extends tf.Tensor>(x: T, scale: tf.Tensor = tf.scalar(1), epsilon = 1e-12): T {
  return op({ x, scale }, { epsilon })[0] as T;
}

/** Summed over the axes along which a tensor of `shape` was broadcast. */
function sumTo(x: tf.Tensor, shape: number[]): tf.Tensor {
  const extra = x.rank - shape.length;
  const axes = x.shape.flatMap((size, axis) =>
    axis < extra || (shape[axis - extra] === 1 && size !== 1) ? [axis] : [],
  );
  return tf.reshape(axes.length === 0 ? x : tf.sum(x, axes), shape);
}
