// Attention inside windows, which every second block shifts by half a window so that neighbours meet. The map is rolled, so
// that shifted windows tile it too; tokens that only the roll brought together are kept from seeing each other.
// https://arxiv.org/abs/2103.14030, section 3.2

import { inverseOrder, reorder, tf } from "@vitrine/core";
import { type Grid, windowPartition, windowReverse } from "@vitrine/core/layers";
import type { BlockWindow } from "./windows.ts";

/**
 * Applies `attend` to the windows of a map, [B·nW, N, C] → [B·nW, N, C]; it is also given the mask that shifted windows
 * need, [nW, 1, N, N]. A map that windows do not tile gets zeros behind its last rows and columns. x: [B, H, W, C] → same.
 */
export function inWindows(
  x: tf.Tensor4D,
  { window, shift }: BlockWindow,
  attend: (windows: tf.Tensor3D, mask: tf.Tensor4D | undefined) => tf.Tensor3D,
): tf.Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const roundUp = (side: number, step: number) => Math.ceil(side / step) * step;
  const padded: Grid = [roundUp(height, window[0]), roundUp(width, window[1])];
  const behind: Grid = [padded[0] - height, padded[1] - width];
  const tiled = behind[0] + behind[1] > 0;
  const full = tiled ? tf.pad4d(x, [[0, 0], [0, behind[0]], [0, behind[1]], [0, 0]]) : x; // biome-ignore format: one line

  if (shift[0] === 0 && shift[1] === 0)
    return crop(windowReverse(attend(windowPartition(full, window), undefined), window, padded), [height, width]);

  // Rolling and cutting are one reordering of tokens, and so is what undoes them.
  const order = shiftedOrder([height, width], padded, window, shift);
  const area = window[0] * window[1];
  const tokens = tf.reshape(full, [batch, order.length, channels]) as tf.Tensor3D;
  const windows = tf.reshape(reorder(tokens, order), [(batch * order.length) / area, area, channels]) as tf.Tensor3D;
  const attended = tf.reshape(attend(windows, shiftMask(padded, window, shift)), [batch, order.length, channels]);
  const map = tf.reshape(reorder(attended as tf.Tensor3D, inverseOrder(order)), [batch, ...padded, channels]);
  return crop(map as tf.Tensor4D, [height, width]);
}

function crop(map: tf.Tensor4D, [height, width]: Grid): tf.Tensor4D {
  if (map.shape[1] === height && map.shape[2] === width) return map;
  return tf.slice(map, [0, 0, 0, 0], [-1, height, width, -1]);
}

/**
 * For each token of each window its place in the padded map. The map alone is rolled: the padding stays behind it. Places
 * in the padding are taken in their own order, so that every place is taken once.
 */
function shiftedOrder(map: Grid, padded: Grid, window: Grid, shift: Grid): number[] {
  const order: number[] = [];
  for (let top = 0; top < padded[0]; top += window[0])
    for (let left = 0; left < padded[1]; left += window[1])
      for (let y = top; y < top + window[0]; y++)
        for (let x = left; x < left + window[1]; x++) {
          const inside = y < map[0] && x < map[1];
          const row = inside ? (y + shift[0]) % map[0] : y;
          const column = inside ? (x + shift[1]) % map[1] : x;
          order.push(row * padded[1] + column);
        }
  return order;
}

/** -100 where a query and a key of a window come from different sides of the seam: [nW, 1, N, N]. */
function shiftMask(padded: Grid, window: Grid, shift: Grid): tf.Tensor4D {
  const part = (at: number, axis: 0 | 1): number =>
    at < padded[axis] - window[axis] ? 0 : at < padded[axis] - shift[axis] ? 1 : 2;
  // Along an axis that is not shifted there is no seam.
  const side = (at: number, axis: 0 | 1): number => (shift[axis] === 0 ? 2 : part(at, axis));
  const sides: number[] = [];
  for (let top = 0; top < padded[0]; top += window[0])
    for (let left = 0; left < padded[1]; left += window[1])
      for (let y = top; y < top + window[0]; y++)
        for (let x = left; x < left + window[1]; x++) sides.push(3 * side(y, 0) + side(x, 1));
  const area = window[0] * window[1];
  const count = sides.length / area;
  const queries = tf.tensor4d(sides, [count, 1, area, 1]);
  const keys = tf.reshape(queries, [count, 1, 1, area]);
  return tf.mul(tf.cast(tf.notEqual(queries, keys), "float32"), -100);
}
