// Every size in one place, under timm's names: images of 256, a stem of stride 2 and five stages, of strides 1, 2, 2, 2, 2.

import type { MobileViTConfig, Stage } from "./config.ts";

/** Two stages of inverted residuals, then three with transformers of 2, 4 and 3 blocks. */
function first(ratio: number, channels: readonly number[], dims: readonly number[]): Stage[] {
  const near = channels.slice(0, 2).map((c, i): Stage => ({ type: "ir", d: [1, 3][i]!, c, s: [1, 2][i]!, br: ratio }));
  const far = channels.slice(2).map((c, i): Stage => {
    const transformer = { transformerDim: dims[i]!, transformerDepth: [2, 4, 3][i]!, patchSize: 2 };
    return { type: "mobilevit", c, s: 2, br: ratio, ...transformer };
  });
  return [...near, ...far];
}

/** The second paper's one network, all widths multiplied. */
function second(multiplier: number): Partial<MobileViTConfig> {
  const [c0, c1, ...rest] = [64, 128, 256, 384, 512].map((c) => Math.trunc(c * multiplier)) as [number, number];
  const near: Stage[] = [
    { type: "ir", d: 1, c: c0, s: 1, br: 2 },
    { type: "ir", d: 2, c: c1, s: 2, br: 2 },
  ];
  const far = (rest as number[]).map((c, i): Stage => {
    const transformer = { transformerBr: 0.5, transformerDepth: [2, 4, 3][i]!, patchSize: 2 };
    return { type: "mobilevit2", c, s: 2, br: 2, ...transformer };
  });
  return { stemChs: Math.trunc(32 * multiplier), stages: [...near, ...far] };
}

export const sizes = {
  mobilevit_xxs: { stages: first(2, [16, 24, 48, 64, 80], [64, 80, 96]), numFeatures: 320 },
  mobilevit_xs: { stages: first(4, [32, 48, 64, 80, 96], [96, 120, 144]), numFeatures: 384 },
  mobilevit_s: { stages: first(4, [32, 64, 96, 128, 160], [144, 192, 240]), numFeatures: 640 },

  mobilevitv2_050: { ...second(0.5) },
  mobilevitv2_075: { ...second(0.75) },
  mobilevitv2_100: { ...second(1) },
  mobilevitv2_125: { ...second(1.25) },
  mobilevitv2_150: { ...second(1.5) },
  mobilevitv2_175: { ...second(1.75) },
  mobilevitv2_200: { ...second(2) },
} satisfies Record<string, Partial<MobileViTConfig>>;
