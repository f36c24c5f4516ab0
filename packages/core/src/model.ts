// What a model family provides, and the model made from it.

import { replaceHead } from "./adapt.ts";
import { didYouMean, VitrineError } from "./errors.ts";
import { inference, type Mode } from "./mode.ts";
import { countParams, initParams, type Spec, specLeaves } from "./params.ts";
import { type Preparation, type Preprocess, type Pretrained, type PretrainedRow, published } from "./pretrained.ts";
import { Rng } from "./rng.ts";
import { paramsFrom, type State, toFile } from "./state.ts";
import { tf } from "./tf.ts";

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
  /** How deep a parameter lies: 0 for the stem, the highest for the head. For freezing and layer-wise rates. */
  depth(config: C, path: string): number;
}

/** A family with a configuration and parameters. */
export interface Model<C extends BaseConfig = BaseConfig, P extends object = object> {
  /** The variant's name, for example `vit_small_patch16_224`. */
  readonly name: string;
  readonly family: string;
  readonly config: Readonly<C>;
  readonly spec: Spec<P>;
  /** Current parameters. Replace them as a whole (`model.params = …`). */
  params: P;
  /** How images become its input. Replace it as a whole where your data ask for something else. */
  preprocess: Preprocess;
  readonly pretrained: Pretrained | undefined;
  readonly classifier: readonly string[];
  /** Names of the classes, when known. */
  classes: readonly string[] | undefined;
  /** What was changed in a checkpoint to make it fit. */
  readonly notes: readonly string[];
  features(images: tf.Tensor4D, mode?: Mode, params?: P): tf.Tensor;
  head(features: tf.Tensor, mode?: Mode, options?: { preLogits?: boolean }, params?: P): tf.Tensor2D;
  logits(images: tf.Tensor4D, mode?: Mode, params?: P): tf.Tensor2D;
  heads(images: tf.Tensor4D, mode?: Mode, params?: P): tf.Tensor2D[];
  depth(path: string): number;
}

export type ModelOptions<C> = Partial<C> & {
  /** Seed of the initial parameters. Default 42. */
  seed?: number;
  /** A checkpoint to start from, in the file's layout. Its head is replaced when the number of classes differs. */
  state?: State;
  /** Where the state came from, for messages. */
  stateName?: string;
};

/** A variant's name, or with the tag of a published checkpoint: timm's `arch.tag`. */
export type VariantName<N extends string> = N | `${N}.${string}`;

/** Options that are not part of a configuration. */
const modelOptions = ["seed", "state", "stateName"] as const;

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
  const { variant } = findVariant(family, name);
  const config = { ...family.defaults, ...variant.config };
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

/**
 * Makes a model of a variant, with new parameters or those of `options.state`. `name` may be timm's `arch.tag`, which
 * chooses among the published checkpoints the one that `model.pretrained` and `model.preprocess` tell of.
 */
export function createModel<C extends BaseConfig, P extends object, N extends string>(
  family: NamedFamily<C, P, N>,
  name: VariantName<N>,
  options: ModelOptions<C> = {},
): Model<C, P> {
  const variant = findVariant(family, name);
  const config = configure(family, name, options);
  const spec = family.spec(config);
  requireBackend(name);
  const notes: string[] = [];
  const params =
    options.state === undefined
      ? initParams(spec, Rng.of(options.seed ?? 42))
      : paramsFrom(spec, fit(family, config, spec, options, notes), options.stateName ?? name);
  return bind(family, config, spec, params, { ...variant, notes });
}

function bind<C extends BaseConfig, P extends object>(
  family: Family<C, P>,
  config: C,
  spec: Spec<P>,
  params: P,
  about: FoundVariant<C> & { notes: string[] },
): Model<C, P> {
  const model: Model<C, P> = {
    name: about.name,
    family: family.name,
    config,
    spec,
    params,
    preprocess: preprocessOf(config, about.pretrained?.preparation ?? about.variant.preparation),
    pretrained: about.pretrained,
    classifier: family.classifier,
    classes: undefined,
    notes: about.notes,
    features: (images, mode = inference, p = model.params) => family.features(config, p, images, mode),
    head: (features, mode = inference, options = {}, p = model.params) =>
      family.head(config, p, features, mode, options),
    logits: (images, mode = inference, p = model.params) =>
      family.logits
        ? family.logits(config, p, images, mode)
        : family.head(config, p, family.features(config, p, images, mode), mode),
    heads: (images, mode = inference, p = model.params) =>
      family.heads ? family.heads(config, p, images, mode) : [model.logits(images, mode, p)],
    depth: (path) => family.depth(config, path),
  };
  return model;
}

/** Parameters live on a backend, and TensorFlow.js' own error for having none does not say what to do. */
function requireBackend(name: string): void {
  try {
    tf.backend();
  } catch (cause) {
    const next = 'call "await useOnnx()" of @vitrine/onnx first, or import another TensorFlow.js backend';
    throw new VitrineError(name, `there is no TensorFlow.js backend to hold the parameters; ${next}`, { cause });
  }
}

/** A checkpoint made to fit: adapted by the family, and with a new head where the number of classes differs. */
function fit<C extends BaseConfig, P extends object>(
  family: Family<C, P>,
  config: C,
  spec: Spec<P>,
  options: ModelOptions<C>,
  notes: string[],
): State {
  const given = options.state!;
  const state = family.adapt ? family.adapt(config, given, notes) : new Map(given);
  for (const layer of family.classifier)
    replaceHead(layer, config.numClasses, freshState(spec, layer, options), state, notes);
  return state;
}

/** New parameters of one layer, as they would lie in a file. */
function freshState(spec: object, layer: string, options: { seed?: number }): State {
  const rng = Rng.of(options.seed ?? 42);
  const own = specLeaves(spec).filter(([path]) => path.startsWith(`${layer}.`));
  return new Map(own.map(([path, leaf]) => [path, toFile(leaf, leaf.init(leaf.shape, rng.fold(path)))]));
}

function preprocessOf(config: BaseConfig, preparation: Preparation): Preprocess {
  const { mean, std, ...rest } = preparation;
  // Grey images take the mean of the colours' constants; other channel counts repeat them.
  const channels = (values: readonly number[]) =>
    config.inChans === 3
      ? values
      : config.inChans === 1
        ? [values.reduce((sum, v) => sum + v, 0) / values.length]
        : Array.from({ length: config.inChans }, (_, i) => values[i % values.length]!);
  return { ...rest, size: imageSize(config), channels: config.inChans, mean: channels(mean), std: channels(std) };
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
