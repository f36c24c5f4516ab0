// torch's `interpolate` of floats, where a graph of ours has the same operation: bicubic with antialias (position tables)
// and bilinear without (maps of features).

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { resampleGrid, resizeBilinear, tf } from "@vitrine/core";
import { parseSafetensors } from "@vitrine/core/node";
import { useBackend } from "@vitrine/test-utils/golden";
import { type Comparison, compare } from "./compare.ts";
import type { TransformCases } from "./transforms.ts";

interface Entry {
  key: string;
  size_wh: [width: number, height: number];
  mode: string;
  antialias: boolean;
}

export async function checkInterpolate({ folder, photo, listed }: TransformCases): Promise<Comparison[]> {
  await useBackend("cpu");
  const file = join(folder, "interpolate.safetensors");
  const tensors = parseSafetensors(readFileSync(file), file);
  const { width, height, channels } = photo;
  const pixels = Float32Array.from(photo.data, (value) => value / 255);
  const rows: Comparison[] = [];
  for (const { key, size_wh: size, mode, antialias } of listed as Entry[]) {
    const to = [size[1], size[0]] as const;
    let out: tf.Tensor;
    if (mode === "bicubic" && antialias) {
      out = resampleGrid(tf.tensor2d(pixels, [height * width, channels]), [height, width], to);
    } else if (mode === "bilinear" && !antialias) {
      out = resizeBilinear(tf.tensor4d(pixels, [1, height, width, channels]), to);
    } else {
      console.log(`interpolate ${key}: no operation of ours does ${mode} ${antialias ? "with" : "without"} antialias`);
      continue;
    }
    const first = tf.transpose(tf.reshape(out, [to[0] * to[1], channels]), [1, 0]); // [C, H'·W']
    const expected = tensors.readFloat32(key);
    rows.push(compare(`interpolate ${key}`, await first.data(), expected, { kind: "within", value: 1e-5 }));
  }
  return rows;
}
