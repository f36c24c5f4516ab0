// The order of axes in which a parameter lies in the step's memory. Convolution weights lie as the engine reads them, which
// is also how files hold them, so that no run transposes them; everything else lies in its logical order.

import { fileShape, fromFile, type HostTensor, type ParamSpec, toFile } from "@vitrine/core";
import { CMHW, OIHW, type Perm } from "@vitrine/onnx";

type Numbers = Float32Array | Int32Array;

/** The order a parameter lies in; undefined for its logical order. */
export function physicalPerm(spec: ParamSpec): Perm | undefined {
  if (spec.layout === "conv") return OIHW;
  return spec.layout === "depthwise" ? CMHW : undefined;
}

/** Whether memory and files hold the same numbers in the same order; matrices lie transposed in files. */
function asInFiles(spec: ParamSpec): boolean {
  return spec.layout === "plain" || physicalPerm(spec) !== undefined;
}

/** A copy in the file's layout. */
export function toStored(spec: ParamSpec, physical: Numbers): HostTensor {
  return asInFiles(spec) ? { shape: fileShape(spec), data: physical.slice() } : toFile(spec, physical);
}

/** From the file's layout. */
export function fromStored(spec: ParamSpec, stored: HostTensor): Numbers {
  return asInFiles(spec) ? stored.data : fromFile(spec, stored);
}

/** From logical order. */
export function fromLogical(spec: ParamSpec, logical: Numbers): Numbers {
  return physicalPerm(spec) === undefined ? logical : toFile(spec, logical).data;
}
