// A model by its name, with new parameters or published ones.

import {
  type BaseConfig,
  createModel as createFamilyModel,
  didYouMean,
  type ModelOptions as FamilyOptions,
  findVariant,
  type Model,
  VitrineError,
} from "@vitrine/core";
import { type AnyFamily, type FamilyOf, findFamily, loadFamilies, type ModelName } from "./families.ts";

type ConfigOf<F> = F extends { readonly defaults: Readonly<infer C extends BaseConfig> } ? C : BaseConfig;
type ParamsOf<F> = F extends { features(config: never, params: infer P extends object, ...rest: never[]): unknown }
  ? P
  : object;

/** A model's name, or timm's `arch.tag`, which names one of its published checkpoints. */
export type TaggedName = ModelName | `${ModelName}.${string}`;

export type ModelOptions<N extends string = ModelName> = FamilyOptions<ConfigOf<FamilyOf<N>>> & {
  /**
   * Where the parameters come from: `true` for the published checkpoint of the name or tag, or a safetensors file, a folder
   * that holds one, or a repository of the hub (`org/name`, `org/name@revision`). Without `numClasses` the model has the
   * classes of the checkpoint; with another number it gets a new head. `model.notes` says what was changed.
   */
  pretrained?: boolean | string;
  /** Called as bytes of a download arrive; the total may be unknown. */
  onProgress?: (receivedBytes: number, totalBytes: number | undefined) => void;
  /** Ends a download. */
  signal?: AbortSignal;
};

/**
 * Makes a model by its name.
 *
 * ```ts
 * const model = await createModel("vit_small_patch16_224.augreg_in21k_ft_in1k", { pretrained: true, numClasses: 10 });
 * ```
 * @throws VitrineError for an unknown name, tag or option, and for a checkpoint that does not fit.
 */
export async function createModel<const N extends TaggedName>(
  name: N,
  options: ModelOptions<N> = {},
): Promise<Model<ConfigOf<FamilyOf<N>>, ParamsOf<FamilyOf<N>>>> {
  const family = await familyOf(name);
  const { pretrained = false, onProgress, signal, ...own } = options as ModelOptions & FamilyOptions<BaseConfig>;
  const found = findVariant(family, name);
  const model = (options: FamilyOptions<BaseConfig>) =>
    createFamilyModel(family, name, options) as Model<BaseConfig, object> as Model<
      ConfigOf<FamilyOf<N>>,
      ParamsOf<FamilyOf<N>>
    >;
  if (pretrained === false) return model(own);
  const source = pretrained === true ? found.pretrained?.hub : pretrained;
  if (source === undefined)
    throw new VitrineError(name, "there are no published weights of it; give a file or a repository", { usage: true });

  const { loadState } = await import("./load-state.ts");
  const { state, where } = await loadState(source, { ...(onProgress && { onProgress }), ...(signal && { signal }) });
  const stored = state.get(`${family.classifier[0]}.weight`)?.shape[0] ?? 0;
  return model({ ...own, numClasses: own.numClasses ?? stored, state, stateName: where });
}

/** The family of a model's name, with or without a tag. @throws VitrineError for a name that no family has. */
export async function familyOf(fullName: string): Promise<AnyFamily> {
  const name = fullName.split(".", 1)[0]!;
  const family = await findFamily(name);
  if (family !== undefined) return family;
  const all = await loadFamilies();
  const known = all.flatMap(({ variants }) => Object.keys(variants));
  const message = `unknown model "${name}"${didYouMean(name, known)}. listModels() names all ${known.length}`;
  throw new VitrineError("createModel", message, { usage: true });
}
