import { tf } from "@vitrine/core";
import { describe, expect, test } from "vitest";
import { useOnnx } from "../register.ts";
import { type ParityRow, parity, rand, randInt } from "../testing.ts";

const sizes: [number, number][] = [
  [14, 12],
  [3, 2],
  [5, 9],
  [7, 6],
  [1, 1],
  [13, 1],
];
const sampling = [
  { title: "plain", alignCorners: false, halfPixelCenters: false },
  { title: "corners aligned", alignCorners: true, halfPixelCenters: false },
  { title: "half pixels", alignCorners: false, halfPixelCenters: true },
];

for (const [name, op] of [
  ["ResizeBilinear", tf.image.resizeBilinear],
  ["ResizeNearestNeighbor", tf.image.resizeNearestNeighbor],
] as const) {
  parity(name, [
    ...sampling.flatMap(({ title, alignCorners, halfPixelCenters }) =>
      sizes.map(
        (size): ParityRow => [
          `to ${size.join("x")}, ${title}`,
          () => op(rand<tf.Rank.R4>(2, 7, 6, 3), size, alignCorners, halfPixelCenters),
        ],
      ),
    ),
    ["integers", () => op(randInt<tf.Rank.R4>(0, 256, 1, 4, 4, 3), [8, 8])],
    ["an image without batch", () => op(rand<tf.Rank.R3>(4, 5, 3), [8, 8])],
    ["no images", () => op(rand<tf.Rank.R4>(0, 4, 5, 3), [8, 8])],
    [
      "after a convolution",
      () => {
        const y = tf.conv2d(rand<tf.Rank.R4>(2, 6, 5, 3), rand<tf.Rank.R4>(3, 3, 3, 4), 1, "same");
        return tf.add(op(y, [12, 10]), 1);
      },
    ],
  ]);

  // One square image: with more of them, or oblong ones, TensorFlow.js' cpu kernels mix up offsets and sides. What they
  // leave out is tested below.
  parity(`${name}, gradient`, [
    ...sampling.slice(0, 2).flatMap(({ title, alignCorners }) =>
      [
        [9, 9],
        [2, 2],
        [5, 8],
      ].map(
        (size): ParityRow => [
          `to ${size.join("x")}, ${title}`,
          () =>
            tf.grad((x) => op(x as tf.Tensor4D, size as [number, number], alignCorners))(
              rand<tf.Rank.R4>(1, 5, 5, 3),
              rand<tf.Rank.R4>(1, size[0]!, size[1]!, 3),
            ),
        ],
      ),
    ),
  ]);

  describe(`${name}, gradient`, () => {
    // Resizing is linear: <resize(x), dy> = <x, gradient(dy)> for any x and dy.
    test.each(sampling)("is the transpose of the forward pass: $title", async ({ alignCorners, halfPixelCenters }) => {
      await useOnnx();
      const [x, dy] = [rand<tf.Rank.R4>(2, 5, 7, 3), rand<tf.Rank.R4>(2, 11, 4, 3)];
      const f = (x: tf.Tensor) => op(x as tf.Tensor4D, [11, 4], alignCorners, halfPixelCenters);
      const forward = tf.sum(tf.mul(f(x), dy)).dataSync()[0]!;
      const backward = tf.sum(tf.mul(x, tf.grad(f)(x, dy))).dataSync()[0]!;
      expect(backward).toBeCloseTo(forward, 3);
    });
  });
}
