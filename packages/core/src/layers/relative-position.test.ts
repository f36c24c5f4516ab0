// Biases against a look-up of each pair; offsets against numbers of timm's `gen_relative_log_coords`.

import "@tensorflow/tfjs-backend-cpu";
import { describe, expect, test } from "vitest";
import { Rng } from "../rng.ts";
import { tf } from "../tf.ts";
import type { Grid } from "./position.ts";
import { logOffsets, relativePositionBias } from "./relative-position.ts";

const heads = 3;

/** Where the bias of a pair of tokens stands in the flat table, pair by pair. */
function lookUp([h, w]: Grid, sign: 1 | -1): number[] {
  const indices: number[] = [];
  for (let q = 0; q < h * w; q++)
    for (let k = 0; k < h * w; k++) {
      const dy = sign * (Math.trunc(q / w) - Math.trunc(k / w));
      const dx = sign * ((q % w) - (k % w));
      indices.push((dy + h - 1) * (2 * w - 1) + dx + w - 1);
    }
  return indices;
}

function gathered(table: tf.Tensor2D, window: Grid, sign: 1 | -1): tf.Tensor3D {
  const tokens = window[0] * window[1];
  const pairs = tf.gather(table, tf.tensor1d(lookUp(window, sign), "int32"));
  return tf.reshape(tf.transpose(pairs), [heads, tokens, tokens]);
}

function random(...shape: number[]): tf.Tensor {
  const draw = Rng.of(3, shape.join());
  const size = shape.reduce((a, b) => a * b, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, () => draw.normal()),
    shape,
  );
}

describe.each<Grid>([
  [4, 4],
  [7, 7],
  [3, 5],
  [5, 2],
  [1, 4],
  [1, 1],
])("relativePositionBias in windows of %dx%d", (h, w) => {
  const table = random((2 * h - 1) * (2 * w - 1), heads) as tf.Tensor2D;
  const byHead = tf.reshape(tf.transpose(table), [heads, 2 * h - 1, 2 * w - 1]) as tf.Tensor3D;

  test.each([
    ["query-key", 1],
    ["key-query", -1],
  ] as const)("finds the entry of each pair: %s", (offset, sign) => {
    const expected = gathered(table, [h, w], sign).arraySync();
    expect(relativePositionBias(table, [h, w], { offset }).arraySync()).toEqual(expected);
    expect(relativePositionBias(byHead, [h, w], { offset }).arraySync()).toEqual(expected);
  });

  test("sends gradients where a look-up would", () => {
    const dy = random(heads, h * w, h * w);
    const through = (bias: (t: tf.Tensor2D) => tf.Tensor) =>
      tf
        .grad((t) => tf.sum(tf.mul(bias(t as tf.Tensor2D), dy)))(table)
        .dataSync();
    const expected = through((t) => gathered(t, [h, w], 1));
    const found = through((t) => relativePositionBias(t, [h, w]));
    found.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 4);
    });
  });
});

test("a table of another window is refused", () => {
  const message = "7x7 offsets are expected for a window of 4x4, a table of [25,3] found";
  expect(() => relativePositionBias(tf.zeros<tf.Rank.R2>([25, 3]), [4, 4])).toThrow(message);
  expect(() => relativePositionBias(tf.zeros<tf.Rank.R3>([3, 7, 5]), [4, 4])).toThrow("a table of [3,7,5] found");
});

describe("logOffsets", () => {
  const close = (found: tf.Tensor, expected: number[]) => {
    const values = Array.from(found.dataSync());
    expect(values).toHaveLength(expected.length);
    for (const [i, value] of values.entries()) expect(value).toBeCloseTo(expected[i]!, 6);
  };

  test("are parts of the window, of the pretraining's where it is given", () => {
    // Columns of a window of 1x3: offsets -2..2 over 2, and over 5.
    close(logOffsets([1, 3]), [0, -1.056642, 0, -0.773976, 0, 0, 0, 0.773976, 0, 1.056642]);
    const pretrained = logOffsets([1, 3], { pretrained: [6, 6] });
    close(pretrained, [0, -0.69013, 0, -0.459504, 0, 0, 0, 0.459504, 0, 0.69013]);
  });

  test("count tokens in timm's own form", () => {
    close(logOffsets([2, 1], { kind: "cr" }), [-Math.LN2, 0, 0, 0, Math.LN2, 0]);
  });
});
