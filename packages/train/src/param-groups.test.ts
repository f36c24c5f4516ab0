import { type Model, specLeaves } from "@vitrine/core";
import { linearSpec, vitDepth, vitEncoderSpec } from "@vitrine/core/layers";
import { describe, expect, test } from "vitest";
import { fixture } from "../tests/fixtures.ts";
import { freezing } from "./freeze.ts";
import { decayMask, layerScales } from "./param-groups.ts";

interface Case {
  layer_decay: number;
  weight_decay_groups: { weight_decay: number; params: string[] }[];
  layer_decay_groups: { lr_scale: number; weight_decay: number; params: string[] }[];
}

// timm's vit_tiny_patch16_224 with depth 3 at 64 pixels.
const config = {
  ...{ imgSize: 64, inChans: 3, patchSize: 16, depth: 3, embedDim: 192, numHeads: 3, mlpRatio: 4, qkvBias: true },
  ...{ qkNorm: false, initValues: null, classToken: true, regTokens: 0, noEmbedClass: false, preNorm: false },
  ...{ dynamicImgSize: false, posDropRate: 0, dropPathRate: 0, projDropRate: 0, attnDropRate: 0, normEps: 1e-6 },
} as unknown as Parameters<typeof vitEncoderSpec>[0];
const model = {
  name: "vit",
  spec: { ...vitEncoderSpec(config), head: linearSpec(192, 10) },
  depth: (path: string) => vitDepth(config, path),
  classifier: ["head"],
} as unknown as Model;
const paths = specLeaves(model.spec).map(([path]) => path);
const [vit] = fixture<{ cases: Case[] }>("param_groups").cases as [Case];

test("decays what timm decays", () => {
  const decays = decayMask(model.spec);
  for (const group of vit.weight_decay_groups)
    for (const path of group.params) expect([path, decays(path)]).toEqual([path, group.weight_decay > 0]);
  expect(vit.weight_decay_groups.flatMap(({ params }) => params).sort()).toEqual([...paths].sort());
});

test("scales rates by layer as timm does", () => {
  const { rateScale } = layerScales(model, { decay: vit.layer_decay });
  for (const group of vit.layer_decay_groups)
    for (const path of group.params) expect([path, rateScale(path)]).toEqual([path, group.lr_scale]);
});

test("has a floor for scales, and stops layers below a scale", () => {
  const { rateScale, frozen } = layerScales(model, { decay: 0.5, minScale: 0.2, noOptScale: 0.1 });
  expect(rateScale("cls_token")).toBe(0.2);
  expect([frozen("cls_token"), frozen("blocks.0.norm1.weight"), frozen("head.bias")]).toEqual([true, false, false]);
});

describe("freezing", () => {
  const frozen = (text: string) => {
    const is = freezing(model, text);
    return paths.filter(is);
  };
  test("leaves the head of a backbone", () => {
    expect(paths.filter((path) => !frozen("backbone").includes(path))).toEqual(["head.weight", "head.bias"]);
  });
  test("takes the stem along with the first stages", () => {
    const found = frozen("stages:0-1");
    expect(found).toContain("patch_embed.proj.weight");
    expect(found).toContain("blocks.1.mlp.fc2.bias");
    expect(found.some((path) => /^(blocks\.2|norm|head)/.test(path))).toBe(false);
  });
  test("takes a range in the middle alone, and paths", () => {
    expect(frozen("blocks:1").every((path) => path.startsWith("blocks.1."))).toBe(true);
    expect(frozen("cls_token, norm")).toEqual(["cls_token", "norm.weight", "norm.bias"]);
  });
  test("says what it does not find", () => {
    expect(() => freezing(model, "stages:1-7")).toThrow('"stages:1-7" goes beyond blocks:0-2, which is what vit has');
    expect(() => freezing(model, "block")).toThrow('"block" fits no parameter of vit (did you mean "blocks"?)');
    expect(() => freezing(model, "stages:2-1")).toThrow("runs backwards; write blocks:1-2");
    expect(() => freezing(model, "backbone,head")).toThrow("leaves nothing of vit to train");
  });
});
