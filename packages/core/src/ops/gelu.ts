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

// With a tanh, 0.5 (1 + tanh(u/2)) is sigmoid(u) for u = x (A + B x²).
const A = 2 * Math.sqrt(2 / Math.PI);
const B = 0.044715 * A;
const bent = (x: tf.Tensor) => tf.sigmoid(tf.mul(x, tf.add(tf.mul(tf.square(x), B), A)));

/** dy · s · (1 + (1 - s) · x · (A + 3 B x²)) with s = sigmoid(u). An op of its own, so that a compiler can share the square. */
const geluTanhGrad = defineOp<{ dy: tf.Tensor; x: tf.Tensor }>("GeluTanhGrad", {
  forward: ({ dy, x }) => {
    const s = bent(x);
    const slope = tf.mul(x, tf.add(tf.mul(tf.square(x), 3 * B), A));
    return tf.mul(dy, tf.mul(s, tf.add(tf.mul(tf.sub(1, s), slope), 1)));
  },
});

const geluTanhOp = defineOp<{ x: tf.Tensor }>("GeluTanh", {
  forward: ({ x }) => tf.mul(x, bent(x)),
  save: { inputs: ["x"] },
  gradient: ([dy], [x]) => ({ x: () => geluTanhGrad({ dy: dy!, x: x! }, {})[0]! }),
});

/** `0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³)))`, elementwise. */
export function geluTanh<T extends tf.Tensor>(x: T): T {
  return geluTanhOp({ x }, {})[0] as T;
}

/** `x · sigmoid(1.702 x)`, elementwise: the form of OpenAI's CLIP. */
export function quickGelu<T extends tf.Tensor>(x: T): T {
  return tf.mul(x, tf.sigmoid(tf.mul(1.702, x)));
}
