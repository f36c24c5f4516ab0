// Chooses the form of the step.

import { type Model, tf } from "@vitrine/core";
import { backendName } from "@vitrine/onnx";
import type { Step, StepOptions } from "../step.ts";
import { HostStep } from "./host-step.ts";

/** A step for a model, in the form that suits the current engine. The model's parameters are copied. */
export function createStep(model: Model, options: StepOptions): Step {
  if (tf.getBackend() === backendName) return new HostStep(model, options);
  throw new Error("todo");
}
