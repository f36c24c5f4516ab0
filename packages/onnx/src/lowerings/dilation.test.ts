import { tf } from "@vitrine/core";
import { type ParityRow, parity, rand, randInt } from "../testing.ts";

function dilate(
  image: [number, number, number, number],
  filter: [number, number, number],
  strides: number | [number, number],
  pad: "same" | "valid" | number,
  dilations: number | [number, number] = 1,
): () => tf.Tensor[] {
  return () => {
    const [x, w] = [rand<tf.Rank.R4>(...image), rand<tf.Rank.R3>(...filter)];
    const f = (x: tf.Tensor, w: tf.Tensor) =>
      tf.dilation2d(x as tf.Tensor4D, w as tf.Tensor3D, strides, pad as "same", dilations as [number, number]);
    const y = f(x, w) as tf.Tensor4D;
    return [y, ...tf.grads((x, w) => f(x!, w!))([x, w], rand<tf.Rank.R4>(...y.shape))];
  };
}

parity("Dilation2D and its gradients", [
  ...[1, 3].flatMap((batch) =>
    (["same", "valid"] as const).flatMap((pad) =>
      (
        [
          [1, 1],
          [2, 1],
          [3, 2],
          [2, 3],
        ] as const
      ).map(
        ([size, stride]): ParityRow => [
          `batch ${batch}, ${size}x${size}, stride ${stride}, ${pad}`,
          dilate([batch, 7, 6, 3], [size, size, 3], stride, pad),
        ],
      ),
    ),
  ),
  ["dilated", dilate([2, 8, 9, 2], [3, 2, 2], 1, "same", 2)],
  ["dilated with a stride", dilate([2, 9, 9, 2], [2, 2, 2], 2, "valid", [2, 3])],
  ["stride by axis", dilate([1, 7, 6, 3], [2, 3, 3], [2, 1], "same")],
]);

parity("Dilation2D, equal numbers", [
  [
    "the first takes the gradient",
    () => {
      const [x, w] = [
        tf.cast(randInt<tf.Rank.R4>(0, 2, 2, 5, 5, 2), "float32"),
        tf.cast(randInt<tf.Rank.R3>(0, 2, 2, 2, 2), "float32"),
      ];
      const f = (x: tf.Tensor, w: tf.Tensor) => tf.dilation2d(x as tf.Tensor4D, w as tf.Tensor3D, 1, "same");
      return tf.grads((x, w) => f(x!, w!))([x, w], rand<tf.Rank.R4>(2, 5, 5, 2));
    },
  ],
]);
