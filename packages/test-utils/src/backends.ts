// The backends that numbers are checked on: tfjs' own (`cpu`), and `onnx`.

import "@tensorflow/tfjs-backend-cpu";
import { tf, VitrineError } from "@vitrine/core";
import * as onnx from "@vitrine/onnx";

export const backendNames = ["cpu", "onnx"] as const;
export type BackendName = (typeof backendNames)[number];

/** Makes a backend the current one. @throws VitrineError where it is not there. */
export async function useBackend(name: BackendName): Promise<void> {
  if (name === "cpu") {
    await tf.setBackend("cpu");
    // Else it advertises tfjs-node on its first use.
    (tf.backend() as { firstUse?: boolean }).firstUse = false;
    return;
  }
  const start = (onnx as { useOnnx?: () => Promise<unknown> }).useOnnx;
  if (start === undefined) throw new VitrineError("onnx", "this build has no onnx backend");
  await start();
}
