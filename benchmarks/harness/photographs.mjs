// A folder of 2,000 JPEGs of 500x375, made once and kept in benchmarks/.cache: parts of photographs where a folder of
// some is given, else pictures with what a decoder notices of photographs: detail at all scales, edges, and noise.

import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Rng } from "@vitrine/core";
import { crop, decodeImage, resample, writeImage } from "@vitrine/data";
import { at } from "./settings.mjs";

const [width, height] = [500, 375];
export const count = 2000;
/** Pictures that are drawn; the files are parts of them. */
const drawn = 100;

/** The folder, with train/<class>/*.jpg. */
export async function photographs(source, say) {
  const folder = at(`.cache/photographs${source === undefined ? "" : "-given"}`);
  if (existsSync(folder)) return folder;
  const making = `${folder}.${process.pid}.tmp`;
  const given = source === undefined ? [] : readdirSync(source).map((name) => join(source, name));
  for (let c = 0; c < 10; c++) mkdirSync(join(making, "train", `class${c}`), { recursive: true });
  const pictures = given.length > 0 ? [] : Array.from({ length: drawn }, (_, i) => picture(Rng.of("picture", i)));
  for (let i = 0; i < count; i++) {
    if (i % 200 === 0) say(`  ${i} of ${count} pictures`);
    const rng = Rng.of("photograph", i);
    const image = partOf(given.length > 0 ? await decodeImage(given[i % given.length]) : pictures[i % drawn], rng);
    await writeImage(image, join(making, "train", `class${i % 10}`, `${i}.jpg`));
  }
  try {
    renameSync(making, folder);
  } catch {
    rmSync(making, { recursive: true, force: true }); // Another process was faster.
  }
  return folder;
}

function partOf(image, rng) {
  const scale = Math.max(width / image.width, height / image.height, 0.7 + rng.uniform() * 0.3);
  const resized = resample(image, Math.ceil(image.width * scale), Math.ceil(image.height * scale), "bicubic");
  const left = rng.int(resized.width - width + 1);
  return crop(resized, { left, top: rng.int(resized.height - height + 1), width, height });
}

/** Octaves of random colours with amplitudes as 1 / frequency, a few shapes, and the noise of a sensor. */
export function picture(rng) {
  const [width, height] = [640, 480];
  const sum = new Float32Array(width * height * 3).fill(127);
  for (let cells = 2, amplitude = 90; cells <= 256; cells *= 2, amplitude *= 0.75) {
    const data = Uint8Array.from({ length: cells * cells * 3 }, () => rng.uint32() >>> 24);
    const octave = resample({ data, width: cells, height: cells, channels: 3 }, width, height, "bicubic").data;
    for (let k = 0; k < sum.length; k++) sum[k] += ((octave[k] - 127) / 127) * amplitude;
  }
  for (let shape = 0; shape < 12; shape++) {
    const [w, h] = [20 + rng.int(160), 20 + rng.int(120)];
    const [left, top] = [rng.int(width - w), rng.int(height - h)];
    const colour = [rng.int(160) - 80, rng.int(160) - 80, rng.int(160) - 80];
    for (let y = top; y < top + h; y++)
      for (let x = left; x < left + w; x++) for (let c = 0; c < 3; c++) sum[(y * width + x) * 3 + c] += colour[c];
  }
  const data = Uint8Array.from(sum, (value) => Math.max(0, Math.min(255, value + (rng.uint32() >>> 28) - 7)));
  return { data, width, height, channels: 3 };
}
