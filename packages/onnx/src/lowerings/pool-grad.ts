// Gradients of pooling.

import type { Builder } from "../builder.ts";
import type { Value } from "../graph.ts";
import type { LoweringsOf } from "../kernels.ts";
import type { PoolGradKernels } from "../kernels-image.ts";
import type { Sym } from "../sym.ts";
import { backwards } from "./conv-grad.ts";
import { foundMaxima, isIdentity, type Maxima, maxima, pool2dWindow, pool3dWindow } from "./pool.ts";
import { count, flip, imageGradient, imageOf, isEmpty, pad, resultOf, type Window } from "./window.ts";

export const poolGrad: LoweringsOf<PoolGradKernels> = {
  AvgPoolGrad: ({ dy, input }, attrs, g) => average(dy, pool2dWindow("AvgPoolGrad", input.shape, attrs, dy.shape), g),
  AvgPool3DGrad: ({ dy, input }, attrs, g) =>
    average(dy, pool3dWindow("AvgPool3DGrad", input.shape, attrs, dy.shape), g),
  MaxPoolGrad({ dy, input, output }, attrs, g) {
    const w = pool2dWindow("MaxPoolGrad", input.shape, attrs, dy.shape);
    if (isIdentity(w)) return dy;
    if (isEmpty(w.inShape) || isEmpty(w.outShape)) return g.splat(0, w.inShape);
    const image = imageOf(input, w, g);
    return scatter(dy, foundMaxima(output.origin.value, image) ?? maxima(image, w, g), w, g);
  },
  MaxPool3DGrad({ dy, input }, attrs, g) {
    const w = pool3dWindow("MaxPool3DGrad", input.shape, attrs, dy.shape);
    if (isEmpty(w.inShape) || isEmpty(w.outShape)) return g.splat(0, w.inShape);
    return scatter(dy, lastMaxima(imageOf(input, w, g), w, g), w, g);
  },
};

/**
 * Each window's gradient spread evenly over it. Like TensorFlow.js' cpu kernel this divides by the window's full size at
 * the edges too, where the forward pass divides by what lies inside the image.
 */
function average(dy: Sym, w: Window, g: Builder): Sym {
  if (isIdentity(w)) return dy;
  if (isEmpty(w.inShape) || isEmpty(w.outShape)) return g.splat(0, w.inShape);
  const d = resultOf(dy, w, g);
  const share = 1 / count(w.kernel);
  const apart = w.stride.every((s, i) => s === w.kernel[i] || w.out[i] === 1);
  if (apart && [...w.before, ...w.after].every((p) => p === 0)) {
    const scaled = g.node("Mul", [d, g.scalar(share)], {}, d.shape);
    const covered = w.out.map((o, i) => o * w.kernel[i]!);
    const image = repeat(scaled, w.kernel, [w.batch, w.inChannels, ...covered], g);
    const rest = w.size.map((d, i) => d - covered[i]!);
    return imageGradient(
      pad(
        image,
        w.kernel.map(() => 0),
        rest,
        0,
        g,
      ),
      w,
      g,
    );
  }
  const filter = g.value(g.splat(share, [w.inChannels, 1, ...w.kernel]));
  return backwards(d, filter, w.inChannels, w, g);
}

/** Each element as often as the window has elements, which it thus fills. [B, C, ...out] → `shape`. */
function repeat(value: Value, kernel: readonly number[], shape: readonly number[], g: Builder): Value {
  if (kernel.join() === "2,2") {
    // ONNX Runtime has a loop of its own for this size, ten times as fast as Expand.
    const scales = g.literal(Float32Array.of(1, 1, 2, 2), [4], "float32");
    const attributes = { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" };
    return g.node("Resize", [value, undefined, scales], attributes, shape);
  }
  const [batch, channels, ...out] = value.shape as [number, number, ...number[]];
  const alone = g.reshape(value, [batch, channels, ...out.flatMap((o) => [o, 1])]);
  const spread = [batch, channels, ...out.flatMap((o, i) => [o, kernel[i]!])];
  return g.reshape(g.node("Expand", [alone, g.ints(spread)], {}, spread), shape);
}

/** As `maxima`; of equals the last, which is what TensorFlow.js takes in three dimensions: the image is read backwards. */
function lastMaxima(image: Value, w: Window, g: Builder): Maxima {
  // Read from behind, windows must begin where the last one ends.
  const reach = w.size.map((d, i) =>
    Math.min(d, (w.out[i]! - 1) * w.stride[i]! + (w.kernel[i]! - 1) * w.dilation[i]! + 1 - w.before[i]!),
  );
  const rest = w.size.map((d, i) => d - reach[i]!);
  const axes = rest.map((_, i) => i + 2);
  const shape = [...image.shape.slice(0, 2), ...reach];
  const bounds = [axes.map(() => 0), reach, axes].map((v) => g.ints(v));
  const cut = rest.every((r) => r === 0) ? image : g.node("Slice", [image, ...bounds], {}, shape);
  const backward: Window = { ...w, size: reach, before: w.after, after: w.before };
  const found = maxima(flip(cut, g), backward, g);

  const plane = count(found.shape.slice(2));
  const int = (op: string, a: Value, b: number) => g.node(op, [a, g.scalar(b, "int64")], {}, a.shape, "int64");
  const position = int("Mod", found.index, plane);
  const last = g.node(
    "Sub",
    [int("Add", found.index, plane - 1), int("Mul", position, 2)],
    {},
    position.shape,
    "int64",
  );
  const after = found.before.map((p, i) => p - rest[i]!);
  return { max: flip(found.max, g), index: flip(last, g), shape: found.shape, before: found.after, after };
}

/** Adds each window's gradient to the element that was its maximum. */
function scatter(dy: Sym, found: Maxima, w: Window, g: Builder): Sym {
  const d = resultOf(dy, w, g);
  const [index, updates] = [found.index, d].map((value) => g.reshape(value, [count(d.shape)])) as [Value, Value];
  const zeros = g.splat(0, [count(found.shape)]);
  const sums = g.node("ScatterElements", [zeros, index, updates], { axis: 0, reduction: "add" }, zeros.shape);
  const wide = g.reshape(sums, found.shape);
  return imageGradient(cutPadding(wide, found, w, g), w, g);
}

/** The image inside its padding; a negative padding behind it stands for rows that were not looked at. */
function cutPadding(value: Value, { before, after }: Maxima, w: Window, g: Builder): Value {
  const cut = [...before, ...after].some((p) => p > 0);
  const axes = w.size.map((_, i) => i + 2);
  const ends = w.size.map((d, i) => before[i]! + d + Math.min(0, after[i]!));
  const inner = w.size.map((d, i) => d + Math.min(0, after[i]!));
  const bounds = [before, ends, axes].map((v) => g.ints(v));
  const inside = cut ? g.node("Slice", [value, ...bounds], {}, [...value.shape.slice(0, 2), ...inner]) : value;
  return pad(
    inside,
    w.size.map(() => 0),
    after.map((p) => Math.max(0, -p)),
    0,
    g,
  );
}
