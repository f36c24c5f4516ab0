import { tf } from "@vitrine/core";
import { describe, expect, test } from "vitest";
import { useOnnx } from "../register.ts";
import { type ParityRow, parity, rand, randInt } from "../testing.ts";

type Image = [number, number, number, number];
type Pad = "same" | "valid" | number | [[number, number], [number, number], [number, number], [number, number]];

function pool(op: typeof tf.maxPool, image: Image, filter: number | [number, number], stride: number, pad: Pad) {
  return (): tf.Tensor[] => {
    const x = rand<tf.Rank.R4>(...image);
    const f = (x: tf.Tensor) => op(x as tf.Tensor4D, filter, stride, pad as number);
    const y = f(x) as tf.Tensor4D;
    return [y, tf.grad(f)(x, rand<tf.Rank.R4>(...y.shape))];
  };
}

const sizes = [
  [1, 1],
  [1, 2],
  [2, 1],
  [2, 2],
  [3, 1],
  [3, 2],
  [2, 3],
] as const;

for (const [name, op] of [
  ["MaxPool", tf.maxPool],
  ["AvgPool", tf.avgPool],
] as const) {
  const grid: ParityRow[] = [];
  for (const batch of [1, 3])
    for (const [filter, stride] of sizes)
      for (const pad of ["same", "valid"] as const)
        grid.push([
          `batch ${batch}, ${filter}x${filter}, stride ${stride}, ${pad}`,
          pool(op, [batch, 7, 6, 3], filter, stride, pad),
        ]);
  parity(`${name} and its gradient`, [
    ...grid,
    ["oblong filter", pool(op, [2, 7, 6, 3], [3, 2], 1, "same")],
    ["padding by number", pool(op, [2, 7, 7, 3], 3, 2, 1)],
    [
      "padding by side",
      pool(op, [2, 7, 6, 3], 3, 1, [
        [0, 0],
        [0, 1],
        [2, 1],
        [0, 0],
      ]),
    ],
    ["the whole image", pool(op, [2, 5, 4, 3], [5, 4], 1, "valid")],
    ["the whole image, rows left over", pool(op, [2, 6, 5, 3], [5, 4], 3, "valid")],
    ["padding in which a window fits", pool(op, [1, 5, 5, 2], 2, 1, 2)],
    ["filter of one element with padding", () => op(rand<tf.Rank.R4>(1, 4, 4, 3), 1, 2, 1, "floor")],
    ...(["floor", "round", "ceil"] as const).map(
      (mode): ParityRow => [`rounds the result's size: ${mode}`, () => op(rand<tf.Rank.R4>(1, 6, 6, 2), 3, 2, 0, mode)],
    ),
    ["no images", () => op(rand<tf.Rank.R4>(0, 6, 6, 2), 2, 2, "same")],
    ["an image without batch", () => op(rand<tf.Rank.R3>(6, 5, 2), 2, 2, "same")],
  ]);
}

parity("MaxPool, special numbers", [
  ["integers", () => tf.maxPool(randInt<tf.Rank.R4>(-9, 9, 2, 5, 5, 2), 2, 1, "same")],
  [
    "equal numbers: the first takes the gradient",
    () => {
      const x = tf.cast(randInt<tf.Rank.R4>(0, 3, 2, 6, 6, 2), "float32");
      return tf.grad((x) => tf.maxPool(x as tf.Tensor4D, 3, 2, "same"))(x, rand<tf.Rank.R4>(2, 3, 3, 2));
    },
  ],
  [
    "NaN is passed over",
    () => tf.maxPool(tf.tensor4d([1, Number.NaN, 3, 4, 5, 6, 7, Number.NaN, 9], [1, 3, 3, 1]), 2, 1, 0),
  ],
  [
    "pooling of what was pooled",
    () => {
      const f = (x: tf.Tensor) => tf.avgPool(tf.maxPool(tf.relu(x) as tf.Tensor4D, 3, 2, "same"), 2, 2, "valid");
      return tf.grad(f)(rand<tf.Rank.R4>(2, 9, 9, 3));
    },
  ],
]);

parity("MaxPoolWithArgmax", [
  ...([false, true] as const).flatMap((batch) =>
    (["same", "valid", 1] as const).map(
      (pad): ParityRow => [
        `padding ${pad}${batch ? ", with the batch in the index" : ""}`,
        () => {
          const { result, indexes } = tf.maxPoolWithArgmax(rand<tf.Rank.R4>(3, 5, 7, 2), 3, 2, pad as "same", batch);
          return [result!, indexes!];
        },
      ],
    ),
  ),
  [
    "padding in which a window fits",
    () => {
      const { result, indexes } = tf.maxPoolWithArgmax(rand<tf.Rank.R4>(2, 5, 5, 2), 2, 3, 2 as unknown as "same");
      return [result!, indexes!];
    },
  ],
]);

type Volume = [number, number, number, number, number];

function pool3d(
  op: typeof tf.maxPool3d,
  image: Volume,
  filter: number,
  stride: number,
  pad: "same" | "valid" | number,
) {
  return (): tf.Tensor[] => {
    const x = rand<tf.Rank.R5>(...image);
    const f = (x: tf.Tensor) => op(x as tf.Tensor5D, filter, stride, pad);
    const y = f(x) as tf.Tensor5D;
    return [y, tf.grad(f)(x, rand<tf.Rank.R5>(...y.shape))];
  };
}

for (const [name, op] of [
  ["MaxPool3D", tf.maxPool3d],
  ["AvgPool3D", tf.avgPool3d],
] as const)
  parity(`${name} and its gradient`, [
    ...sizes.flatMap(([filter, stride]) =>
      (["same", "valid"] as const).map(
        (pad): ParityRow => [
          `${filter}x${filter}x${filter}, stride ${stride}, ${pad}`,
          pool3d(op, [2, 5, 6, 7, 3], filter, stride, pad),
        ],
      ),
    ),
    ["padding by number", pool3d(op, [1, 5, 5, 5, 2], 3, 2, 1)],
  ]);

parity("MaxPool3D, equal numbers", [
  [
    "the last takes the gradient",
    () => {
      const x = tf.cast(randInt<tf.Rank.R5>(0, 3, 2, 5, 6, 4, 2), "float32");
      return tf.grad((x) => tf.maxPool3d(x as tf.Tensor5D, 2, 2, "same"))(x, rand<tf.Rank.R5>(2, 3, 3, 2, 2));
    },
  ],
]);

describe("gradients", () => {
  // TensorFlow.js' own kernels forget the rounding, and read the gradient at the wrong places.
  test.each(["floor", "round", "ceil"] as const)("reach every window of a result rounded by %s", async (rounding) => {
    await useOnnx();
    const f = (x: tf.Tensor) => tf.maxPool(x as tf.Tensor4D, 2, 2, 0, rounding);
    const x = rand<tf.Rank.R4>(2, 7, 9, 3);
    expect(tf.sum(tf.grad(f)(x)).dataSync()[0]).toBeCloseTo(f(x).size, 3);
  });
});
