// A model as a teacher: scores of the images that the student sees.

import { jit, type Model, tf } from "@vitrine/core";
import type { StepBatch, Teacher } from "../step.ts";
import { extraInputs, type PixelInputs, prepareImages, tensorsOf } from "./pixels.ts";

/** The teacher that `model` is. It prepares pixels by its own mean and deviation, and sees what the student sees. */
export function teacherOf(model: Model): Teacher {
  const { mean, std } = model.preprocess;
  const forward = jit(
    (params: object, inputs: PixelInputs) => model.logits(prepareImages(inputs, mean, std), undefined, params),
    { fixed: [0] },
  );
  return (batch: StepBatch) => {
    const { images, size, height, width, channels } = batch;
    const logits = tf.tidy(() => {
      const x = tf.tensor4d(Int32Array.from(images), [size, height, width, channels], "int32");
      return forward(model.params, { images: x, ...tensorsOf(extraInputs(batch)) });
    });
    const scores = logits.dataSync<"float32">();
    logits.dispose();
    return scores;
  };
}
