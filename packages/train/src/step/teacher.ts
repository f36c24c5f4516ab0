// A model as a teacher: scores of the images that the student sees.

import { jit, type Model, tf } from "@vitrine/core";
import type { StepBatch, Teacher } from "../step.ts";
import { normalise } from "./forward.ts";

/** The teacher that `model` is. It prepares pixels by its own mean and deviation, and sees the student's mixed images. */
export function teacherOf(model: Model): Teacher {
  const { mean, std } = model.preprocess;
  const forward = jit(
    (params: object, images: tf.Tensor4D, mix: tf.Tensor2D | undefined) =>
      model.logits(normalise(images, mean, std, mix), undefined, params),
    { fixed: [0] },
  );
  return ({ images, size, height, width, channels, mix }: StepBatch) => {
    const logits = tf.tidy(() => {
      const x = tf.tensor4d(Int32Array.from(images), [size, height, width, channels], "int32");
      return forward(model.params, x, mix && tf.tensor2d(mix, [height, width]));
    });
    const scores = logits.dataSync<"float32">();
    logits.dispose();
    return scores;
  };
}
