// A full AdamW training step in fp32 beside PyTorch (eager, compiled, bf16) and tfjs-node.

import { compareSteps } from "../harness/steps.mjs";

export function run(argv) {
  const variants = ["eager", "compile", "bf16", "compile-bf16"];
  return compareSteps({ name: "train-step", mode: "train", variants }, argv);
}
