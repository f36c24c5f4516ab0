// Options of the commands that read a trained model.

import { defineOptions } from "../args.ts";

/** Which weights, and of what model. */
export const checkpointOptions = defineOptions({
  weights: {
    kind: "string",
    choices: ["best", "last"],
    default: "best",
    group: "Model",
    help: "which weights of a run folder",
  },
  model: { kind: "string", short: "m", group: "Model", help: "model's name, for a checkpoint that does not say it" },
});

/** What the classes are called. */
export const classOptions = defineOptions({
  "class-map": { kind: "string", value: "FILE", group: "Model", help: "names of the classes: one a line, or JSON" },
});
