// What a user does with a model, as tests of a family's tiny one; what they found is kept as `support.json` beside the
// fixtures, from which render.mjs makes docs/support.md.

import { fileURLToPath } from "node:url";
import { type BaseConfig, createModel, imageSize, type ModelOptions, stateOf } from "@vitrine/core";
import { countVariantMacs } from "@vitrine/export";
import { type AnyFamily, backendNames, goldenFolders, tinyModel, useBackend } from "@vitrine/test-utils/golden";
import { beforeAll, describe, expect, test } from "vitest";
import { modelInfo } from "vitrine";
import { exportAndVerify, exportedBatches, learnDigits } from "./whole-way.ts";

/** A row of docs/support.md. */
export interface Support {
  family: string;
  title: string;
  paper: string;
  variants: number;
  /** Cases whose numbers are the reference's, and the backends they were run on. */
  parity: { cases: string[]; backends: string[] };
  /** Whether digits were learned: the loss fell, and unseen ones are told apart. */
  train: boolean;
  /** Batches and image sizes at which the exported file gave the model's logits. */
  export: { batches: number[]; sizes: string[] };
  /**
   * Other sizes of image: with the `same` parameters, with tables of a checkpoint `adapted` to them, or `fixed`: none.
   */
  imageSize: "same" | "adapted" | "fixed";
  /** Names of the feature maps for dense prediction. */
  maps: string[];
}

/** Registers the tests of a family, by its folder of fixtures, and the last one, which keeps what they found. */
export function describeFamilyInUse(family: AnyFamily, fixtures: URL): void {
  const { variant, options, otherSize, learningRate } = tinyModel(fixtures);
  const make = (more: ModelOptions<BaseConfig> = {}) => createModel(family, variant, { ...options, ...more });

  describe(`${family.name} in use`, () => {
    beforeAll(() => useBackend("onnx"));
    const found: Pick<Support, "train" | "export" | "imageSize"> = {
      train: false,
      export: { batches: [], sizes: [] },
      imageSize: "fixed",
    };

    // Within a minute on two free cores; the limit is for busy ones.
    test("learns to tell handwritten digits apart", { timeout: 180_000 }, async () => {
      const model = make();
      const learned = await learnDigits(model, learningRate);
      const chance = 100 / model.config.numClasses;
      expect(learned.lastLoss).toBeLessThan(0.8 * learned.firstLoss);
      expect(learned.top1After).toBeGreaterThan(learned.top1Before);
      expect(learned.top1After).toBeGreaterThan(2 * chance);
      found.train = true;
    });

    test("is the same model when exported, in batches of any size", async () => {
      const model = make();
      const { file, report } = await exportAndVerify(model);
      expect(file.inputs[0]!.shape[0]).toBe("batch");
      expect(report.batches.map(({ size }) => size)).toEqual(exportedBatches);
      found.export.batches.push(...exportedBatches);
      found.export.sizes.push(imageSize(model.config).join("x"));
    });

    if (otherSize)
      test("is the same model when exported at another image size", async () => {
        const model = make();
        const state = await stateOf(model.spec, model.params);
        const other = make({ imgSize: otherSize, state });
        expect((await exportAndVerify(other)).report.batches).toHaveLength(exportedBatches.length);
        found.export.sizes.push(imageSize(other.config).join("x"));
        found.imageSize = other.notes.length > 0 ? "adapted" : "same";
        if (found.imageSize === "same") expect(model.with({ imgSize: otherSize }).params).toBe(model.params);
      });

    test("costs the multiply-adds that the list of models says", async () => {
      const counted = await countVariantMacs(family, variant);
      const { macs } = await modelInfo(variant);
      expect(Math.abs(macs! / counted - 1)).toBeLessThan(1e-4);
    });

    test("has the place in docs/support.md that it earns", async () => {
      expect(found.train, "learns").toBe(true);
      expect(found.export.sizes, "exports").toHaveLength(otherSize ? 2 : 1);
      const support: Support = {
        family: family.name,
        title: family.title,
        paper: family.paper,
        variants: Object.keys(family.variants).length,
        // Each has a test in the family's own suite; a failing one fails the run.
        parity: { cases: goldenFolders(fixtures).map(([name]) => name), backends: [...backendNames] },
        ...found,
        maps: (make().stages ?? []).map(({ path }) => path),
      };
      const text = `${JSON.stringify(support, undefined, 2)}\n`;
      await expect(text).toMatchFileSnapshot(fileURLToPath(new URL("support.json", fixtures)));
    });
  });
}
