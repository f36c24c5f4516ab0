// The backends that numbers are checked on: tfjs' own (`cpu`), and `onnx`.

import "@tensorflow/tfjs-backend-cpu";
import { tf } from "@vitrine/core";
import { useOnnx } from "@vitrine/onnx";

export const backendNames = ["cpu", "onnx"] as const;
export type BackendName = (typeof backendNames)[number];

/** Makes a backend the current one. */
export async function useBackend(name: BackendName): Promise<void> {
  if (name === "onnx") {
    await useOnnx();
    return;
  }
  await tf.setBackend("cpu");
  // Else it advertises tfjs-node on its first use.
  (tf.backend() as { firstUse?: boolean }).firstUse = false;
}
