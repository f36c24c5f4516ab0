// The public list, nothing else.

export { adaptInputConv, adaptPositions, replaceHead } from "./adapt.ts";
export { adaptBiasTable } from "./adapt-bias.ts";
export type { Batch, BatchSource } from "./batch.ts";
export { defineOp, type OpDefinition } from "./define-op.ts";
export { didYouMean, isVitrineError, nearest, VitrineError, type VitrineErrorOptions } from "./errors.ts";
export {
  type BaseConfig,
  configure,
  defineFamily,
  type Family,
  type FeatureStage,
  type FoundVariant,
  findVariant,
  imageSize,
  type NamedFamily,
  parameterCount,
  type Variant,
  type VariantName,
  variantsOf,
} from "./family.ts";
export { constant, fanInUniform, type Initializer, normal, ones, truncNormal, uniform, zeros } from "./init.ts";
export { type CompilingBackend, type JitOptions, type Jitted, jit } from "./jit.ts";
export { inference, type Mode, scope, tap, trainingMode } from "./mode.ts";
export { createModel, type Model, type ModelOptions } from "./model.ts";
export { type BatchNormResult, batchNormTrain } from "./ops/batch-norm.ts";
export { detached } from "./ops/detach.ts";
export { dropout, dropPath } from "./ops/drop.ts";
export { gelu, geluTanh, quickGelu } from "./ops/gelu.ts";
export { type GroupedConvAttrs, groupedConv2d } from "./ops/grouped-conv.ts";
export { layerNorm } from "./ops/layer-norm.ts";
export { type LinearScanOptions, linearScan } from "./ops/linear-scan.ts";
export { keyedUniform } from "./ops/random.ts";
export { inverseOrder, reorder } from "./ops/reorder.ts";
export {
  bicubicWeights,
  linearWeights,
  type ResizeBilinearOptions,
  resampleGrid,
  resizeBilinear,
} from "./ops/resample.ts";
export { type SelectiveScanInputs, selectiveScan } from "./ops/selective-scan.ts";
export { unitVectors } from "./ops/unit-vectors.ts";
export {
  buffer,
  buildParams,
  countParams,
  fromLeaves,
  initParams,
  type Layout,
  leaves,
  mapLeaves,
  type ParamSpec,
  param,
  type Spec,
  sizeOf,
  specLeaves,
} from "./params.ts";
export {
  clipMean,
  clipStd,
  imagenetMean,
  imagenetStd,
  inceptionMean,
  inceptionStd,
  type Preparation,
  type Preprocess,
  type Pretrained,
  type PretrainedRow,
  published,
} from "./pretrained.ts";
export { hashString, Rng } from "./rng.ts";
export {
  at,
  compareState,
  fileShape,
  fromFile,
  type HostTensor,
  paramsFrom,
  type State,
  stateOf,
  toFile,
} from "./state.ts";
export { tf } from "./tf.ts";
