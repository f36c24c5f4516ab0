// What a model family provides: its sizes, its parameters and its forward pass, and how a variant is configured.

import { didYouMean, VitrineError } from "./errors.ts";
import type { Mode } from "./mode.ts";
import { countParams, type Spec } from "./params.ts";
import { type Preparation, type Pretrained, type PretrainedRow, published } from "./pretrained.ts";
import type { State } from "./state.ts";
import type { tf } from "./tf.ts";

/** What every family's configuration has. Names and defaults are timm's, in camel case. */
export interface BaseConfig {
  /** Classes of the head; 0 for none (logits are then the pooled features). */
  numClasses: number;
  imgSize: number | readonly [number, number];
  inChans: number;
}

export interface Variant<C> {
  /** What differs from the family's defaults. */
  config: Partial<C>;
  /** How images are prepared where no checkpoint says otherwise. */
  preparation: Preparation;
  /** Published checkpoints, the usual one first. */
  pretrained: readonly Pretrained[];
}

/** A feature map on the way through a model: timm's `feature_info`. */
export interface FeatureStage {
  /** The tap that holds it, [B, H, W, C]. */
  path: string;
  channels: number;
  /** Pixels of the image to one of the map. */
  stride: number;
}

/** An architecture family: sizes, parameters and forward pass. A value to be passed on; nothing is registered. */
export interface Family<C extends BaseConfig, P extends object> {
  readonly name: string;
  readonly title: string;
  /** Address of the paper. */
  readonly paper: string;
  readonly defaults: Readonly<C>;
  readonly variants: Readonly<Record<string, Variant<C>>>;
  /** Paths of the layers that give class scores; replaced when the number of classes changes. */
  readonly classifier: readonly string[];
  /** @throws VitrineError for a configuration that the architecture cannot take. */
  spec(config: C): Spec<NoInfer<P>>;
  /** images: [B, H, W, C], normalised → unpooled features, channels last. */
  features(config: C, params: P, images: tf.Tensor4D, mode: Mode): tf.Tensor;
  /** Features → logits [B, classes], or what the classifier would read when `preLogits` is set. */
  head(config: C, params: P, features: tf.Tensor, mode: Mode, options?: { preLogits?: boolean }): tf.Tensor2D;
  /** Logits from images where there is a cheaper way than features and head. */
  logits?(config: C, params: P, images: tf.Tensor4D, mode: Mode): tf.Tensor2D;
  /** The logits of each head apart, for families with several; training may want them so. */
  heads?(config: C, params: P, images: tf.Tensor4D, mode: Mode): tf.Tensor2D[];
  /** A checkpoint of another image size or number of channels made to fit; says in `notes` what it changed. */
  adapt?(config: C, state: State, notes: string[]): State;
  /**
   * What else changes with the options of `model.with`, where one follows from another: windows from the image's size.
   * Gives the options with that put in.
   */
  resize?(config: C, options: Partial<C>): Partial<C>;
  /** Maps that dense prediction reads, finest first; only of architectures that have maps. */
  stages?(config: C): FeatureStage[];
  /** How deep a parameter lies: 0 for the stem, the highest for the head. For freezing and layer-wise rates. */
  depth(config: C, path: string): number;
}

/** A variant's name, or with the tag of a published checkpoint: timm's `arch.tag`. */
export type VariantName<N extends string> = N | `${N}.${string}`;

/** Options that are not part of a configuration. */
const modelOptions = ["seed", "state", "stateName", "strict"] as const;

/** A family whose variants' names are known as types. */
export type NamedFamily<C extends BaseConfig, P extends object, N extends string> = Omit<Family<C, P>, "variants"> & {
  readonly variants: Readonly<Record<N, Variant<C>>>;
};

/** Defines a family; gives its literal types a name to be inferred by. */
export function defineFamily<C extends BaseConfig, P extends object, const N extends string>(
  family: NamedFamily<C, P, N>,
): NamedFamily<C, P, N> {
  return family;
}

/** The variants of a family from the table of their sizes and the table of their published checkpoints. */
export function variantsOf<C extends BaseConfig, const N extends string>(
  sizes: Readonly<Record<N, Partial<C>>>,
  weights: Readonly<Record<string, Readonly<Record<string, PretrainedRow>>>>,
  base: Preparation,
): Readonly<Record<N, Variant<C>>> {
  const rows = Object.entries<Partial<C>>(sizes).map(([name, config]) => {
    const pretrained = published(name, weights[name] ?? {}, base);
    return [name, { config, preparation: pretrained[0]?.preparation ?? base, pretrained }];
  });
  return Object.fromEntries(rows) as Record<N, Variant<C>>;
}

/** The configuration of a variant with options put in. @throws VitrineError for an unknown variant or option. */
export function configure<C extends BaseConfig>(family: Family<C, object>, name: string, options: object = {}): C {
  const { variant, pretrained } = findVariant(family, name);
  const { imgSize = variant.config.imgSize ?? family.defaults.imgSize } = pretrained ?? {};
  const config = { ...family.defaults, ...variant.config, imgSize };
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined || (modelOptions as readonly string[]).includes(key)) continue;
    if (!(key in family.defaults)) {
      const known = Object.keys(family.defaults);
      const message = `unknown option "${key}"${didYouMean(key, known)}. Options are ${known.join(", ")}`;
      throw new VitrineError(name, message, { usage: true });
    }
    config[key as keyof C] = value as C[keyof C];
  }
  const { numClasses, inChans } = config;
  if (!Number.isInteger(numClasses) || numClasses < 0)
    throw new VitrineError(name, `numClasses must be 0 or more, found ${numClasses}`, { usage: true });
  if (!Number.isInteger(inChans) || inChans < 1)
    throw new VitrineError(name, `inChans must be 1 or more, found ${inChans}`, { usage: true });
  for (const size of imageSize(config))
    if (!Number.isInteger(size) || size < 1)
      throw new VitrineError(name, `imgSize must be whole pixels, found ${config.imgSize}`, { usage: true });
  return config;
}

/** Height and width. */
export function imageSize(config: Pick<BaseConfig, "imgSize">): readonly [number, number] {
  return typeof config.imgSize === "number" ? [config.imgSize, config.imgSize] : config.imgSize;
}

export interface FoundVariant<C extends BaseConfig> {
  /** The name without a tag. */
  name: string;
  variant: Variant<C>;
  /** The checkpoint of the tag, or the usual one where the name has no tag. */
  pretrained: Pretrained | undefined;
}

/** What a variant's name (`arch` or `arch.tag`) stands for. @throws VitrineError for an unknown variant or tag. */
export function findVariant<C extends BaseConfig>(family: Family<C, object>, fullName: string): FoundVariant<C> {
  const dot = fullName.indexOf(".");
  const name = dot === -1 ? fullName : fullName.slice(0, dot);
  const variant = Object.hasOwn(family.variants, name) ? family.variants[name] : undefined;
  if (variant === undefined) {
    const known = Object.keys(family.variants);
    const list =
      known.length > 12 ? `${known.slice(0, 12).join(", ")} and ${known.length - 12} more` : known.join(", ");
    const message = `unknown variant "${name}"${didYouMean(name, known)}. Variants are ${list}`;
    throw new VitrineError(family.name, message, { usage: true });
  }
  if (dot === -1) return { name, variant, pretrained: variant.pretrained[0] };
  const tag = fullName.slice(dot + 1);
  const pretrained = variant.pretrained.find((one) => one.tag === tag);
  if (pretrained === undefined) {
    const known = variant.pretrained.map((one) => one.tag);
    const tags = known.length === 0 ? "There are no published weights of it" : `Tags are ${known.join(", ")}`;
    throw new VitrineError(name, `unknown tag "${tag}"${didYouMean(tag, known)}. ${tags}`, { usage: true });
  }
  return { name, variant, pretrained };
}

/** Number of trainable parameters of a variant; allocates none. */
export function parameterCount<C extends BaseConfig>(
  family: Family<C, object>,
  name: string,
  options?: object,
): number {
  return countParams(family.spec(configure(family, name, options)) as object);
}
