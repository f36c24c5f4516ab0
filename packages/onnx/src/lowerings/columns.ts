// What the taps of a filter see of an image, side by side: with it the gradient of a filter is a matrix product.

import type { Builder } from "../builder.ts";
import type { Value } from "../graph.ts";
import { attributesOf, count, type Window } from "./window.ts";

/** What some of the taps see: [first, second, taps, ...out], the first two axes being those of the image. */
interface Columns {
  value: Value;
  taps: number;
}

/** As many elements are made at a time, so that large images do not need many times their memory. */
const most = 2 ** 25;

/**
 * The columns of an image [batch, channels, ...size], or [channels, batch, ...size] where `channelsFirst`: then positions
 * of all images follow each other, [channels, taps, batch, ...out]. They are a convolution of each channel alone with a
 * filter for each tap that is one there and zero elsewhere. Unlike Slice that uses all threads, and it pads, steps and
 * dilates on the way: where windows step, a third to a half of the time of a Slice for each tap, and the product behind
 * it has the filter's own order. An infinity in the image makes its neighbours NaN, which a gradient summed over the image
 * would be all the same.
 */
export function columns(image: Value, channelsFirst: boolean, w: Window, g: Builder): Columns[] {
  const size = count(w.kernel);
  const plain = [...w.kernel, ...w.stride].every((d) => d === 1) && [...w.before, ...w.after].every((p) => p === 0);
  if (plain) return [{ value: image, taps: 1 }];
  const batch = channelsFirst ? [w.batch] : [];
  const window = channelsFirst ? acrossBatch(w) : w;
  const planes = count(image.shape) / count([...batch, ...w.size]);
  const alone = g.reshape(image, [planes, 1, ...batch, ...w.size]);
  const atOnce = Math.max(1, Math.floor(most / (w.batch * w.inChannels * count(w.out))));
  const pieces: Columns[] = [];
  for (let first = 0; first < size; first += atOnce) {
    const taps = Math.min(atOnce, size - first);
    const ones = Float32Array.from({ length: taps * size }, (_, i) =>
      i % size === first + Math.floor(i / size) ? 1 : 0,
    );
    const filter = g.literal(ones, [taps, 1, ...window.kernel], "float32");
    const value = g.node("Conv", [alone, filter], attributesOf(window), [planes, taps, ...batch, ...w.out]);
    pieces.push({ value, taps });
  }
  return pieces;
}

/** The window with the batch as an axis of the image, along which it neither reaches nor steps. */
function acrossBatch(w: Window): Window {
  const [one, none] = [(axes: readonly number[]) => [1, ...axes], (axes: readonly number[]) => [0, ...axes]];
  return {
    ...w,
    kernel: one(w.kernel),
    stride: one(w.stride),
    dilation: one(w.dilation),
    before: none(w.before),
    after: none(w.after),
  };
}
