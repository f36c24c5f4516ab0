// Windows against a loop over their tokens, and back.

import "@tensorflow/tfjs-backend-cpu";
import { describe, expect, test } from "vitest";
import { tf } from "../tf.ts";
import type { Grid } from "./position.ts";
import { gridPartition, gridReverse, windowPartition, windowReverse } from "./window.ts";

const size: Grid = [6, 8];

/** A map whose value is its place: [2, 6, 8, 3]. */
function places(): tf.Tensor4D {
  return tf.reshape(tf.range(0, 2 * 6 * 8 * 3), [2, 6, 8, 3]) as tf.Tensor4D;
}

/** Rows and columns of the tokens of each window, from a rule for the token (i, j) of the window (r, c). */
function windowsBy(windows: Grid, tokens: Grid, at: (r: number, c: number, i: number, j: number) => Grid): number[] {
  const values: number[] = [];
  for (let b = 0; b < 2; b++)
    for (let r = 0; r < windows[0]; r++)
      for (let c = 0; c < windows[1]; c++)
        for (let i = 0; i < tokens[0]; i++)
          for (let j = 0; j < tokens[1]; j++) {
            const [y, x] = at(r, c, i, j);
            for (let channel = 0; channel < 3; channel++) values.push(((b * 6 + y) * 8 + x) * 3 + channel);
          }
  return values;
}

describe.each<Grid>([
  [3, 4],
  [3, 2],
  [2, 8],
  [6, 8],
  [1, 1],
])("windows of %dx%d", (h, w) => {
  const count: Grid = [6 / h, 8 / w];

  test("are blocks of neighbours", () => {
    const windows = windowPartition(places(), [h, w]);
    expect(windows.shape).toEqual([2 * count[0] * count[1], h * w, 3]);
    const expected = windowsBy(count, [h, w], (r, c, i, j) => [r * h + i, c * w + j]);
    expect(Array.from(windows.dataSync())).toEqual(expected);
    expect(windowReverse(windows, [h, w], size).arraySync()).toEqual(places().arraySync());
  });

  test("of a grid are tokens apart", () => {
    const windows = gridPartition(places(), [h, w]);
    expect(windows.shape).toEqual([2 * count[0] * count[1], h * w, 3]);
    const expected = windowsBy(count, [h, w], (r, c, i, j) => [i * count[0] + r, j * count[1] + c]);
    expect(Array.from(windows.dataSync())).toEqual(expected);
    expect(gridReverse(windows, [h, w], size).arraySync()).toEqual(places().arraySync());
  });
});

test("a map that windows do not tile is refused", () => {
  expect(() => windowPartition(places(), [4, 4])).toThrow("a map of 6x8 is not tiled by windows of 4x4");
  expect(() => gridReverse(tf.zeros([2, 12, 3]), [4, 3], size)).toThrow("a map of 6x8 is not tiled by windows of 4x3");
});
