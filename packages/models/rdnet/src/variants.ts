// Every size in one place, under timm's names. What a row leaves out is the tiny model: seven stages of three blocks.

import type { RDNetConfig } from "./model.ts";

const times = <T>(count: number, value: T): T[] => Array<T>(count).fill(value);

/** Stages at a 16th of the image's size, between two finer ones and two coarser ones. */
const stages = (middle: number) => ({
  numBlocksList: times(middle + 4, 3),
  blockType: [...times(2, "Block" as const), ...times(middle + 2, "BlockESE" as const)],
  isDownsampleBlock: [null, true, true, ...times(middle - 1, false), true, false],
});

export const sizes = {
  rdnet_tiny: {},
  rdnet_small: { ...stages(7), numInitFeatures: 72, growthRates: [64, 128, ...times(7, 128), 240, 240] },
  rdnet_base: { ...stages(7), numInitFeatures: 120, growthRates: [96, 128, ...times(7, 168), 336, 336] },
  rdnet_large: { ...stages(8), numInitFeatures: 144, growthRates: [128, 192, ...times(8, 256), 360, 360] },
} satisfies Record<string, Partial<RDNetConfig>>;
