// Tokens in another order. A look-up whose gradient is a look-up too, since every token is taken exactly once; the gradient of
// a general gather would be a scatter.

import { defineOp } from "../define-op.ts";
import { tf } from "../tf.ts";

const op = defineOp<{ x: tf.Tensor }, { order: readonly number[] }>("Reorder", {
  forward: ({ x }, { order }) => tf.gather(x, tf.tensor1d(Int32Array.from(order), "int32"), 1),
  gradient: ([dy], _, { order }) => ({ x: () => reorder(dy as tf.Tensor3D, inverseOrder(order)) }),
});

/** Token i of the result is token `order[i]`; `order` has each token once. x: [B, N, C] → [B, N, C]. */
export function reorder(x: tf.Tensor3D, order: readonly number[]): tf.Tensor3D {
  return op({ x }, { order })[0] as tf.Tensor3D;
}

/** The order that undoes an order. */
export function inverseOrder(order: readonly number[]): number[] {
  const inverse = new Array<number>(order.length);
  order.forEach((from, to) => {
    inverse[from] = to;
  });
  return inverse;
}
