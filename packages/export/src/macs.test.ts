import { createModel, tf } from "@vitrine/core";
import { deit } from "@vitrine/deit";
import { vit } from "@vitrine/vit";
import { expect, test } from "vitest";
import { countMacs, countVariantMacs } from "./macs.ts";

// 1e9 multiply-adds of matmul and conv at batch 1, by torch.utils.flop_counter on timm 1.0.31.
test.each([
  ["vit_tiny_patch16_224", () => countVariantMacs(vit, "vit_tiny_patch16_224"), 1.2537],
  ["vit_base_patch32_384", () => countVariantMacs(vit, "vit_base_patch32_384"), 13.0436],
  ["vit_small_patch14_reg4_dinov2", () => countVariantMacs(vit, "vit_small_patch14_reg4_dinov2"), 46.8832],
  ["deit_tiny_distilled_patch16_224", () => countVariantMacs(deit, "deit_tiny_distilled_patch16_224"), 1.261],
] as const)("counts %s as its reference does", async (_name, count, gmacs) => {
  const counted = (await count()) / 1e9;
  expect(Math.abs(counted - gmacs) / gmacs).toBeLessThan(0.001);
});

test("counts at another size, and allocates nothing", async () => {
  const model = createModel(vit, "vit_tiny_patch16_224", { embedDim: 32, depth: 1, numHeads: 2, dynamicImgSize: true });
  const before = tf.memory().numTensors;
  const small = await countMacs(model, [32, 32]);
  expect(await countMacs(model, [64, 64])).toBeGreaterThan(3 * small);
  expect(tf.memory().numTensors).toBe(before);
});
