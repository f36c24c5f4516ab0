// A model as a teacher: scores of the images that the student sees.

import { jit, type Model, tf } from "@vitrine/core";
import type { StepBatch, Teacher } from "../step.ts";
import { type PixelInputs, prepareImages, stepInputs } from "./pixels.ts";

/** The teacher that `model` is. It prepares pixels by its own mean and deviation, and sees what the student sees. */
export function teacherOf(model: Model): Teacher {
  const { mean, std } = model.preprocess;
  const forward = jit(
    (params: object, inputs: PixelInputs) => model.logits(prepareImages(inputs, mean, std), undefined, params),
    { fixed: [0] },
  );
  return (batch: StepBatch) => {
    const logits = tf.tidy(() => forward(model.params, stepInputs(batch)));
    const scores = logits.dataSync<"float32">();
    logits.dispose();
    return scores;
  };
}
