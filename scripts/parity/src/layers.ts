// Cases of single layers, whose arguments are those of the reference's class.

import { type AxialAttention, axialAttention, axialAttentionSpec } from "@vitrine/axial";
import { inference, type tf } from "@vitrine/core";
import {
  type FavorKernel,
  type PerformerAttention,
  performerAttention,
  performerAttentionSpec,
} from "@vitrine/core/layers";
import { type Check, checkCase, type Golden, layerSubject, optionsOf } from "@vitrine/test-utils/golden";

/** `AxialAttention` of the package axial-attention. */
export function checkAxialAttention(golden: Golden): Promise<Check[]> {
  const { dim, ...options } = optionsOf(golden.about) as unknown as {
    dim: number;
    numDimensions?: number;
    heads?: number;
    dimHeads?: number;
    dimIndex?: number;
    sumAxialOut?: boolean;
  };
  return checkCase(
    layerSubject<AxialAttention>(golden, axialAttentionSpec(dim, options), (p, x) => axialAttention(p, x, options)),
    golden,
  );
}

/** `SelfAttention` of performer-pytorch. */
export function checkPerformerAttention(golden: Golden): Promise<Check[]> {
  const {
    dim,
    heads = 8,
    kernel,
    generalizedAttention,
    ...options
  } = optionsOf(golden.about) as unknown as {
    dim: number;
    heads?: number;
    dimHead?: number;
    nbFeatures?: number;
    qkvBias?: boolean;
    attnOutBias?: boolean;
    /** "relu" where the case says so, or as the class itself does: by `generalized_attention`. */
    kernel?: FavorKernel;
    generalizedAttention?: boolean;
  };
  const own = { heads, kernel: kernel ?? (generalizedAttention ? "relu" : "softmax") };
  const spec = performerAttentionSpec(dim, heads, options);
  return checkCase(
    layerSubject<PerformerAttention>(golden, spec, (p, x) => performerAttention(p, x as tf.Tensor3D, inference, own)),
    golden,
  );
}
