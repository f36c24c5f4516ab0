import { batchNormTrain, type Mode, tf, trainingMode } from "@vitrine/core";
import { type BatchNorm, batchNorm } from "@vitrine/core/layers";
import { describe, expect, test } from "vitest";
import { useOnnx } from "../register.ts";
import { type ParityRow, parity, rand } from "../testing.ts";

/** The same in plain ops, whose gradient is tfjs' own. */
function plain(x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor, epsilon: number): tf.Tensor {
  const axes = x.shape.slice(0, -1).map((_, axis) => axis);
  const mean = tf.mean(x, axes);
  const centred = tf.sub(x, mean);
  const variance = tf.mean(tf.square(centred), axes);
  return tf.add(tf.mul(tf.mul(centred, tf.rsqrt(tf.add(variance, epsilon))), scale), offset);
}

type Forward = (x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor) => tf.Tensor;

/** Numbers for x, scale, offset and dy. */
function numbers(shape: number[]): tf.Tensor[] {
  const c = shape.at(-1)!;
  const x = tf.add(tf.mul(rand(...(shape as [number])), 2), 0.7);
  return [x, rand<tf.Rank.R1>(c), rand<tf.Rank.R1>(c), rand(...(shape as [number]))];
}

function gradients([x, scale, offset, dy]: tf.Tensor[], forward: Forward): tf.Tensor[] {
  return tf.grads((x, s, o) => forward(x!, s!, o!))([x!, scale!, offset!], dy);
}

const op: Forward = (x, s, o) => batchNormTrain(x, s as tf.Tensor1D, o as tf.Tensor1D, 1e-3).y;

const shapes = [
  [5, 3],
  [1, 4, 4, 3],
  [3, 5, 2, 4],
  [2, 6, 5],
  [2, 3, 3, 1],
  [2, 14, 15, 3],
];

parity("BatchNormTrain", [
  ...shapes.map(
    (shape): ParityRow => [
      `[${shape}]`,
      () => {
        const [x, s, o] = [
          rand(...(shape as [number])),
          rand<tf.Rank.R1>(shape.at(-1)!),
          rand<tf.Rank.R1>(shape.at(-1)!),
        ];
        const { y, mean, variance } = batchNormTrain(x, s, o, 1e-3);
        return [y, mean, variance];
      },
    ],
  ),
  ...shapes.map((shape): ParityRow => [`[${shape}], gradients`, () => gradients(numbers(shape), op)]),
  [
    "scale and offset that are one constant",
    () => {
      const same = tf.tensor1d([2]);
      const { y, mean, variance } = batchNormTrain(rand(2, 3, 3, 1), same, same, 1e-3);
      return [y, mean, variance];
    },
  ],
  [
    "between convolutions, with running statistics",
    () => {
      const [w, v] = [rand<tf.Rank.R4>(3, 3, 2, 4), rand<tf.Rank.R4>(1, 1, 4, 3)];
      const p: BatchNorm = {
        weight: tf.tensor1d([1, 0.5, 2, 1]),
        bias: tf.tensor1d([0, 1, -1, 0.5]),
        running_mean: tf.zeros([4]),
        running_var: tf.ones([4]),
        num_batches_tracked: tf.scalar(3, "int32"),
      };
      let mode: Mode = trainingMode();
      const f = (x: tf.Tensor, w: tf.Tensor) => {
        mode = trainingMode();
        const hidden = tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 2, "same");
        return tf.conv2d(tf.relu(batchNorm(p, hidden, mode)), v, 1, "valid");
      };
      const gradients = tf.grads((x, w) => f(x!, w!))([rand<tf.Rank.R4>(3, 7, 7, 2), w]);
      return [...gradients, ...mode.updates!.values()];
    },
  ],
]);

describe("BatchNormTrain", () => {
  test.each(shapes.map((shape) => ({ shape })))("has the gradients of plain ops: $shape", async ({ shape }) => {
    await tf.setBackend("cpu");
    const given = numbers(shape).map((t) => t.arraySync());
    const inputs = () => given.map((values) => tf.tensor(values as number[]));
    const reference = gradients(inputs(), (x, s, o) => plain(x, s, o, 1e-3)).map((t) => t.arraySync());
    for (const backend of ["cpu", "onnx"]) {
      if (backend === "onnx") await useOnnx();
      gradients(inputs(), op).forEach((t, i) => {
        const difference = tf.max(tf.abs(tf.sub(t, tf.tensor(reference[i] as number[])))).dataSync()[0]!;
        expect(difference, `${backend}, gradient ${i}`).toBeLessThan(1e-4);
      });
    }
  });
});
