import { tf } from "@vitrine/core";
import { describe, expect, test } from "vitest";
import { useOnnx } from "../register.ts";
import { type ParityRow, parity, rand } from "../testing.ts";

const boxes = () =>
  tf.tensor2d([
    [0, 0, 1, 1],
    [0.11, 0.23, 0.71, 0.92],
    [0.93, 0.81, 0.22, 0.13],
    [-0.31, -0.22, 0.57, 1.41],
    [0.43, 0.43, 0.43, 0.43],
    [0, 0, 1, 1],
  ]);
const index = () => tf.tensor1d([0, 1, 2, 0, 1, 3], "int32"); // the last names an image that is not there

parity("CropAndResize", [
  ...(["bilinear", "nearest"] as const).flatMap((method) =>
    (
      [
        [4, 3],
        [1, 1],
        [9, 11],
        [1, 5],
      ] as [number, number][]
    ).map(
      (size): ParityRow => [
        `${method}, to ${size.join("x")}`,
        () => tf.image.cropAndResize(rand<tf.Rank.R4>(3, 6, 7, 2), boxes(), index(), size, method, -2.5),
      ],
    ),
  ),
]);

parity("FlipLeftRight", [
  ["images", () => tf.image.flipLeftRight(rand<tf.Rank.R4>(2, 3, 5, 3))],
  [
    "what a convolution made",
    () => tf.image.flipLeftRight(tf.conv2d(rand<tf.Rank.R4>(2, 6, 5, 3), rand<tf.Rank.R4>(3, 3, 3, 4), 1, "same")),
  ],
]);

parity("RotateWithOffset", [
  ...[0, 0.3, -1.2, Math.PI / 2, 3].map(
    (radians): ParityRow => [
      `by ${radians.toFixed(1)}`,
      () => tf.image.rotateWithOffset(rand<tf.Rank.R4>(2, 7, 6, 3), radians, 0.5),
    ],
  ),
  [
    "about a corner, filled by channel",
    () => tf.image.rotateWithOffset(rand<tf.Rank.R4>(1, 6, 6, 4), 0.7, [1, 2, 3], [0.1, 0.9]),
  ],
]);

const matrices = [
  [1.1, 0.2, -1.3, -0.15, 0.9, 0.7, 0.01, -0.02],
  [0.6, 0, 5.2, 0, 1.7, -6.1, 0, 0],
];
const modes = ["constant", "reflect", "wrap", "nearest"] as const;

// One image at a time: TensorFlow.js' cpu kernel returns after the first.
parity("Transform", [
  ...(["nearest", "bilinear"] as const).flatMap((interpolation) =>
    modes.flatMap((fill) =>
      matrices.map(
        (matrix, i): ParityRow => [
          `${interpolation}, ${fill}, ${["turned", "far outside"][i]}`,
          () => tf.image.transform(rand<tf.Rank.R4>(1, 6, 7, 3), tf.tensor2d([matrix]), interpolation, fill, 1.5),
        ],
      ),
    ),
  ),
  [
    "to another size",
    () =>
      tf.image.transform(rand<tf.Rank.R4>(1, 6, 7, 2), tf.tensor2d(matrices.slice(1)), "nearest", "reflect", 0, [9, 4]),
  ],
  [
    "points at infinity",
    () => {
      const horizon = tf.tensor2d([[1, 0, 0, 0, 1, 0, -0.5, 0]]);
      return tf.image.transform(rand<tf.Rank.R4>(1, 6, 7, 2), horizon, "nearest", "constant", 9);
    },
  ],
]);

describe("Transform", () => {
  test.each([{ count: 1 }, { count: 2 }])(
    "treats each image as if it were alone: $count transforms",
    async ({ count }) => {
      await useOnnx();
      const images = rand<tf.Rank.R4>(2, 6, 7, 3);
      const transforms = tf.tensor2d(matrices.slice(0, count));
      const whole = tf.image.transform(images, transforms, "bilinear", "reflect");
      const parts = tf
        .split(images, 2)
        .map((image, i) =>
          tf.image.transform(image as tf.Tensor4D, tf.slice(transforms, [i % count, 0], [1, 8]), "bilinear", "reflect"),
        );
      expect(Array.from(whole.dataSync())).toEqual(Array.from(tf.concat(parts).dataSync()));
    },
  );
});
