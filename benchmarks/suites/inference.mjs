// Logits of a batch in fp32 beside PyTorch (eager, compiled, bf16) and tfjs-node.

import { compareSteps } from "../harness/steps.mjs";

export function run(argv) {
  return compareSteps({ name: "inference", mode: "infer", variants: ["eager", "compile", "bf16"] }, argv);
}
