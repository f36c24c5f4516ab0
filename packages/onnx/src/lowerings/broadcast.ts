// A tensor repeated to a larger shape, kept in its order of axes where it has one.

import { tf } from "@vitrine/core";
import type { Builder } from "../builder.ts";
import { isReshape, NCHW, permuteShape, type Sym } from "../sym.ts";

/** `x` broadcast against `other`. */
export function broadcast(x: Sym, other: readonly number[], g: Builder): Sym {
  const shape = tf.backend_util.assertAndGetBroadcastShape(x.shape, [...other]);
  return expand(x, shape, g);
}

/** `x` repeated to `shape`. */
export function expand(x: Sym, shape: readonly number[], g: Builder): Sym {
  if (x.shape.length === shape.length && x.shape.every((d, i) => d === shape[i])) return x;
  if (x.splat !== undefined) return g.splat(x.splat, shape, x.dtype);
  // Spreading a gradient over an image is what global pooling's backward pass does; its neighbours work in NCHW.
  const padded = [...new Array<number>(shape.length - x.rank).fill(1), ...x.shape];
  if (shape.length === 4 && isReshape(padded, NCHW) && shape[1]! * shape[2]! > 1 && x.rank === 4) {
    const source = g.reshape(g.value(x), permuteShape(padded, NCHW));
    const target = permuteShape(shape, NCHW);
    return g.sym(g.node("Expand", [source, g.ints(target)], {}, target, x.dtype), NCHW);
  }
  return g.sym(g.node("Expand", [x, g.ints(shape)], {}, shape, x.dtype));
}
