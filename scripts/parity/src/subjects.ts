// What a case is run with: a model of ours by the name of the reference's, or a subject of its own where the case is not one
// of image classification.

import { VitrineError } from "@vitrine/core";
import { type Check, checkGolden, type Golden } from "@vitrine/test-utils/golden";
import { findFamily } from "vitrine";
import { checkClip } from "./clip.ts";
import { checkAxialAttention, checkPerformerAttention } from "./layers.ts";

/** Our variants for references that name a class, not a size; the case's arguments make the size. */
const variantOf: Readonly<Record<string, string>> = {
  CvtForImageClassification: "cvt_13",
  VisionTransformerDiffPruning: "dynamicvit_base_patch16_224",
};

/** Checks of cases that hold no labelled images, by the reference's class. */
const ownChecks: Readonly<Record<string, (golden: Golden) => Promise<Check[]>>> = {
  AxialAttention: checkAxialAttention,
  CLIPModel: checkClip,
  SelfAttention: checkPerformerAttention,
};

/** All comparisons of a case on the current backend. @throws VitrineError where nothing of ours is its counterpart. */
export async function check(golden: Golden): Promise<Check[]> {
  const { model } = golden.about;
  const own = ownChecks[model];
  if (own !== undefined) return own(golden);
  const variant = variantOf[model] ?? model;
  const family = await findFamily(variant);
  if (family === undefined) throw new VitrineError(golden.folder, `no family for model ${model} yet`);
  return checkGolden(family, golden, variant);
}
