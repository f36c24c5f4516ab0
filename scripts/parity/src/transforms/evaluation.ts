// timm's evaluation pipelines, from the image to the normalised tensor.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSafetensors } from "@vitrine/core/node";
import { applyTransform, type CropMode, evalTransform, type Interpolation, normalize } from "@vitrine/data";
import { type Comparison, compare } from "./compare.ts";
import type { TransformCases } from "./transforms.ts";

interface Entry {
  key: string;
  img_size: [height: number, width: number];
  crop_pct: number;
  crop_mode?: CropMode;
  interpolation: Interpolation;
  mean: number[];
  std: number[];
}

/** Within 0.02 on 99.9 % of the values, and within a level (and half, for rounding) everywhere. */
export async function checkEvaluation({ folder, photo, listed }: TransformCases): Promise<Comparison[]> {
  const file = join(folder, "eval.safetensors");
  const tensors = parseSafetensors(readFileSync(file), file);
  return (listed as Entry[]).map((entry) => {
    const { key, img_size: size, mean, std } = entry;
    const transform = evalTransform({
      size,
      cropPct: entry.crop_pct,
      cropMode: entry.crop_mode ?? "center",
      interpolation: entry.interpolation,
      mean,
      std,
    });
    const found = channelsFirst(normalize(applyTransform(photo, transform).data, { mean, std }), mean.length);
    const expected = tensors.readFloat32(key);
    const most = 1.5 / 255 / Math.min(...std);
    return compare(`eval ${key}`, found, expected, {
      kind: "mostly",
      value: 0.02,
      share: 0.999,
      most,
    });
  });
}

/** [H, W, C] → [C, H, W]. */
function channelsFirst(values: Float32Array, channels: number): Float32Array {
  const pixels = values.length / channels;
  const out = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) out[(i % channels) * pixels + Math.floor(i / channels)] = values[i]!;
  return out;
}
