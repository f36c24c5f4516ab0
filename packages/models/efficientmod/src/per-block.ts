// The lists of the configuration that give each stage, or each block of a stage, its shape.

import { VitrineError } from "@vitrine/core";
import type { EfficientModConfig } from "./model.ts";
import type { ModulationShape } from "./modulation.ts";

/** One value for all blocks of a stage, or a value a block; those behind the last block are not read. */
export type PerBlock<T> = T | readonly T[];

const refuse = (message: string) => new VitrineError("efficientmod", message, { usage: true });

const perStage = [
  "patchSize",
  "patchStride",
  "patchPad",
  "embedDim",
  "attentionDepth",
  "mlpRatio",
  "attRatio",
  "convInMlp",
  "convGroupDim",
  "contextSize",
] as const satisfies readonly (keyof EfficientModConfig)[];

/** @throws VitrineError where a list is shorter than the stages. */
export function checkLists(c: EfficientModConfig): void {
  const stages = c.depths.length;
  if (stages === 0 || c.embedDim.length !== stages)
    throw refuse(`embedDim must have a width for each of the ${stages} stages in depths, found ${c.embedDim.length}`);
  for (const name of perStage)
    if (c[name].length < stages)
      throw refuse(`${name} must have an entry for each of the ${stages} stages in depths, found ${c[name].length}`);
  for (const [i, depth] of c.depths.entries())
    if (depth + c.attentionDepth[i]! < 1) throw refuse(`depths and attentionDepth leave stage ${i} without a block`);
}

/** The shape of each modulation block of a stage. @throws VitrineError where a list is shorter than the blocks. */
export function blocksOf(c: EfficientModConfig, stage: number): ModulationShape[] {
  const depth = c.depths[stage]!;
  const spread = <T>(name: "mlpRatio" | "convGroupDim" | "contextSize"): T[] => {
    const value = c[name][stage] as T | T[];
    if (!Array.isArray(value)) return Array.from({ length: depth }, () => value);
    if (value.length < depth)
      throw refuse(
        `${name} must have an entry for each of the ${depth} blocks of stage ${stage}, found ${value.length}`,
      );
    return value.slice(0, depth);
  };
  const ratios = spread<number>("mlpRatio");
  const repeats = spread<number>("convGroupDim");
  const kernels = spread<number | readonly number[]>("contextSize");
  return ratios.map((ratio, j) => ({
    hidden: Math.trunc(c.embedDim[stage]! * ratio),
    repeat: repeats[j]!,
    modulated: c.convInMlp[stage]!,
    kernels: [kernels[j]!].flat(),
  }));
}
