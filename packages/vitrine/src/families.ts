// The one list of model families. A family is imported when one of its models is asked for.

import type { BaseConfig, Family } from "@vitrine/core";

/** A family of any configuration. */
export type AnyFamily = Family<BaseConfig, object>;

/** `prefixes` tell whose a name is before the family is there; each variant's name begins with one of its family's. */
export const families = {
  // Plain transformers over patches.
  vit: {
    prefixes: ["vit_", "flexivit_", "eva_large_patch14_", "test_vit"],
    load: async () => (await import("@vitrine/vit")).vit,
  },
  deit: { prefixes: ["deit_", "deit3_"], load: async () => (await import("@vitrine/deit")).deit },
  dinov3: {
    prefixes: ["tiny", "small", "small_plus", "base", "large", "huge_plus", "7b"].map((s) => `vit_${s}_patch16_dinov3`),
    load: async () => (await import("@vitrine/dinov3")).dinov3,
  },
  clip: { prefixes: ["clip_"], load: async () => (await import("@vitrine/clip")).clip },
  convit: { prefixes: ["convit_"], load: async () => (await import("@vitrine/convit")).convit },
  "dynamic-vit": { prefixes: ["dynamicvit_"], load: async () => (await import("@vitrine/dynamic-vit")).dynamicVit },
  "efficient-attention": {
    prefixes: ["performer_vit_", "bigbird_vit_", "linear_vit_"],
    load: async () => (await import("@vitrine/efficient-attention")).efficientAttention,
  },

  // Hierarchies of maps, with attention.
  swin: { prefixes: ["swin_"], load: async () => (await import("@vitrine/swin")).swin },
  swinv2: { prefixes: ["swinv2_"], load: async () => (await import("@vitrine/swin")).swinV2 },
  "swinv2-cr": { prefixes: ["swinv2_cr_"], load: async () => (await import("@vitrine/swin")).swinV2Cr },
  maxvit: {
    prefixes: ["maxvit_", "maxxvit_", "maxxvitv2_", "coatnet_", "coatnext_", "test_maxvit", "test_coatnet"],
    load: async () => (await import("@vitrine/maxvit")).maxvit,
  },
  cvt: { prefixes: ["cvt_"], load: async () => (await import("@vitrine/cvt")).cvt },
  "cas-vit": { prefixes: ["rcvit_"], load: async () => (await import("@vitrine/cas-vit")).casVit },
  mobilevit: {
    prefixes: ["mobilevit_", "mobilevitv2_"],
    load: async () => (await import("@vitrine/mobilevit")).mobilevit,
  },
  efficientvit: {
    prefixes: ["efficientvit_b", "efficientvit_l"],
    load: async () => (await import("@vitrine/efficientvit")).efficientvit,
  },
  "efficientvit-msra": {
    prefixes: ["efficientvit_m"],
    load: async () => (await import("@vitrine/efficientvit")).efficientvitMsra,
  },
  efficientmod: { prefixes: ["efficientMod_"], load: async () => (await import("@vitrine/efficientmod")).efficientmod },
  groupmamba: { prefixes: ["groupmamba_"], load: async () => (await import("@vitrine/groupmamba")).groupmamba },
  axial: { prefixes: ["axial_"], load: async () => (await import("@vitrine/axial")).axial },

  // Convolutional networks.
  resnet: {
    prefixes: ["resnet", "resnext", "seresnet", "seresnext", "senet154", "ecaresnet", "ecaresnext", "wide_resnet"],
    load: async () => (await import("@vitrine/resnet")).resnet,
  },
  regnet: { prefixes: ["regnet"], load: async () => (await import("@vitrine/regnet")).regnet },
  rdnet: { prefixes: ["rdnet_"], load: async () => (await import("@vitrine/rdnet")).rdnet },
};

export type FamilyName = keyof typeof families;

/** The families by name, as types. */
export type Families = { [F in FamilyName]: Awaited<ReturnType<(typeof families)[F]["load"]>> };

/** Names of the models: timm's. */
export type ModelName = { [F in FamilyName]: keyof Families[F]["variants"] & string }[FamilyName];

/** The family of a model's name (with or without a tag), as a type. */
export type FamilyOf<N extends string> = {
  [F in FamilyName]: N extends keyof Families[F]["variants"] | `${keyof Families[F]["variants"] & string}.${string}`
    ? Families[F]
    : never;
}[FamilyName];

const loaders: [name: string, family: { prefixes: readonly string[]; load: () => Promise<AnyFamily> }][] =
  Object.entries(families);

/** Every family, in the order of the list. */
export async function loadFamilies(names?: readonly string[]): Promise<AnyFamily[]> {
  const wanted = loaders.filter(([name]) => names === undefined || names.includes(name));
  return Promise.all(wanted.map(([, { load }]) => load()));
}

/** The family whose variant `name` (without a tag) is, or nothing. Imports only families that the name may be of. */
export async function findFamily(name: string): Promise<AnyFamily | undefined> {
  for (const [, { prefixes, load }] of loaders) {
    if (!prefixes.some((prefix) => name.startsWith(prefix))) continue;
    const family = await load();
    if (Object.hasOwn(family.variants, name)) return family;
  }
  return undefined;
}
