// Cuts a map into windows for attention inside each, and puts windows back together. A window is a block of neighbours
// (Swin, https://arxiv.org/abs/2103.14030); in a grid its tokens lie evenly spread over the whole map (MaxViT,
// https://arxiv.org/abs/2204.01697). Windows come image by image, row by row, as timm's `window_partition` and
// `grid_partition` have them, and so do the tokens inside.

import { VitrineError } from "../errors.ts";
import { tf } from "../tf.ts";
import type { Grid } from "./position.ts";

/** Windows of neighbours. x: [B, H, W, C] → [B·(H/h)·(W/w), h·w, C] for `window` = [h, w]. */
export function windowPartition(x: tf.Tensor4D, window: Grid): tf.Tensor3D {
  const [batch, height, width, channels] = x.shape;
  const [h, w] = window;
  const [rows, columns] = windowsIn("windowPartition", [height, width], window);
  if (columns === 1) return tf.reshape(x, [batch * rows, h * w, channels]);
  const cut = tf.reshape(x, [batch * rows, h, columns, w * channels]);
  return tf.reshape(tf.transpose(cut, [0, 2, 1, 3]), [batch * rows * columns, h * w, channels]);
}

/** The map that `windowPartition` cut. windows: [B·(H/h)·(W/w), h·w, C] → [B, H, W, C] for `size` = [H, W]. */
export function windowReverse(windows: tf.Tensor3D, window: Grid, size: Grid): tf.Tensor4D {
  const [count, , channels] = windows.shape;
  const [h, w] = window;
  const [rows, columns] = windowsIn("windowReverse", size, window);
  const shape: [number, number, number, number] = [count / (rows * columns), size[0], size[1], channels];
  if (columns === 1) return tf.reshape(windows, shape);
  const cut = tf.reshape(windows, [count / columns, columns, h, w * channels]);
  return tf.reshape(tf.transpose(cut, [0, 2, 1, 3]), shape);
}

/** Windows of h·w tokens that lie H/h and W/w apart. x: [B, H, W, C] → [B·(H/h)·(W/w), h·w, C] for `grid` = [h, w]. */
export function gridPartition(x: tf.Tensor4D, grid: Grid): tf.Tensor3D {
  const [batch, height, width, channels] = x.shape;
  const [h, w] = grid;
  const [rows, columns] = windowsIn("gridPartition", [height, width], grid);
  const cut = tf.reshape(x, [batch, h, rows, w, columns, channels]);
  return tf.reshape(tf.transpose(cut, [0, 2, 4, 1, 3, 5]), [batch * rows * columns, h * w, channels]);
}

/** The map that `gridPartition` cut. windows: [B·(H/h)·(W/w), h·w, C] → [B, H, W, C] for `size` = [H, W]. */
export function gridReverse(windows: tf.Tensor3D, grid: Grid, size: Grid): tf.Tensor4D {
  const [count, , channels] = windows.shape;
  const [h, w] = grid;
  const [rows, columns] = windowsIn("gridReverse", size, grid);
  const batch = count / (rows * columns);
  const cut = tf.reshape(windows, [batch, rows, columns, h, w, channels]);
  return tf.reshape(tf.transpose(cut, [0, 3, 1, 4, 2, 5]), [batch, size[0], size[1], channels]);
}

/** Rows and columns of windows. @throws VitrineError where the windows do not tile the map. */
function windowsIn(where: string, size: Grid, window: Grid): Grid {
  if (size[0] % window[0] === 0 && size[1] % window[1] === 0) return [size[0] / window[0], size[1] / window[1]];
  const next = "pad it, or take an image size or a window that divides";
  throw new VitrineError(where, `a map of ${size.join("x")} is not tiled by windows of ${window.join("x")}; ${next}`);
}
