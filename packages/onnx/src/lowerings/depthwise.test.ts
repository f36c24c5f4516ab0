import { tf } from "@vitrine/core";
import { type ParityRow, parity, rand } from "../testing.ts";

type Pad = "same" | "valid" | number | [[number, number], [number, number], [number, number], [number, number]];

/** A depthwise convolution and its gradients. */
function depthwise(
  image: [number, number, number, number],
  filter: [number, number, number, number],
  strides: number,
  pad: Pad,
): () => tf.Tensor[] {
  return () => {
    const [x, w] = [rand<tf.Rank.R4>(...image), rand<tf.Rank.R4>(...filter)];
    const f = (x: tf.Tensor, w: tf.Tensor) => tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, strides, pad);
    const y = f(x, w) as tf.Tensor4D;
    return [y, ...tf.grads((x, w) => f(x!, w!))([x, w], rand<tf.Rank.R4>(...y.shape))];
  };
}

const grid: ParityRow[] = [];
for (const batch of [1, 3])
  for (const times of [1, 2])
    for (const [kernel, stride] of [
      [1, 1],
      [3, 1],
      [3, 2],
      [7, 1],
      [2, 3],
    ] as const)
      for (const pad of ["same", "valid"] as const)
        grid.push([
          `batch ${batch}, ${times} a channel, ${kernel}x${kernel}, stride ${stride}, ${pad}`,
          depthwise([batch, 9, 7, 4], [kernel, kernel, 4, times], stride, pad),
        ]);

parity("DepthwiseConv2dNative and its gradients", [
  ...grid,
  ["wide image", depthwise([2, 6, 40, 3], [3, 3, 3, 1], 1, "same")],
  ["wide image, wide filter", depthwise([2, 8, 56, 3], [7, 7, 3, 1], 1, 3)],
  ["wider image, wide filter", depthwise([1, 8, 90, 2], [7, 7, 2, 1], 1, 3)],
  ["wide image, oblong filter", depthwise([2, 5, 33, 3], [2, 3, 3, 1], 1, "same")],
  ["wide image, stride that leaves rows", depthwise([2, 8, 34, 3], [3, 3, 3, 1], 3, "valid")],
  [
    "wide image, padding by side",
    depthwise([2, 6, 33, 3], [3, 3, 3, 1], 1, [
      [0, 0],
      [1, 0],
      [2, 1],
      [0, 0],
    ]),
  ],
  ["one channel", depthwise([2, 6, 5, 1], [3, 3, 1, 1], 1, "same")],
  ["one channel, three filters", depthwise([2, 6, 5, 1], [3, 3, 1, 3], 1, 1)],
  ["oblong filter", depthwise([2, 6, 8, 3], [3, 2, 3, 1], 1, "same")],
  [
    "padding by side",
    depthwise([2, 6, 8, 3], [3, 3, 3, 1], 1, [
      [0, 0],
      [1, 0],
      [2, 1],
      [0, 0],
    ]),
  ],
  ["padding wider than the filter reaches", depthwise([1, 4, 4, 3], [2, 2, 3, 1], 1, 2)],
]);

parity("DepthwiseConv2dNative forward", [
  [
    "dilation",
    () => tf.depthwiseConv2d(rand<tf.Rank.R4>(2, 9, 8, 3), rand<tf.Rank.R4>(3, 3, 3, 2), 1, "same", "NHWC", 2),
  ],
  ["no images", () => tf.depthwiseConv2d(rand<tf.Rank.R4>(0, 9, 8, 3), rand<tf.Rank.R4>(3, 3, 3, 2), 1, "same")],
  [
    "an image without batch",
    () => tf.depthwiseConv2d(rand<tf.Rank.R3>(9, 8, 3), rand<tf.Rank.R4>(3, 3, 3, 2), 2, "same"),
  ],
  [
    "separable",
    () =>
      tf.separableConv2d(
        rand<tf.Rank.R4>(2, 6, 5, 3),
        rand<tf.Rank.R4>(3, 3, 3, 2),
        rand<tf.Rank.R4>(1, 1, 6, 4),
        1,
        "same",
      ),
  ],
]);

parity("FusedDepthwiseConv2D", [
  ...(["linear", "relu", "relu6", "elu", "sigmoid", "leakyrelu", "prelu"] as const).map(
    (activation): ParityRow => [
      activation,
      () =>
        tf.fused.depthwiseConv2d({
          x: rand<tf.Rank.R4>(2, 6, 5, 3),
          filter: rand<tf.Rank.R4>(3, 3, 3, 2),
          strides: 1,
          pad: "same",
          bias: rand<tf.Rank.R1>(6),
          activation,
          ...(activation === "prelu" ? { preluActivationWeights: rand<tf.Rank.R1>(6) } : {}),
          ...(activation === "leakyrelu" ? { leakyreluAlpha: 0.3 } : {}),
        }),
    ],
  ),
  [
    "gradients with bias and relu",
    () => {
      const [x, w, b] = [rand<tf.Rank.R4>(2, 6, 5, 3), rand<tf.Rank.R4>(3, 3, 3, 1), rand<tf.Rank.R1>(3)];
      return tf.grads((x, w, b) =>
        tf.fused.depthwiseConv2d({
          x: x as tf.Tensor4D,
          filter: w as tf.Tensor4D,
          strides: 1,
          pad: "same",
          bias: b!,
          activation: "relu",
        }),
      )([x, w, b]);
    },
  ],
]);
