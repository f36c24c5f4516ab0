// A model: a variant of a family with a configuration and parameters.

import { replaceHead, takeWhatFits } from "./adapt.ts";
import { VitrineError } from "./errors.ts";
import {
  type BaseConfig,
  configure,
  type Family,
  type FeatureStage,
  type FoundVariant,
  findVariant,
  imageSize,
  type NamedFamily,
  type VariantName,
} from "./family.ts";
import { featureMaps } from "./feature-maps.ts";
import { inference, type Mode } from "./mode.ts";
import { initParams, type ParamSpec, requireSameShapes, type Spec, specLeaves } from "./params.ts";
import type { Preparation, Preprocess, Pretrained } from "./pretrained.ts";
import { Rng } from "./rng.ts";
import { paramsFrom, type State, toFile } from "./state.ts";
import { tf } from "./tf.ts";

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
  /** What `featureMaps` gives, finest first; empty for architectures without maps. */
  readonly stages: readonly FeatureStage[];
  /**
   * Feature maps for dense prediction, one a stage, each [B, H / stride, W / stride, channels].
   * @throws VitrineError for an architecture without maps.
   */
  featureMaps(images: tf.Tensor4D, mode?: Mode, params?: P): tf.Tensor4D[];
  /**
   * A model of the same parameters under another configuration, for example of another image size in multi-scale
   * training. @throws VitrineError where the parameters would have other shapes.
   */
  with(options: Partial<C>): Model<C, P>;
}

export type ModelOptions<C> = Partial<C> & {
  /** Seed of the initial parameters. Default 42. */
  seed?: number;
  /** A checkpoint to start from, in the file's layout. Its head is replaced when the number of classes differs. */
  state?: State;
  /** Where the state came from, for messages. */
  stateName?: string;
  /**
   * Whether every key and shape of the state must be the model's (true). Without it what fits is taken, the rest starts new,
   * and `notes` says which is which: for a checkpoint of another size or family.
   */
  strict?: boolean;
};

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
  about: FoundVariant<C> & { notes: readonly string[] },
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
    stages: family.stages?.(config) ?? [],
    featureMaps: (images, mode = inference, p = model.params) =>
      featureMaps(about.name, model.stages, (tapped) => model.features(images, tapped, p), mode),
    with(options) {
      const changed = family.resize?.(config, options) ?? options;
      const other = configure(family, about.name, { ...config, ...changed });
      const otherSpec = family.spec(other);
      requireSameShapes(about.name, spec, otherSpec);
      const preprocess = { ...model.preprocess, size: imageSize(other) };
      return Object.assign(bind(family, other, otherSpec, model.params, about), { preprocess, classes: model.classes });
    },
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
  const rng = Rng.of(options.seed ?? 42);
  const fresh = (path: string, leaf: ParamSpec) => toFile(leaf, leaf.init(leaf.shape, rng.fold(path)));
  for (const layer of family.classifier) {
    const own = specLeaves(spec).filter(([path]) => path.startsWith(`${layer}.`));
    replaceHead(layer, config.numClasses, new Map(own.map(([path, leaf]) => [path, fresh(path, leaf)])), state, notes);
  }
  const where = options.stateName ?? "the checkpoint";
  return (options.strict ?? true) ? state : takeWhatFits(spec, state, fresh, where, notes);
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
