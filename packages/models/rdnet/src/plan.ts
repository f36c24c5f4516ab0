// The stages that a configuration makes: how many features come in, are kept and go out.

import { VitrineError } from "@vitrine/core";
import { dropPathRates } from "@vitrine/core/layers";
import type { RDNetConfig } from "./model.ts";

/** A stage of the plan that the configuration makes: channels in, kept by the transition, and out. */
export interface StagePlan {
  from: number;
  kept: number;
  out: number;
  growth: number;
  blocks: number;
  halves: boolean;
  gated: boolean;
  /** Pixels of the image to one of its maps. */
  stride: number;
  dropPath: number[];
}

/** Every stage with its channels, its transition and its rates. @throws VitrineError for lists that do not go together. */
export function stagesOf(c: RDNetConfig): StagePlan[] {
  check(c);
  const total = c.numBlocksList.reduce((sum, n) => sum + n, 0);
  const rates = dropPathRates(c.dropPathRate, total);
  let [from, stride] = [c.numInitFeatures, c.stemType === "patch" ? c.patchSize : 4];
  return c.growthRates.map((growth, i) => {
    const blocks = c.numBlocksList[i]!;
    const halves = i > 0 && c.isDownsampleBlock[i] === true;
    const kept = i === 0 ? from : Math.trunc((from * c.transitionCompressionRatio) / 8) * 8;
    const out = kept + blocks * growth;
    if (halves) stride *= 2;
    const dropPath = rates.splice(0, blocks);
    const plan = { from, kept, out, growth, blocks, halves, gated: c.blockType[i] === "BlockESE", stride, dropPath };
    from = out;
    return plan;
  });
}

function check(c: RDNetConfig): void {
  const refuse = (message: string) => new VitrineError("rdnet", message, { usage: true });
  const lists = ["growthRates", "numBlocksList", "blockType", "isDownsampleBlock"] as const;
  const lengths = lists.map((name) => c[name].length);
  if (new Set(lengths).size > 1)
    throw refuse(`${lists.join(", ")} have an entry for each stage; found ${lengths.join(", ")}`);
  const unknown = c.blockType.find((type) => type !== "Block" && type !== "BlockESE");
  if (unknown !== undefined) throw refuse(`blockType is "Block" or "BlockESE", found "${unknown}"`);
  const [height, width] = typeof c.imgSize === "number" ? [c.imgSize, c.imgSize] : c.imgSize;
  const smallest =
    (c.stemType === "patch" ? c.patchSize : 1) * 2 ** c.isDownsampleBlock.slice(1).filter(Boolean).length;
  if (Math.min(height, width) < smallest)
    throw refuse(`images of ${smallest} pixels or more are expected, ${height}x${width} found`);
}
