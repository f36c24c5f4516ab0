import { tf } from "@vitrine/core";
import { describe, expect, test } from "vitest";
import { createProgram } from "../program.ts";
import { useOnnx } from "../register.ts";
import { type ParityRow, parity, rand } from "../testing.ts";
import { trace } from "../trace.ts";

type Pad = "same" | "valid" | number;
type Explicit = [[number, number], [number, number], [number, number], [number, number]];
const explicit = (top: number, bottom: number, left: number, right: number): Explicit => [
  [0, 0],
  [top, bottom],
  [left, right],
  [0, 0],
];

/** A convolution and its gradients, weighted so that every element of the result counts differently. */
function conv(
  image: [number, number, number, number],
  filter: [number, number, number, number],
  strides: number | [number, number],
  pad: Pad | Explicit,
): () => tf.Tensor[] {
  return () => {
    const [x, w] = [rand<tf.Rank.R4>(...image), rand<tf.Rank.R4>(...filter)];
    const f = (x: tf.Tensor4D, w: tf.Tensor4D) => tf.conv2d(x, w, strides, pad);
    const y = f(x, w);
    const grads = tf.grads((x, w) => f(x as tf.Tensor4D, w as tf.Tensor4D))([x, w], rand<tf.Rank.R4>(...y.shape));
    return [y, ...grads];
  };
}

const grid: ParityRow[] = [];
for (const batch of [1, 3])
  for (const [kernel, stride] of [
    [1, 1],
    [1, 2],
    [2, 2],
    [3, 1],
    [3, 2],
    [5, 3],
    [4, 4],
  ] as const)
    for (const pad of ["same", "valid"] as const)
      grid.push([
        `batch ${batch}, ${kernel}x${kernel}, stride ${stride}, ${pad}`,
        conv([batch, 9, 7, 5], [kernel, kernel, 5, 6], stride, pad),
      ]);

parity("Conv2D and its gradients", [
  ...grid,
  ["few input channels", conv([2, 8, 9, 3], [3, 3, 3, 8], 2, "same")],
  ["one input channel, 1x1", conv([2, 5, 4, 1], [1, 1, 1, 3], 1, "valid")],
  ["windows side by side", conv([2, 8, 12, 3], [4, 4, 3, 7], 4, "valid")],
  ["windows side by side, rows left over", conv([2, 10, 13, 5], [4, 4, 5, 7], 4, "valid")],
  ["oblong filter", conv([2, 8, 9, 5], [3, 2, 5, 4], 1, "same")],
  ["stride by axis", conv([2, 8, 9, 5], [3, 3, 5, 4], [2, 1], "same")],
  ["padding by number", conv([2, 7, 7, 5], [3, 3, 5, 4], 2, 1)],
  ["padding wider than the filter reaches", conv([2, 4, 4, 5], [2, 2, 5, 4], 1, 2)],
  ["padding by side", conv([2, 7, 8, 5], [3, 3, 5, 4], 1, explicit(0, 1, 2, 0))],
  ["padding by side, stride 2", conv([2, 7, 8, 5], [3, 3, 5, 4], 2, explicit(1, 0, 0, 2))],
  ["filter as large as the image", conv([2, 4, 5, 5], [4, 5, 5, 4], 1, "valid")],
  ["1x1, a stride by axis and rows left over", conv([2, 9, 8, 5], [1, 1, 5, 6], [3, 2], "valid")],
  ["1x1, stride 3, more filter than image", conv([2, 7, 7, 40], [1, 1, 40, 48], 3, "valid")],
  ["1x1, stride 2, padding", conv([2, 6, 7, 5], [1, 1, 5, 6], 2, explicit(1, 0, 0, 1))],
  ["more filter than image, stride 2", conv([3, 7, 6, 20], [3, 3, 20, 24], 2, "same")],
  ["more filter than image, padding by side", conv([2, 5, 5, 20], [3, 2, 20, 24], 1, explicit(2, 0, 1, 1))],
  ["image of one pixel", conv([2, 1, 1, 5], [3, 3, 5, 4], 1, "same")],
  [
    "a chain that stays in the convolution's order",
    () => {
      const x = rand<tf.Rank.R4>(2, 8, 8, 4);
      const [a, b] = [rand<tf.Rank.R4>(3, 3, 4, 6), rand<tf.Rank.R4>(1, 1, 6, 3)];
      const f = (x: tf.Tensor) => {
        const hidden = tf.relu(tf.add(tf.conv2d(x as tf.Tensor4D, a, 2, "same"), tf.tensor1d([1, 2, 3, 4, 5, 6])));
        return tf.mean(tf.conv2d(hidden as tf.Tensor4D, b, 1, 0), [1, 2]);
      };
      return [f(x), tf.grad(f)(x)];
    },
  ],
  [
    "the gradient of a gradient",
    () => {
      const [x, w] = [rand<tf.Rank.R4>(1, 5, 5, 2), rand<tf.Rank.R4>(3, 3, 2, 3)];
      const energy = (x: tf.Tensor) => tf.sum(tf.square(tf.conv2d(x as tf.Tensor4D, w, 2, "same")));
      return tf.grad((x) => tf.sum(tf.square(tf.grad((x) => energy(x) as tf.Scalar)(x))) as tf.Scalar)(x);
    },
  ],
]);

parity("Conv2D forward", [
  ["dilation", () => tf.conv2d(rand<tf.Rank.R4>(2, 9, 8, 3), rand<tf.Rank.R4>(3, 3, 3, 4), 1, "same", "NHWC", 2)],
  [
    "dilation by axis",
    () => tf.conv2d(rand<tf.Rank.R4>(2, 9, 8, 3), rand<tf.Rank.R4>(3, 2, 3, 4), 1, 1, "NHWC", [1, 3]),
  ],
  ["channels first", () => tf.conv2d(rand<tf.Rank.R4>(2, 3, 8, 7), rand<tf.Rank.R4>(3, 3, 3, 4), 2, "same", "NCHW")],
  [
    "channels first, padding by side",
    () =>
      tf.conv2d(
        rand<tf.Rank.R4>(2, 3, 8, 7),
        rand<tf.Rank.R4>(3, 3, 3, 4),
        1,
        [
          [0, 0],
          [0, 0],
          [1, 0],
          [2, 1],
        ],
        "NCHW",
      ),
  ],
  ...(["floor", "round", "ceil"] as const).map(
    (mode): ParityRow => [
      `rounds the result's size: ${mode}`,
      () => tf.conv2d(rand<tf.Rank.R4>(1, 6, 8, 3), rand<tf.Rank.R4>(3, 3, 3, 4), 2, 0, "NHWC", 1, mode),
    ],
  ),
  ["no images", () => tf.conv2d(rand<tf.Rank.R4>(0, 6, 8, 3), rand<tf.Rank.R4>(3, 3, 3, 4), 1, "same")],
  ["an image without batch", () => tf.conv2d(rand<tf.Rank.R3>(6, 8, 3), rand<tf.Rank.R4>(3, 3, 3, 4), 1, "same")],
  ["one dimension", () => tf.conv1d(rand<tf.Rank.R3>(2, 9, 3), rand<tf.Rank.R3>(3, 3, 4), 1, "same")],
  [
    "transposed, stride 2",
    () => tf.conv2dTranspose(rand<tf.Rank.R4>(2, 4, 5, 3), rand<tf.Rank.R4>(3, 3, 6, 3), [2, 8, 10, 6], 2, "same"),
  ],
  [
    "transposed, rows left over",
    () => tf.conv2dTranspose(rand<tf.Rank.R4>(1, 3, 3, 2), rand<tf.Rank.R4>(2, 2, 4, 2), [1, 8, 8, 4], 3, "valid"),
  ],
]);

parity("channels first, gradients", [
  ["stride 1", () => channelsFirst(1)],
  ["stride 2", () => channelsFirst(2)],
]);

function channelsFirst(stride: number): tf.Tensor[] {
  const [x, w] = [rand<tf.Rank.R4>(2, 5, 7, 6), rand<tf.Rank.R4>(3, 3, 5, 4)];
  const f = (x: tf.Tensor, w: tf.Tensor) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, "same", "NCHW");
  return tf.grads(f)([x, w], rand<tf.Rank.R4>(...f(x, w).shape));
}

const activations = ["linear", "relu", "relu6", "elu", "sigmoid", "leakyrelu", "prelu"] as const;
parity("FusedConv2D", [
  ...activations.map(
    (activation): ParityRow => [
      activation,
      () => {
        const options = {
          x: rand<tf.Rank.R4>(2, 6, 5, 3),
          filter: rand<tf.Rank.R4>(3, 3, 3, 4),
          strides: 1,
          pad: "same" as const,
        };
        const slope = activation === "prelu" ? { preluActivationWeights: rand<tf.Rank.R1>(4) } : {};
        const alpha = activation === "leakyrelu" ? { leakyreluAlpha: 0.3 } : {};
        return tf.fused.conv2d({ ...options, bias: rand<tf.Rank.R1>(4), activation, ...slope, ...alpha });
      },
    ],
  ),
  [
    "channels first, bias and slope for each channel",
    () =>
      tf.fused.conv2d({
        x: rand<tf.Rank.R4>(2, 3, 6, 5),
        filter: rand<tf.Rank.R4>(3, 3, 3, 4),
        strides: 1,
        pad: "same",
        dataFormat: "NCHW",
        bias: rand<tf.Rank.R1>(4),
        activation: "prelu",
        preluActivationWeights: rand<tf.Rank.R1>(4),
      }),
  ],
  [
    "one number as bias",
    () =>
      tf.fused.conv2d({
        x: rand<tf.Rank.R4>(2, 6, 5, 3),
        filter: rand<tf.Rank.R4>(3, 3, 3, 4),
        strides: 2,
        pad: 1,
        bias: tf.tensor1d([2]),
      }),
  ],
  [
    "gradients with bias and relu",
    () => {
      const [x, w, b] = [rand<tf.Rank.R4>(2, 6, 5, 3), rand<tf.Rank.R4>(3, 3, 3, 4), rand<tf.Rank.R1>(4)];
      const f = (x: tf.Tensor, w: tf.Tensor, b: tf.Tensor) =>
        tf.fused.conv2d({
          x: x as tf.Tensor4D,
          filter: w as tf.Tensor4D,
          strides: 1,
          pad: "same",
          bias: b,
          activation: "relu",
        });
      return tf.grads((x, w, b) => f(x!, w!, b!))([x, w, b]);
    },
  ],
]);

/** A convolution in three dimensions and its gradients. */
function conv3d(
  image: [number, number, number, number, number],
  filter: [number, number, number, number, number],
  strides: number | [number, number, number],
  pad: "same" | "valid",
): () => tf.Tensor[] {
  return () => {
    const [x, w] = [rand<tf.Rank.R5>(...image), rand<tf.Rank.R5>(...filter)];
    const f = (x: tf.Tensor, w: tf.Tensor) => tf.conv3d(x as tf.Tensor5D, w as tf.Tensor5D, strides, pad);
    const y = f(x, w);
    return [
      y,
      ...tf.grads((x, w) => f(x!, w!))(
        [x, w],
        rand<tf.Rank.R5>(...(y.shape as [number, number, number, number, number])),
      ),
    ];
  };
}

parity("Conv3D and its gradients", [
  ["same", conv3d([2, 4, 5, 6, 3], [3, 3, 3, 3, 4], 1, "same")],
  ["valid", conv3d([1, 4, 5, 6, 5], [2, 3, 2, 5, 4], 1, "valid")],
  ["stride 2", conv3d([2, 5, 6, 7, 5], [3, 3, 3, 5, 2], 2, "same")],
  ["stride by axis", conv3d([2, 5, 6, 7, 2], [2, 3, 3, 2, 2], [1, 2, 3], "valid")],
  ["stride wider than the filter", conv3d([2, 5, 5, 5, 5], [1, 1, 1, 5, 3], 3, "same")],
  ["windows side by side", conv3d([2, 4, 4, 6, 3], [2, 2, 2, 3, 5], 2, "valid")],
  [
    "dilation, forward",
    () => tf.conv3d(rand<tf.Rank.R5>(1, 6, 6, 6, 2), rand<tf.Rank.R5>(2, 2, 2, 2, 3), 1, "valid", "NDHWC", 2),
  ],
  [
    "transposed",
    () =>
      tf.conv3dTranspose(rand<tf.Rank.R5>(1, 2, 3, 2, 3), rand<tf.Rank.R5>(2, 2, 2, 4, 3), [1, 4, 6, 4, 4], 2, "same"),
  ],
]);

describe("gradients", () => {
  // A convolution is linear in the image and in the filter: <conv(x, w), dy> is <x, dx>, and it is <w, dw>.
  test.each(["floor", "round", "ceil"] as const)("are those of the forward pass, rounded by %s", async (rounding) => {
    await useOnnx();
    const [x, w] = [rand<tf.Rank.R4>(2, 6, 8, 5), rand<tf.Rank.R4>(3, 3, 5, 4)];
    const f = (x: tf.Tensor, w: tf.Tensor) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 2, 0, "NHWC", 1, rounding);
    const y = f(x, w);
    const dy = rand<tf.Rank.R4>(...(y.shape as [number, number, number, number]));
    const product = (a: tf.Tensor, b: tf.Tensor) => tf.sum(tf.mul(a, b)).dataSync()[0]!;
    const [dx, dw] = tf.grads((x, w) => f(x!, w!))([x, w], dy) as [tf.Tensor, tf.Tensor];
    expect(product(x, dx)).toBeCloseTo(product(y, dy), 2);
    expect(product(w, dw)).toBeCloseTo(product(y, dy), 2);
  });

  test("of a filter over images whose columns are too many to make at once", async () => {
    await useOnnx();
    const [image, filter] = [[1, 640, 630, 10], [3, 3, 10, 2]] as const; // biome-ignore format: one line
    const f = (w: tf.Tensor, x: tf.Tensor) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, "same");
    const graph = trace(
      (x, w, dy) => [{ name: "dw", tensor: tf.grad((w) => tf.sum(tf.mul(f(w, x!), dy!)))(w!) }],
      [
        { name: "x", shape: image },
        { name: "w", shape: filter },
        { name: "dy", shape: [1, 640, 630, 2] },
      ],
    );
    expect(graph.nodes.filter(({ op }) => op === "Conv").map(({ outputs }) => outputs[0]!.shape[1])).toEqual([8, 1]);
    const [x, dy] = [rand<tf.Rank.R4>(...image), rand<tf.Rank.R4>(1, 640, 630, 2)];
    const feeds = [x, tf.zeros([...filter]), dy].map((t) => t.dataSync<"float32">());
    const program = createProgram(graph);
    const [dw] = program.run(feeds) as [Float32Array];
    program.dispose();
    // For each tap, what it sees of the first channel, times what flows back into the second one.
    const padded = tf.pad(tf.slice(x, [0, 0, 0, 0], [1, 640, 630, 1]), [[0, 0], [1, 1], [1, 1], [0, 0]]); // biome-ignore format: one line
    const back = tf.slice(dy, [0, 0, 0, 1], [1, 640, 630, 1]);
    for (let tap = 0; tap < 9; tap++) {
      const seen = tf.slice(padded, [0, Math.floor(tap / 3), tap % 3, 0], [1, 640, 630, 1]);
      const wanted = tf.sum(tf.mul(seen, back)).dataSync()[0]!;
      expect(Math.abs(dw[tap * 20 + 1]! - wanted)).toBeLessThan(1e-2);
    }
  });
});
