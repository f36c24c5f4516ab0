// What the step benchmarks can be told, and where their programs lie.

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/** The path of a file of the benchmarks. */
export const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** Progress; results alone go to stdout. */
export const say = (line) => console.error(line);

/** Model, batch, image size and threads (also as `common`, for a peer's command line), rounds and steps of a round. */
export function readSettings(argv, { steps }) {
  const { values } = parseArgs({
    args: argv,
    options: {
      model: { type: "string", default: "vit_small_patch16_224" },
      batch: { type: "string", default: "8" },
      img: { type: "string", default: "224" },
      threads: { type: "string", default: "2" },
      rounds: { type: "string", default: "7" },
      steps: { type: "string", default: String(steps) },
    },
  });
  return {
    values,
    common: ["model", "batch", "img", "threads"].flatMap((key) => [`--${key}`, values[key]]),
    batch: Number(values.batch),
    rounds: Number(values.rounds),
    steps: Number(values.steps),
  };
}
