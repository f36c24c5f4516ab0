// Chooses the form of the step.

import { type Model, tf } from "@vitrine/core";
import { backendName, currentBackend } from "@vitrine/onnx";
import type { Step, StepOptions } from "../step.ts";
import { GraphStep } from "./graph-step.ts";
import { HostStep } from "./host-step.ts";

/** A step for a model on the current engine. The model's parameters are copied; `expose` shows them again. */
export function createStep(model: Model, options: StepOptions): Step {
  return (options.update ?? suited()) === "host" ? new HostStep(model, options) : new GraphStep(model, options);
}

/** On the compiling engine's CPU the update is fastest on the host; on a device the state should stay there. */
function suited(): "host" | "graph" {
  if (tf.getBackend() !== backendName) return "graph";
  const { providers = ["cpu"] } = currentBackend().options;
  return providers[0] === "cpu" ? "host" : "graph";
}
