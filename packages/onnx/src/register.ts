// Makes the backend known to TensorFlow.js. Called, never done on import.

import { tf } from "@vitrine/core";
import { OnnxBackend } from "./backend.ts";
import type { AnyLowering } from "./kernels.ts";
import { complexLowerings, toComplex } from "./lowerings/complex.ts";
import { lowerings } from "./lowerings/index.ts";
import { fillStrings, stringLowerings } from "./lowerings/strings.ts";
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
  const names = new Set([...Object.keys(lowerings), ...Object.keys(complexLowerings)]);
  for (const kernelName of [...names, ...missingKernels(names)]) {
    if (tf.getKernel(kernelName, backendName)) continue;
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc({ inputs, attrs, backend }) {
        const lowering = chooseLowering(kernelName, inputs, attrs ?? {}) ?? refuse(kernelName);
        return (backend as OnnxBackend).lower(lowering, inputs, attrs ?? {});
      },
    });
  }
}

/** The lowering of a kernel for what its inputs hold: numbers, complex numbers, or strings. */
function chooseLowering(
  kernelName: string,
  inputs: tf.NamedTensorInfoMap,
  attrs: tf.NamedAttrMap,
): AnyLowering | undefined {
  const holds = (dtype: string) => Object.values(inputs).some((input) => input?.dtype === dtype);
  if (holds("complex64")) return complexLowerings[kernelName];
  if (kernelName === tf.Cast && attrs.dtype === "complex64") return toComplex;
  if (holds("string")) return stringLowerings[kernelName];
  if (kernelName === tf.Fill && typeof attrs.value === "string") return fillStrings;
  return (lowerings as Readonly<Record<string, AnyLowering>>)[kernelName] ?? complexLowerings[kernelName];
}
