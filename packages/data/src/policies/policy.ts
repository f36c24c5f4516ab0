// From a policy string to the operation of a transform that carries it out.

import { didYouMean } from "@vitrine/core";
import type { AugMix } from "./aug-mix.ts";
import type { AugmentLook, Noise } from "./augment.ts";
import type { AutoAugment } from "./auto-augment.ts";
import { type AutoAugmentName, autoAugmentPolicies } from "./auto-augment-tables.ts";
import { policyError, policyName, readSections, type Sections } from "./grammar.ts";
import { defaultReach, fullLevel } from "./levels.ts";
import type { RandAugment } from "./rand-augment.ts";
import { augMixTransforms, namedSets, randSet, type SetName } from "./sets.ts";
import { type TrivialAugment, trivialBins } from "./trivial-augment.ts";

/** An automatic augmentation as plain data. */
export type PolicyOp = RandAugment | AutoAugment | AugMix | TrivialAugment;

/** What a policy string does not say. timm's defaults stand for what is missing. */
export type PolicySettings = Partial<AugmentLook>;

/** No image is to take minutes by a slip of the finger. */
const mostSteps = 100;

const policies: readonly string[] = ["rand", "augmix", "ta_wide", ...Object.keys(autoAugmentPolicies)];

/**
 * The operation that a policy string names: `rand-m9-mstd0.5-inc1`, `original-mstd0.5`, `v0`, `3a`, `augmix-m5-w4-d2`,
 * `ta_wide`. Sections may stand in any order; docs/transforms.md lists them.
 * @throws VitrineError (usage) that marks the mistake in the string.
 */
export function augmentPolicy(text: string, settings: PolicySettings = {}): PolicyOp {
  const name = policyName(text);
  const look: AugmentLook = {
    fill: settings.fill ?? [128],
    interpolation: settings.interpolation ?? "random",
    reach: settings.reach ?? defaultReach,
  };
  if (name === "rand") return randAugmentOf(text, look);
  if (name === "augmix") return augMixOf(text, look);
  if (name === "ta_wide") {
    readSections(text, {});
    const { interpolation, fill } = settings;
    // torchvision's defaults: no smoothing, black.
    const fixed = interpolation === undefined || interpolation === "random" ? "nearest" : interpolation;
    return { op: "trivialAugment", bins: trivialBins, interpolation: fixed, fill: fill ?? [0] };
  }
  if (Object.hasOwn(autoAugmentPolicies, name)) {
    const { mstd = 0 } = readSections(text, { mstd: { kind: "number" } });
    const policy = autoAugmentPolicies[name as AutoAugmentName];
    return { op: "autoAugment", policy, noise: mstd as number, ...look };
  }
  const found = name === "" ? "no policy" : `unknown policy "${name}"${didYouMean(name, policies)}`;
  throw policyError(text, 0, name.length, `${found}; policies are ${policies.join(", ")}`);
}

function randAugmentOf(text: string, look: AugmentLook): RandAugment {
  const sections = readSections(text, {
    m: { kind: "integer" },
    n: { kind: "integer", max: mostSteps },
    p: { kind: "number", max: 1 },
    mstd: { kind: "number" },
    mmax: { kind: "integer" },
    inc: { kind: "flag" },
    t: { kind: "word", words: Object.keys(namedSets) },
    w: { kind: "integer", instead: "timm no longer has the key w; choices by weight are tweights" },
  });
  const { m = fullLevel, n = 2, p = 0.5, mstd = 0, mmax = 0, inc = 0, t } = sections;
  const set = t === undefined ? randSet(inc === 1) : namedSets[t as SetName];
  if ("weights" in set && (n as number) > set.transforms.length) {
    const most = `t${t} has ${set.transforms.length} operations and takes none twice; n can be no more`;
    throw policyError(text, text.lastIndexOf(`-n${n}`) + 1, String(n).length + 1, most);
  }
  return {
    op: "randAugment",
    ...set,
    layers: n as number,
    prob: p as number,
    level: m as number,
    // timm: a deviation above 100 stands for levels drawn evenly.
    noise: (mstd as number) > 100 ? "uniform" : (mstd as number),
    maxLevel: (mmax as number) || fullLevel,
    ...look,
  };
}

function augMixOf(text: string, look: AugmentLook): AugMix {
  const sections: Sections = readSections(text, {
    m: { kind: "integer" },
    w: { kind: "integer", min: 1, max: mostSteps },
    d: { kind: "integer", max: mostSteps },
    a: { kind: "number", min: Number.MIN_VALUE },
    b: { kind: "flag" },
    mstd: { kind: "number" },
  });
  const { m = 3, w = 3, d = 0, a = 1, b = 0, mstd } = sections;
  const noise: Noise = mstd === undefined ? "uniform" : (mstd as number);
  return {
    op: "augMix",
    transforms: augMixTransforms,
    level: m as number,
    width: w as number,
    depth: d as number,
    alpha: a as number,
    blended: b === 1,
    noise,
    ...look,
  };
}
