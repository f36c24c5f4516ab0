// Makes the backend known to TensorFlow.js. Called, never done on import.

import { tf } from "@vitrine/core";
import { OnnxBackend } from "./backend.ts";
import type { AnyLowering } from "./kernels.ts";
import { lowerings } from "./lowerings/index.ts";
import type { SessionOptions } from "./session.ts";
import { missingKernels, refuse } from "./unsupported.ts";

export const backendName = "onnx";

/**
 * Registers the backend and makes it the current one. Options are fixed by the first call; a later call with other
 * options starts a new backend, and tensors of the old one are lost.
 */
export async function useOnnx(options: SessionOptions = {}): Promise<OnnxBackend> {
  const known = tf.findBackend(backendName) as OnnxBackend | null;
  const changed = known !== null && Object.keys(options).length > 0 && !same(known.options, options);
  if (changed) tf.removeBackend(backendName);
  if (known === null || changed) {
    tf.registerBackend(backendName, () => new OnnxBackend(options));
    registerKernels();
  }
  await tf.setBackend(backendName);
  return tf.backend() as OnnxBackend;
}

function same(a: SessionOptions, b: SessionOptions): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function registerKernels(): void {
  for (const [kernelName, lowering] of Object.entries(lowerings)) {
    if (tf.getKernel(kernelName, backendName)) continue;
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs, backend }) =>
        (backend as OnnxBackend).lower(lowering as AnyLowering, inputs, attrs ?? {}),
    });
  }
  for (const kernelName of missingKernels(new Set(Object.keys(lowerings)))) {
    if (tf.getKernel(kernelName, backendName)) continue;
    tf.registerKernel({ kernelName, backendName, kernelFunc: () => refuse(kernelName) });
  }
}
