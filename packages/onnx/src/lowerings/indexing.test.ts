// Slices, gathers, scatters, scans, sorts and moves between axes: what tfjs-core's specs leave out, above all tensors that
// are held in another order of axes and compiled functions.

import { jit, tf } from "@vitrine/core";
import { beforeEach, describe, expect, test } from "vitest";
import { useOnnx } from "../register.ts";
import { parity, rand, randInt } from "../testing.ts";

const image = () => tf.conv2d(rand(2, 6, 4, 3) as tf.Tensor4D, rand(1, 1, 3, 8) as tf.Tensor4D, 1, "same");
const table = () => tf.tensor2d([2, 0, 1, 1], [2, 2], "int32");

parity("of images held by channels", [
  [
    "slices",
    () => [
      tf.slice(image(), [0, 1, 0, 2], [2, 3, -1, 4]),
      tf.stridedSlice(image(), [0, 5, 0, 0], [2, 0, 4, 8], [1, -2, 2, 3]),
    ],
  ],
  [
    "mirrored edges",
    () => [
      tf.mirrorPad(
        image(),
        [
          [0, 0],
          [2, 1],
          [1, 1],
          [0, 0],
        ],
        "reflect",
      ),
      tf.mirrorPad(
        image(),
        [
          [0, 0],
          [2, 1],
          [1, 1],
          [0, 0],
        ],
        "symmetric",
      ),
    ],
  ],
  ["reversal", () => [tf.reverse(image(), [1, 2]), tf.reverse(image(), -1)]],
  ["gathers along an axis", () => tf.gather(image(), tf.tensor1d([3, 0, 3], "int32"), 2)],
  ["running sums", () => [tf.cumsum(image(), 3), tf.cumprod(image(), 1, true, true)]],
  ["the largest", () => Object.values(tf.topk(image(), 3))],
  [
    "blocks",
    () => [
      tf.depthToSpace(image(), 2),
      tf.spaceToBatchND(
        image(),
        [2, 2],
        [
          [0, 0],
          [0, 0],
        ],
      ),
      tf.batchToSpaceND(
        tf.concat([image(), image()]),
        [2, 2],
        [
          [1, 0],
          [0, 0],
        ],
      ),
    ],
  ],
  [
    "local response normalisation, and its gradient",
    () => [
      tf.localResponseNormalization(image(), 2),
      tf.grad((x) => tf.localResponseNormalization(x as tf.Tensor4D, 2))(rand(1, 2, 2, 7)),
    ],
  ],
  ["batch norm at inference", () => tf.batchNorm(image(), rand(8), tf.square(rand(8)), rand(8), rand(8))],
  [
    "windows cut out, as window attention does",
    () => tf.transpose(tf.reshape(image(), [2, 3, 2, 2, 2, 8]), [0, 1, 3, 2, 4, 5]),
  ],
  [
    "joins, pieces and rolls",
    () => [
      tf.concat([image(), rand(2, 6, 4, 8)], 3),
      ...tf.split(image(), 2, 2),
      ...tf.unstack(image(), 0),
      tf.concat([tf.slice(image(), [0, 2]), tf.slice(image(), [0, 0], [-1, 2])], 1),
    ],
  ],
]);

parity("gathering and scattering", [
  ["a batch of gathers", () => [tf.gather(rand(2, 3, 4), table(), 1, 1), tf.gather(rand(2, 5, 3, 4), table(), 2, 1)]],
  ["the gradient of a gather sums rows", () => tf.grad((x) => tf.square(tf.gather(x, table())))(rand(4, 3))],
  [
    "gatherND and scatterND",
    () => [
      tf.gatherND(rand(3, 4), tf.tensor2d([2, 1, 0, 3], [2, 2], "int32")),
      tf.scatterND(tf.tensor2d([2, 0, 2], [3, 1], "int32"), rand(3, 4), [4, 4]),
    ],
  ],
  [
    "segments, with ids that are out of range",
    () => tf.unsortedSegmentSum(rand(4, 2), tf.tensor1d([0, -1, 1, 7], "int32"), 3),
  ],
  [
    "counts",
    () => [
      tf.bincount(tf.tensor1d([1, 1, 9, 0], "int32"), tf.tensor1d([]), 3),
      tf.denseBincount(tf.tensor2d([1, 1, 7, 0], [2, 2], "int32"), rand(2, 2), 4),
    ],
  ],
  [
    "one-hot rows of all types",
    () => [tf.oneHot(table(), 3), tf.oneHot(table(), 3, 0.9, 0.1, "float32"), tf.oneHot(table(), 3, 1, 0, "bool")],
  ],
  [
    "places in sorted rows",
    () => [
      tf.lowerBound(tf.tensor1d([1, 3, 3, 5]), tf.tensor1d([3, 0, 9])),
      tf.upperBound(tf.tensor1d([1, 3, 3, 5]), tf.tensor1d([3, 0, 9])),
    ],
  ],
  [
    "diagonals and bands",
    () => [tf.diag(rand(3)), tf.diag(tf.tensor1d([Number.NaN, 1])), tf.linalg.bandPart(rand(4, 4), 1, 2)],
  ],
  [
    "products by notation",
    () => [
      tf.einsum("bij,bjk->bik", rand(2, 3, 4), rand(2, 4, 5)),
      tf.einsum("bhqd,bhkd->bhqk", rand(2, 2, 3, 4), rand(2, 2, 5, 4)),
    ],
  ],
  [
    "fused products",
    () => [
      tf.fused.matMul({ a: rand(2, 3), b: rand(4, 3), transposeB: true, bias: rand(4), activation: "relu" }),
      tf.fused.matMul({ a: rand(2, 3), b: rand(3, 4), activation: "prelu", preluActivationWeights: rand(4) }),
    ],
  ],
  ["products of integers", () => tf.matMul(randInt(0, 9, 2, 3), randInt(0, 9, 4, 3), false, true)],
  [
    "gradients through slices, pads and running sums",
    () => tf.grad((x) => tf.cumsum(tf.pad(tf.slice(x, [1], [3]), [[1, 2]]), 0, true, true))(rand(6)),
  ],
]);

describe("kernels that need numbers", () => {
  beforeEach(async () => {
    await useOnnx();
  });

  test("read them where nothing is compiled", () => {
    const { values, indices } = tf.unique(tf.add(tf.tensor1d([1, 4, 1]), 1));
    expect([...values.dataSync()]).toEqual([2, 5]);
    expect([...indices.dataSync()]).toEqual([0, 1, 0]);
    const boxes = tf.tensor2d([0, 0, 1, 1, 0, 0, 0.9, 1, 0, 5, 1, 6], [3, 4]);
    expect([...tf.image.nonMaxSuppression(boxes, tf.tensor1d([0.5, 0.9, 0.1]), 3, 0.5).dataSync()]).toEqual([1, 2]);
  });

  test("draw the same samples for a seed, in the given proportions", () => {
    const logits = tf.log(tf.tensor2d([0.7, 0.1, 0.2], [1, 3])) as tf.Tensor2D;
    const drawn = tf.multinomial(logits, 3000, 5).dataSync();
    expect([...drawn]).toEqual([...tf.multinomial(logits, 3000, 5).dataSync()]);
    expect([...drawn].filter((event) => event === 0).length / 3000).toBeCloseTo(0.7, 1);
  });

  test("are refused in a compiled function, by name", () => {
    const f = jit((x: tf.Tensor1D) => tf.unique(tf.add(x, 1)).values);
    expect(() => f(tf.tensor1d([1, 1]))).toThrow('trace: kernel "Unique" needs the numbers of a tensor');
  });

  test("tell which index is out of range at the call", () => {
    expect(() => tf.gather(tf.tensor1d([1, 2]), tf.tensor1d([0, 2], "int32"))).toThrow(
      "the index value 2 is not in [0, 1]",
    );
  });
});

test("loses no sum where many rows have one id", async () => {
  await useOnnx();
  const ids = tf.mod(tf.range(0, 20_000, 1, "int32"), tf.scalar(7, "int32")) as tf.Tensor1D;
  // Few segments, where a product does it, and many, where rows are added one by one.
  for (const segments of [7, 1000]) {
    const sums = tf.slice(tf.unsortedSegmentSum(tf.ones([20_000, 64]), ids, segments), [0, 0], [7, 64]).dataSync();
    expect(new Set(sums)).toEqual(new Set([2857, 2858]));
  }
});
