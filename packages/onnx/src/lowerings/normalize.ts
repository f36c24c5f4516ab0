// Normalisation and softmax. LayerNorm is an op of @vitrine/core.

import { float } from "../graph.ts";
import type { LoweringsOf, NormalizeKernels } from "../kernels.ts";

export const normalize: LoweringsOf<NormalizeKernels> = {
  LayerNorm({ x, scale, offset }, { epsilon }, g) {
    const column = [...x.shape.slice(0, -1), 1];
    const types = [{ shape: x.shape }, { shape: column }, { shape: column }];
    return g.nodes("LayerNormalization", [x, scale, offset], { axis: -1, epsilon: float(epsilon) }, types);
  },
  LogSoftmax: ({ logits }, { axis }, g) => g.node("LogSoftmax", [logits], { axis }, logits.shape),
  Softmax: ({ logits }, { dim }, g) => g.node("Softmax", [logits], { axis: dim }, logits.shape),
};
