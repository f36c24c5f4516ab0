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

/** A copy in the file's layout. */
export function toStored(spec: ParamSpec, physical: Numbers): HostTensor {
  if (spec.layout === "linear") return toFile(spec, physical);
  return { shape: fileShape(spec), data: physical.slice() };
}

/** From the file's layout. */
export function fromStored(spec: ParamSpec, stored: HostTensor): Numbers {
  return spec.layout === "linear" ? fromFile(spec, stored) : stored.data;
}

/** From logical order. */
export function fromLogical(spec: ParamSpec, logical: Numbers): Numbers {
  return physicalPerm(spec) === undefined ? logical : toFile(spec, logical).data;
}
