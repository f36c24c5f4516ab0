// Activations by timm's names, for configurations that hold a name.

import { gelu, geluTanh, quickGelu } from "../ops/gelu.ts";
import { tf } from "../tf.ts";

export type Activation =
  | "gelu"
  | "gelu_tanh"
  | "quick_gelu"
  | "relu"
  | "silu"
  | "hard_swish"
  | "sigmoid"
  | "hard_sigmoid";

const hardSigmoid = <T extends tf.Tensor>(x: T): T => tf.mul(tf.relu6(tf.add(x, 3)), 1 / 6);

export const activations: Record<Activation, <T extends tf.Tensor>(x: T) => T> = {
  gelu,
  gelu_tanh: geluTanh,
  quick_gelu: quickGelu,
  relu: (x) => tf.relu(x),
  silu: (x) => tf.mul(x, tf.sigmoid(x)),
  hard_swish: (x) => tf.mul(x, hardSigmoid(x)),
  sigmoid: (x) => tf.sigmoid(x),
  hard_sigmoid: hardSigmoid,
};
