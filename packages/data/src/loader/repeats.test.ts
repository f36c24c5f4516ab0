import { expect, test } from "vitest";
import { arrayDataset } from "../datasets/arrays.ts";
import { evalTransform } from "../presets.ts";
import { repeatedSampler } from "../samplers/sampler.ts";
import { createLoader } from "./loader.ts";

const pixel = (value: number) => ({ data: Uint8Array.of(value), width: 1, height: 1, channels: 1 });
const transform = evalTransform({ size: 1, channels: 1, cropPct: 1 });
const dataset = (bad = -1) => {
  const images = Array.from({ length: 6 }, (_, i) => pixel(i));
  const whole = arrayDataset({ images, labels: images.map((_, i) => i % 2), classes: ["a", "b"] });
  return { ...whole, load: (i: number) => (i === bad ? new Uint8Array(9) : whole.load(i)) };
};

async function keysOf(bad?: number): Promise<string[]> {
  const loader = createLoader(dataset(bad), {
    ...{ batchSize: 4, transform, workers: 0, corrupt: "skip", maxBadFraction: 1 },
    sampler: repeatedSampler(6, { repeats: 3, round: 1 }),
  });
  const keys: string[] = [];
  for await (const { indices, repeats } of loader.epoch(0))
    indices.forEach((index, i) => {
      keys.push(`${index} ${repeats![i]}`);
    });
  await loader.close();
  return keys;
}

test("batches say which time a sample comes, across their borders", async () => {
  const keys = await keysOf();
  expect(keys.length).toBeGreaterThanOrEqual(6);
  expect(new Set(keys).size).toBe(keys.length);
  expect(keys.slice(0, 3).map((key) => key.split(" ")[1])).toEqual(["0", "1", "2"]);
});

test("samples that are left out leave the others' times as they are", async () => {
  const keys = await keysOf();
  const bad = keys[3]!.split(" ")[0]!;
  expect(await keysOf(Number(bad))).toEqual(keys.filter((key) => key.split(" ")[0] !== bad));
});

test("an order that has each sample once says nothing", async () => {
  const loader = createLoader(dataset(), { batchSize: 4, transform, workers: 0, shuffle: true });
  for await (const batch of loader.epoch(0)) expect(batch.repeats).toBeUndefined();
  await loader.close();
});
