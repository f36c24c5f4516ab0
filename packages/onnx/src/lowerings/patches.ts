// Convolutions whose windows lie side by side, as patches do: products of patches in rows. Images stay as TensorFlow.js
// holds them, whose lines move in long pieces; a convolution would want the channels in front.

import type { Builder } from "../builder.ts";
import type { Value } from "../graph.ts";
import { identity, inverse, permuteShape, type Sym } from "../sym.ts";
import { product } from "./matmul.ts";
import { count, imageOrder, type Window } from "./window.ts";

/** Windows of several pixels side by side, with nothing around them. */
export function isTiled(w: Window): boolean {
  return (
    count(w.kernel) > 1 &&
    w.stride.every((s, i) => s === w.kernel[i]) &&
    w.dilation.every((d) => d === 1) &&
    w.before.every((p) => p === 0) &&
    w.size.every((d, i) => d === w.out[i]! * w.stride[i]!)
  );
}

/**
 * Whether tiles are to be products: images with channels behind, all of whose rows are used. Files for others keep the
 * convolution.
 */
export function byPatches(w: Window, g: Builder): boolean {
  const last = w.perm.join() === imageOrder(w.perm.length).join();
  const whole = permuteShape(w.inShape, w.perm).slice(2).join() === w.size.join();
  return !g.portable && isTiled(w) && last && whole;
}

export function patchConv(x: Sym, filter: Sym, w: Window, g: Builder): Sym {
  const [rows, width] = [w.batch * count(w.out), count(w.kernel) * w.inChannels];
  const kernel = g.reshape(g.value(filter), [width, w.outChannels]);
  const each = g.node("MatMul", [patchesOf(x, w, g), kernel], {}, [rows, w.outChannels]);
  return g.sym(g.reshape(each, w.outShape));
}

export function patchFilterGradient(x: Sym, dy: Sym, w: Window, filterShape: readonly number[], g: Builder): Sym {
  const [rows, width] = [w.batch * count(w.out), count(w.kernel) * w.inChannels];
  const d = g.reshape(g.value(dy), [rows, w.outChannels]);
  const each = product(d, patchesOf(x, w, g), true, false, [w.outChannels, width], g);
  // Output channels in front, then the filter's other axes.
  const last = filterShape.length - 1;
  return g.sym(g.reshape(each, [w.outChannels, ...w.kernel, w.inChannels]), [last, ...identity(last)]);
}

export function patchInputGradient(dy: Sym, filter: Sym, w: Window, g: Builder): Sym {
  const [rows, width] = [w.batch * count(w.out), count(w.kernel) * w.inChannels];
  const d = g.reshape(g.value(dy), [rows, w.outChannels]);
  const kernel = g.reshape(g.value(filter), [width, w.outChannels]);
  const each = product(d, kernel, false, true, [rows, width], g);
  const { split, order } = plan(w);
  const back = g.permute(g.reshape(each, permuteShape(split, order)), inverse(order));
  return g.sym(g.reshape(back, w.inShape));
}

/** [batch · positions, window · channels] */
function patchesOf(x: Sym, w: Window, g: Builder): Value {
  const { split, order } = plan(w);
  const moved = g.permute(g.reshape(g.value(x), split), order);
  return g.reshape(moved, [w.batch * count(w.out), count(w.kernel) * w.inChannels]);
}

/** How an image falls apart into lines of windows, and the order that puts windows together. */
function plan(w: Window): { split: number[]; order: number[] } {
  const axes = w.out.length;
  const split = [w.batch, ...w.out.flatMap((o, i) => [o, w.kernel[i]!]), w.inChannels];
  const positions = w.out.map((_, i) => 1 + 2 * i);
  return { split, order: [0, ...positions, ...positions.map((axis) => axis + 1), 1 + 2 * axes] };
}
