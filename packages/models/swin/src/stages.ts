// A map through its stages: each but the first begins with merging neighbours, and then come its blocks.

import { type Mode, scope, tap, type tf } from "@vitrine/core";
import { dropPathRates } from "@vitrine/core/layers";
import type { MapConfig } from "./patches.ts";

/** What a stage does to a map; blocks are told their mode and the chance to be skipped. */
export interface Stage {
  merge: ((x: tf.Tensor4D) => tf.Tensor4D) | undefined;
  blocks: readonly ((x: tf.Tensor4D, mode: Mode, dropPath: number) => tf.Tensor4D)[];
}

/** Sends a map through all stages, whose parameters lie under `list`. x: [B, H, W, D] → [B, H/2ⁿ, W/2ⁿ, 2ⁿD]. */
export function throughStages(
  c: MapConfig,
  list: "layers" | "stages",
  stages: readonly Stage[],
  patches: tf.Tensor4D,
  mode: Mode,
): tf.Tensor4D {
  const rates = dropPathRates(c.dropPathRate, blockCount(c));
  let x = patches;
  let block = 0;
  stages.forEach(({ merge, blocks }, i) => {
    const inside = scope(scope(mode, list), String(i));
    if (merge) x = tap(scope(inside, "downsample"), merge(x)); //                                     [B, ⌈H/2⌉, ⌈W/2⌉, 2D]
    blocks.forEach((run, j) => {
      x = run(x, scope(scope(inside, "blocks"), String(j)), rates[block++]!);
    });
    x = tap(inside, x);
  });
  return x;
}

/** Blocks of the first `stages` stages, or of all. */
function blockCount({ depths }: Pick<MapConfig, "depths">, stages = depths.length): number {
  return depths.slice(0, stages).reduce((sum, depth) => sum + depth, 0);
}

/** timm's order: the patches, each block (merging with the block behind it, the last norm with the last), the head. */
export function mapDepth(c: Pick<MapConfig, "depths">, path: string): number {
  const stage = /^(?:layers|stages)\.(\d+)\.(?:downsample|blocks\.(\d+))\./.exec(path);
  if (stage) return blockCount(c, Number(stage[1])) + Number(stage[2] ?? 0) + 1;
  if (path.startsWith("patch_embed.")) return 0;
  return blockCount(c) + (path.startsWith("norm.") ? 0 : 1);
}

/** The maps that stages end with. */
export function mapStages(c: MapConfig, list: "layers" | "stages") {
  return c.depths.map((_, i) => ({
    path: `${list}.${i}`,
    channels: c.embedDim * 2 ** i,
    stride: c.patchSize * 2 ** i,
  }));
}
