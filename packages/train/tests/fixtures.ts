// Numbers of timm 1.0.31 and PyTorch 2.15, a part of them beside the source. `VITRINE_PARITY` may name a folder with all of
// them, in the same format.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const own = fileURLToPath(new URL("../src/__fixtures__", import.meta.url));

export function fixture<T>(name: string): T {
  return JSON.parse(readFileSync(join(process.env.VITRINE_PARITY ?? own, `${name}.json`), "utf8")) as T;
}

/** Makes tfjs' own engine the current one. */
export async function useCpu(): Promise<void> {
  await import("@tensorflow/tfjs-backend-cpu");
  const { tf } = await import("@vitrine/core");
  await tf.setBackend("cpu");
  // Else it advertises tfjs-node on its first use.
  (tf.backend() as { firstUse?: boolean }).firstUse = false;
}
