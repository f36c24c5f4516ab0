// The one list of model families. A family is imported when one of its models is asked for.

import type { BaseConfig, Family } from "@vitrine/core";

/** A family of any configuration. */
export type AnyFamily = Family<BaseConfig, object>;

/** `prefixes` tell whose a name is before the family is there; each variant's name begins with one of its family's. */
export const families = {
  vit: {
    prefixes: ["vit_", "flexivit_", "eva_large_patch14_", "test_vit"],
    load: async () => (await import("@vitrine/vit")).vit,
  },
  deit: { prefixes: ["deit_", "deit3_"], load: async () => (await import("@vitrine/deit")).deit },
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
