// What Microsoft's EfficientViT is made from: timm's arguments, and the stages that follow from them.

import { type BaseConfig, imageSize, VitrineError } from "@vitrine/core";
import type { GlobalPool } from "@vitrine/core/layers";
import type { CascadedAttentionShape } from "./cascaded-attention.ts";

/** timm's arguments of `EfficientVitMsra` in camel case. Lists hold an entry a stage, `kernels` one a head. */
export interface EfficientVitMsraConfig extends BaseConfig {
  embedDim: readonly number[];
  keyDim: readonly number[];
  depth: readonly number[];
  numHeads: readonly number[];
  windowSize: readonly number[];
  /** Of the convolutions over each head's queries. */
  kernels: readonly number[];
  /** Ahead of a stage: `subsample` halves the map. The number is by how much the windows count on it. */
  downOps: readonly (readonly ["" | "subsample", number])[];
  globalPool: GlobalPool;
  /** Dropout ahead of the classifier. */
  dropRate: number;
}

export const defaults: EfficientVitMsraConfig = {
  imgSize: 224,
  inChans: 3,
  numClasses: 1000,
  embedDim: [64, 128, 192],
  keyDim: [16, 16, 16],
  depth: [1, 2, 3],
  numHeads: [4, 4, 4],
  windowSize: [7, 7, 7],
  kernels: [5, 5, 5, 5],
  downOps: [
    ["", 1],
    ["subsample", 2],
    ["subsample", 2],
  ],
  globalPool: "avg",
  dropRate: 0,
};

/** Pixels of the image to one of the stem's map. */
const patch = 16;

export interface Stage {
  dim: number;
  depth: number;
  /** Width of the map that is halved ahead of it; absent where none is. */
  from?: number;
  stride: number;
  attention: CascadedAttentionShape;
}

const refuse = (message: string) => new VitrineError("efficientvit", message, { usage: true });

/** @throws VitrineError for a configuration that the architecture cannot take. */
export function stagesOf(c: EfficientVitMsraConfig): Stage[] {
  const side = Math.min(...imageSize(c));
  if (side < patch) throw refuse(`imgSize must be ${patch} or more for one position of the stem's map, found ${side}`);
  let resolution = Math.floor(side / patch);
  let stride = patch;
  return c.embedDim.map((dim, i): Stage => {
    const [depth, keyDim, heads] = [c.depth[i], c.keyDim[i], c.numHeads[i]];
    const [down, by] = c.downOps[i] ?? [];
    if (depth === undefined || keyDim === undefined || heads === undefined || down === undefined)
      throw refuse(
        `depth, keyDim, numHeads, windowSize and downOps need an entry for each of the stages ${c.embedDim}`,
      );
    const before = c.embedDim[Math.max(0, i - 1)]!;
    const halved = down === "subsample";
    if (!halved && before !== dim)
      throw refuse(`stage ${i} needs downOps "subsample" to go from ${before} to ${dim} wide`);
    if (dim % heads !== 0) throw refuse(`numHeads ${heads} must divide the ${dim} channels of stage ${i}`);
    if (c.kernels.length < heads || c.kernels.some((kernel) => kernel % 2 === 0))
      throw refuse(`kernels must have an odd number for each of ${heads} heads, found ${c.kernels}`);
    if (halved) resolution = Math.floor((resolution - 1) / by!) + 1;
    if (halved) stride *= 2;
    return {
      dim,
      depth,
      stride,
      ...(halved ? { from: before } : {}),
      attention: {
        dim,
        heads,
        keyDim,
        valueDim: Math.trunc((dim / (keyDim * heads)) * keyDim),
        window: Math.min(c.windowSize[i]!, resolution),
        kernels: c.kernels,
      },
    };
  });
}
