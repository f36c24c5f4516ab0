// Batch norm in training, an op of @vitrine/core.

import type { Builder, Operand } from "../builder.ts";
import { float, type Value } from "../graph.ts";
import type { LoweringsOf } from "../kernels.ts";
import type { BatchNormKernels } from "../kernels-image.ts";
import { permuteShape, type Sym } from "../sym.ts";
import { product } from "./matmul.ts";
import { count, imageOrder } from "./window.ts";

export const batchNorm: LoweringsOf<BatchNormKernels> = {
  BatchNormTrain({ x, scale, offset }, { epsilon }, g) {
    const perm = imageOrder(x.rank);
    const shape = permuteShape(x.shape, perm);
    const statistics = [shape[1]!];
    // ONNX Runtime writes the new statistics over the old ones it is given. These count for nothing at momentum 0, but each
    // needs memory of its own: computed from an input, and different, so that no optimizer makes one constant of both.
    const zeros = g.node("Mul", [scale, g.scalar(0)], {}, statistics);
    const ones = g.node("Add", [zeros, g.scalar(1)], {}, statistics);
    const attributes = { training_mode: 1, momentum: float(0), epsilon: float(epsilon) };
    const types = [{ shape }, { shape: statistics }, { shape: statistics }];
    const inputs = [g.as(x, perm), scale, offset, zeros, ones];
    const [y, mean, variance] = g.nodes("BatchNormalization", inputs, attributes, types) as [Value, Value, Value];
    return [g.sym(y, perm), mean, variance];
  },
  // With x̂ = (x - mean) / deviation and n elements a channel:
  // dScale = Σ dy · x̂, dOffset = Σ dy, dx = (dy - x̂ · dScale / n - dOffset / n) · scale / deviation.
  // What is taken from dy is a batch norm with known statistics, for which there is an operator.
  BatchNormTrainGrad({ dy, x, scale, mean, variance }, { epsilon, of }, g) {
    const sums = sumsOf(dy, x, mean, variance, epsilon, g);
    if (of === "offset") return sums.offset;
    if (of === "scale") return sums.scale;
    const perm = imageOrder(x.rank);
    const shape = permuteShape(x.shape, perm);
    const channels = [shape[1]!];
    const [d, image] = [g.as(dy, perm), g.as(x, perm)];
    const share = g.scalar(shape[1]! / count(shape));
    const [along, shift] = [sums.scale, sums.offset].map((sum) => g.node("Mul", [sum, share], {}, channels));
    const known = [image, along, shift, mean, variance];
    const explained = g.node("BatchNormalization", known, { epsilon: float(epsilon) }, shape);
    const factor = g.node("Mul", [scale, sums.inverse], {}, channels);
    const column = g.reshape(factor, [shape[1]!, ...shape.slice(2).map(() => 1)]);
    const dx = g.node("Mul", [g.node("Sub", [d, explained], {}, shape), column], {}, shape);
    return g.sym(dx, perm);
  },
};

/** Sums that the gradients of the three inputs share, [channels] each, and 1 / deviation. */
interface Sums {
  x: Sym;
  epsilon: number;
  scale: Value;
  offset: Value;
  inverse: Value;
}

/** The sums last made from a dy: TensorFlow.js asks for the gradient of one input after the other. */
const known = new WeakMap<Sym, Sums>();

function sumsOf(dy: Sym, x: Sym, mean: Sym, variance: Sym, epsilon: number, g: Builder): Sums {
  const ready = known.get(dy);
  if (ready !== undefined && ready.x === x && ready.epsilon === epsilon) return ready;
  const perm = imageOrder(x.rank);
  const shape = permuteShape(x.shape, perm);
  const small = (op: string, ...inputs: Operand[]) => g.node(op, inputs, {}, [shape[1]!]);
  const inverse = small("Reciprocal", small("Sqrt", small("Add", variance, g.scalar(epsilon))));
  const d = g.as(dy, perm);
  const offset = sumToChannels(d, g);
  const products = productsToChannels(d, g.as(x, perm), g);
  const scale = small("Mul", small("Sub", products, small("Mul", mean, offset)), inverse);
  const sums = { x, epsilon, scale, offset, inverse };
  known.set(dy, sums);
  return sums;
}

/** Sums over all but the second axis. The image first, then the batch: several times faster than both at once. */
function sumToChannels(value: Value, g: Builder): Value {
  const [batch, channels, ...image] = value.shape as [number, number, ...number[]];
  const axes = image.map((_, i) => i + 2);
  const rows =
    axes.length === 0 ? value : g.node("ReduceSum", [value, g.ints(axes)], { keepdims: 0 }, [batch, channels]);
  return g.node("ReduceSum", [rows, g.ints([0])], { keepdims: 0 }, [channels]);
}

/** Below this many elements in an image of one channel, products of whole images are no quicker than element by element. */
const smallImage = 196;

/** Sums of `a · b` over all but the second axis. As products of rows, what is summed is never written down. */
function productsToChannels(a: Value, b: Value, g: Builder): Value {
  const [batch, channels, ...image] = a.shape as [number, number, ...number[]];
  const size = count(image);
  if (size < smallImage) return sumToChannels(g.node("Mul", [a, b], {}, a.shape), g);
  const [left, right] = [a, b].map((value) => g.reshape(value, [batch * channels, 1, size])) as [Value, Value];
  const each = product(left, right, false, true, [batch * channels, 1, 1], g);
  return g.node("ReduceSum", [g.reshape(each, [batch, channels]), g.ints([0])], { keepdims: 0 }, [channels]);
}
