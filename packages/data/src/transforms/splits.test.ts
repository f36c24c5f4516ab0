import { expect, test } from "vitest";
import type { RawImage } from "../raw-image.ts";
import { trainTransformParts } from "../train-preset.ts";
import { applySplits } from "./splits.ts";
import { applyTransform } from "./transform.ts";

const data = Uint8Array.from({ length: 40 * 30 * 3 }, (_, i) => (i * 37 + (i >> 5) * 11) & 255);
const image: RawImage = { data, width: 40, height: 30, channels: 3 };
const key = { seed: 1, epoch: 2, sample: 3 };
const parts = trainTransformParts({ size: 16, autoAugment: "augmix-m5-w2" });

test("a clean image, and augmented ones that differ", () => {
  const [clean, ...augmented] = applySplits(image, parts, 4, key);
  expect(clean).toEqual(applyTransform(image, parts.primary, key));
  expect(augmented).toHaveLength(3);
  const all = [clean!, ...augmented].map((each) => each.data.join());
  expect(new Set(all).size).toBe(4);
});

test("by key alone, and anew where the sample comes again", () => {
  expect(applySplits(image, parts, 3, key)).toEqual(applySplits(image, parts, 3, { ...key }));
  const again = applySplits(image, parts, 3, { ...key, repeat: 1 });
  const first = applySplits(image, parts, 3, key);
  const all = [...first, ...again].map((each) => each.data.join());
  expect(new Set(all).size).toBe(6);
});

test("refuses fewer than two", () => {
  expect(() => applySplits(image, parts, 1, key)).toThrow("expected 2 or more splits, found 1");
});
