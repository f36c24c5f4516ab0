// What models there are, and what is known of each before it is made.

import {
  configure,
  didYouMean,
  findVariant,
  imageSize,
  type Pretrained,
  parameterCount,
  VitrineError,
} from "@vitrine/core";
import { familyOf } from "./create-model.ts";
import { type AnyFamily, type FamilyName, families, loadFamilies } from "./families.ts";
import { macs } from "./macs.ts";

export interface ModelInfo {
  /** timm's name. */
  name: string;
  family: string;
  title: string;
  /** Trainable parameters with a head of 1000 classes. */
  params: number;
  /** Multiply-adds of one image of the input's size, in matrix products and convolutions. */
  macs: number | undefined;
  /** Height and width of the input. */
  inputSize: readonly [number, number];
  paper: string;
  /** Published checkpoints, the usual one first. */
  pretrained: readonly Pretrained[];
  /** Licence of the usual checkpoint. */
  license: string | undefined;
  /** Repository of the usual checkpoint. */
  hub: string | undefined;
}

export interface ListOptions {
  family?: FamilyName | readonly FamilyName[];
  /** Only models with published weights. */
  pretrained?: boolean;
  /** Only models of at most so many parameters. */
  maxParams?: number;
  /** Only models of at most so many multiply-adds. */
  maxMacs?: number;
  /** Only models whose input has this height or width. */
  imgSize?: number;
  /** Only models whose usual checkpoint has this licence, for example `apache-2.0`. */
  license?: string;
}

/**
 * The models whose name matches `filter`: `*` for any characters, `?` for one, several patterns in a list, and those that
 * begin with `!` leave out. In the order of families and sizes.
 * @throws VitrineError for an unknown family.
 */
export async function listModels(
  filter: string | readonly string[] = "*",
  options: ListOptions = {},
): Promise<ModelInfo[]> {
  const wanted = options.family === undefined ? undefined : [options.family].flat();
  for (const name of wanted ?? [])
    if (!Object.hasOwn(families, name)) {
      const known = Object.keys(families);
      const message = `unknown family "${name}"${didYouMean(name, known)}. Families are ${known.join(", ")}`;
      throw new VitrineError("listModels", message, { usage: true });
    }
  const matches = matcher([filter].flat());
  const infos = (await loadFamilies(wanted)).flatMap((family) =>
    Object.keys(family.variants)
      .filter(matches)
      .map((name) => describe(family, name)),
  );
  return infos.filter((info) => wantedBy(options, info));
}

function wantedBy({ pretrained, maxParams, maxMacs, imgSize, license }: ListOptions, info: ModelInfo): boolean {
  return (
    (!pretrained || info.pretrained.length > 0) &&
    (maxParams === undefined || info.params <= maxParams) &&
    (maxMacs === undefined || (info.macs !== undefined && info.macs <= maxMacs)) &&
    (imgSize === undefined || info.inputSize.includes(imgSize)) &&
    (license === undefined || info.license?.toLowerCase() === license.toLowerCase())
  );
}

/** What is known of a model, by its name or `arch.tag`. @throws VitrineError for an unknown name or tag. */
export async function modelInfo(name: string): Promise<ModelInfo> {
  return describe(await familyOf(name), name);
}

function describe(family: AnyFamily, fullName: string): ModelInfo {
  const { name, variant, pretrained } = findVariant(family, fullName);
  return {
    name: fullName,
    family: family.name,
    title: family.title,
    params: parameterCount(family, name),
    macs: macs[name] === undefined ? undefined : macs[name] * 1e6,
    inputSize: imageSize(configure(family, name)),
    paper: family.paper,
    pretrained: variant.pretrained,
    license: pretrained?.license,
    hub: pretrained?.hub,
  };
}

function matcher(patterns: readonly string[]): (name: string) => boolean {
  const expression = (glob: string) =>
    new RegExp(
      `^${glob
        .replace(/[.+^${}()|[\]\\]/g, "\\$&")
        .replaceAll("*", ".*")
        .replaceAll("?", ".")}$`,
    );
  const excluded = patterns.filter((glob) => glob.startsWith("!")).map((glob) => expression(glob.slice(1)));
  const included = patterns.filter((glob) => !glob.startsWith("!")).map(expression);
  return (name) =>
    (included.length === 0 || included.some((one) => one.test(name))) && !excluded.some((one) => one.test(name));
}
