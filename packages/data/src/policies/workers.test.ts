// Worker threads take policies as messages: the bytes are those of the calling thread.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openFiles } from "../datasets/files.ts";
import { writeImage } from "../image.ts";
import { createLoader } from "../loader/loader.ts";
import { trainTransform } from "../train-preset.ts";
import { augmentPolicy } from "./policy.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "policies-"));
  for (let n = 0; n < 7; n++) {
    const data = Uint8Array.from({ length: 40 * 30 * 3 }, (_, i) => (i * (n + 3) + (i >> 6) * 17) & 255);
    await writeImage({ data, width: 40, height: 30, channels: 3 }, join(folder, `${n}.png`));
  }
});
afterAll(() => rm(folder, { recursive: true }));

const policies = ["rand-m9-mstd0.5-inc1", "rand-tweights-n3", "original-mstd0.5", "3a", "augmix", "ta_wide"];

async function batches(workers: number): Promise<string[]> {
  const options = { size: 20, trainCropMode: "rkrr", grayscaleProb: 0.2, gaussianBlurProb: 0.3 } as const;
  const transform = trainTransform({ ...options, autoAugment: "v0", forceColorJitter: true });
  const ops = [...transform.ops, ...policies.map((policy) => augmentPolicy(policy))];
  const settings = { batchSize: 3, workers, shuffle: true, seed: 5 };
  const loader = createLoader(await openFiles([folder]), { ...settings, transform: { ...transform, ops } });
  const found: string[] = [];
  for await (const { images } of loader.epoch(1)) found.push(Buffer.from(images).toString("base64"));
  await loader.close();
  return found;
}

test("the same bytes for 0 and 2 workers, by all policies in a row", async () => {
  const alone = await batches(0);
  expect(new Set(alone).size).toBe(3);
  expect(await batches(2)).toEqual(alone);
});
