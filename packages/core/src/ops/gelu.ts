// GELU, exact and in its two approximations. https://arxiv.org/abs/1606.08415

import { defineOp } from "../define-op.ts";
import { tf } from "../tf.ts";

const phi = (x: tf.Tensor) => tf.mul(0.5, tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2))));

/** dy · (Φ(x) + x·φ(x)). An op of its own, so that a compiler can share the exponent and the error function. */
const geluGrad = defineOp<{ dy: tf.Tensor; x: tf.Tensor }>("GeluGrad", {
  forward: ({ dy, x }) => {
    const density = tf.mul(1 / Math.sqrt(2 * Math.PI), tf.exp(tf.mul(-0.5, tf.square(x))));
    return tf.mul(dy, tf.add(phi(x), tf.mul(x, density)));
  },
});

const geluOp = defineOp<{ x: tf.Tensor }>("Gelu", {
  forward: ({ x }) => tf.mul(x, phi(x)),
  save: { inputs: ["x"] },
  gradient: ([dy], [x]) => ({ x: () => geluGrad({ dy: dy!, x: x! }, {})[0]! }),
});

/** `x · Φ(x)` with the normal distribution's Φ, elementwise. */
export function gelu<T extends tf.Tensor>(x: T): T {
  return geluOp({ x }, {})[0] as T;
}

/** `0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³)))`, elementwise. */
export function geluTanh<T extends tf.Tensor>(x: T): T {
  const inner = tf.mul(Math.sqrt(2 / Math.PI), tf.add(x, tf.mul(0.044715, tf.mul(x, tf.square(x)))));
  return tf.mul(tf.mul(0.5, x), tf.add(1, tf.tanh(inner)));
}

/** `x · sigmoid(1.702 x)`, elementwise: the form of OpenAI's CLIP. */
export function quickGelu<T extends tf.Tensor>(x: T): T {
  return tf.mul(x, tf.sigmoid(tf.mul(1.702, x)));
}
