// Numbers: timm, torchvision and Pillow, made by scripts/fixtures/policies.py: every operation and every row of every
// policy, with chances, levels and signs fixed.

import { describe, expect, test } from "vitest";
import fixture from "../__fixtures__/policies.json" with { type: "json" };
import type { RawImage } from "../raw-image.ts";
import type { WarpInterpolation } from "../transforms/warp.ts";
import { mix, mixOneByOne } from "./aug-mix.ts";
import { applyAugment } from "./augment.ts";
import { autoAugmentPolicies } from "./auto-augment-tables.ts";
import { type AugmentName, augmentArgs, augmentNames } from "./levels.ts";
import { augMixTransforms, namedSets, randSet } from "./sets.ts";
import { applyTrivial, type TrivialName, trivialNames, trivialStrength } from "./trivial-augment.ts";

const { width, height, fill } = fixture;
const image = (base64: string, channels: number): RawImage => {
  return { data: new Uint8Array(Buffer.from(base64, "base64")), width, height, channels };
};
const pictures = { RGB: image(fixture.RGB, 3), L: image(fixture.L, 1) };

/** What the fixtures' operations are set up with. */
const reach = { translateConst: 5, translatePct: 0.45 };

function run(picture: RawImage, name: string, level: number, negative: boolean, interpolation: string): RawImage {
  const args = augmentArgs(name as AugmentName, level, negative, reach);
  return applyAugment(picture, name as AugmentName, args, {
    interpolation: interpolation as WarpInterpolation,
    fill: picture.channels === 1 ? [116] : fill,
  });
}

describe("levels", () => {
  test("cover every operation of timm, and no other", () => {
    expect(new Set(fixture.levels.map(({ name }) => name))).toEqual(new Set(augmentNames));
  });
  test.for(fixture.levels)("of $name, negative: $negative, reach $reach", ({ name, reach, negative, args }) => {
    const [translateConst, translatePct] = reach as [number, number];
    for (const [level, expected] of args as [number, number[]][]) {
      expect(augmentArgs(name as AugmentName, level, negative, { translateConst, translatePct })).toEqual(expected);
    }
  });
});

describe("sets and tables are timm's", () => {
  test("of RandAugment and AugMix", () => {
    const { plain, inc, "3a": three, "3aw": weightedThree, weights, augmix } = fixture.randTransforms;
    expect(randSet(false)).toEqual({ transforms: plain });
    expect(randSet(true)).toEqual({ transforms: inc });
    expect(namedSets["3a"]).toEqual({ transforms: three });
    for (const [set, table] of [
      [namedSets["3aw"], weightedThree],
      [namedSets.weights, weights],
    ] as const) {
      expect(Object.fromEntries(set.transforms.map((name, i) => [name, set.weights[i]]))).toEqual(table);
    }
    expect(augMixTransforms).toEqual(augmix);
  });
  test.for(Object.keys(autoAugmentPolicies))("%s", (name) => {
    const rows = fixture.policies[name as keyof typeof fixture.policies];
    expect(autoAugmentPolicies[name as keyof typeof autoAugmentPolicies]).toEqual(rows.map(({ steps }) => steps));
  });
});

describe("equals timm byte for byte", () => {
  test.for(fixture.steps)("$name at $level, $image, $interpolation, negative: $negative", (row) => {
    const picture = pictures[row.image as "RGB" | "L"];
    const result = run(picture, row.name, row.level, row.negative, row.interpolation);
    expect(result).toEqual(image(row.pixels, picture.channels));
  });
  test.for(Object.entries(fixture.policies))("every row of %s", ([, rows]) => {
    for (const { steps, pixels } of rows) {
      const result = (steps as [string, number, number][]).reduce((picture, [name, , level]) => {
        return run(picture, name === "GaussianBlurRand" ? "GaussianBlur" : name, level, false, "bicubic");
      }, pictures.RGB);
      expect(result, JSON.stringify(steps)).toEqual(image(pixels, 3));
    }
  });
  test.for(fixture.mixes)("AugMix with weights $weights and share $share", (row) => {
    const chains = row.chains.map((names) =>
      names.reduce((picture, name) => run(picture, name, row.level, false, "bilinear"), pictures.RGB),
    );
    expect(mix(pictures.RGB, chains, row.weights, row.share)).toEqual(image(row.mixed, 3));
    expect(mixOneByOne(pictures.RGB, chains, row.weights, row.share)).toEqual(image(row.blended, 3));
  });
});

describe("TrivialAugment equals torchvision", () => {
  test("has its operations, in its order", () => {
    expect(trivialNames).toEqual(Object.keys(fixture.trivial.strengths));
  });
  test.for(Object.entries(fixture.trivial.strengths))("strengths of %s", ([name, strengths]) => {
    strengths.forEach((strength, bin) => {
      expect(trivialStrength(name as TrivialName, bin)).toBe(strength);
    });
  });
  test.for(fixture.trivial.rows)("$name at $strength, $interpolation", ({ name, strength, interpolation, pixels }) => {
    const warp = { interpolation: interpolation as WarpInterpolation, fill: [0] };
    expect(applyTrivial(pictures.RGB, name as TrivialName, strength, warp)).toEqual(image(pixels, 3));
  });
});
