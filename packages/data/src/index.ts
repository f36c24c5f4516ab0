// The public list, nothing else.

export { type CheckOptions, type CheckReport, checkData } from "./check/check.ts";
export { type Issue, type IssueKind, issueKinds, type Level } from "./check/issues.ts";
export { contactSheet, type SheetOptions, type Tile } from "./contact-sheet/sheet.ts";
export {
  type ConvertOptions,
  type ConvertReport,
  type ConvertSource,
  convertData,
  type OutputFormat,
} from "./convert/convert.ts";
export type { WrittenSplit } from "./convert/writer.ts";
export { type ArrayOptions, arrayDataset } from "./datasets/arrays.ts";
export { type CifarKind, type CifarOptions, openCifar } from "./datasets/cifar.ts";
export { type ClassMap, readClassMap } from "./datasets/class-map.ts";
export type { Dataset, FilePart } from "./datasets/dataset.ts";
export { openFiles } from "./datasets/files.ts";
export { type FoundImages, findImages } from "./datasets/find-images.ts";
export { type FolderOptions, openFolder } from "./datasets/folder.ts";
export { type ManifestOptions, openManifest } from "./datasets/manifest.ts";
export { type MnistOptions, openMnist } from "./datasets/mnist.ts";
export { sortNaturally } from "./datasets/natural-sort.ts";
export { listSplits, type OpenOptions, openDataset, openStream, sourceFormat, streamDataset } from "./datasets/open.ts";
export { openParquetImages, type ParquetOptions, streamParquet } from "./datasets/parquet.ts";
export {
  openTfrecord,
  openWebdataset,
  type ShardOptions,
  streamTfrecord,
  streamWebdataset,
} from "./datasets/shards.ts";
export { assertSameClasses, type SplitName, splitName } from "./datasets/splits.ts";
export {
  type BadRecord,
  type IterableStreamOptions,
  type OpenShardOptions,
  type SampleStream,
  type StreamedSample,
  streamOf,
} from "./datasets/stream.ts";
export { type DownloadOptions, type DownloadReport, downloadData, knownDataSets } from "./download/download.ts";
export { type DecodeOptions, decodeImage, defaultMaxPixels, encodeImage, imageInfo, writeImage } from "./image.ts";
export { imageExtensions } from "./image-format.ts";
export type { BatchingOptions } from "./loader/batching.ts";
export { createLoader } from "./loader/loader.ts";
export type { BadSample, Loader, LoaderOptions } from "./loader/options.ts";
export { createStreamLoader, type StreamLoader, type StreamLoaderOptions } from "./loader/stream-loader.ts";
export type { AugMix } from "./policies/aug-mix.ts";
export {
  type AugmentLook,
  applyAugment,
  type Noise,
} from "./policies/augment.ts";
export type { AutoAugment } from "./policies/auto-augment.ts";
export { type AutoAugmentName, autoAugmentPolicies, type SubPolicy } from "./policies/auto-augment-tables.ts";
export { type AugmentName, augmentArgs, augmentNames, type Reach } from "./policies/levels.ts";
export { augmentPolicy, type PolicyOp, type PolicySettings } from "./policies/policy.ts";
export type { RandAugment } from "./policies/rand-augment.ts";
export { type AugmentSet, namedSets, randSet } from "./policies/sets.ts";
export {
  applyTrivial,
  type TrivialAugment,
  type TrivialName,
  trivialNames,
  trivialStrength,
} from "./policies/trivial-augment.ts";
export {
  type CropMode,
  evalTransform,
  type Preprocess,
  resolvePreprocess,
  type TrainCropMode,
  type TrainTransformOptions,
  type TrainTransformParts,
  trainTransform,
  trainTransformParts,
} from "./presets.ts";
export { type Box, blankImage, isRawImage, type RawImage, withChannels } from "./raw-image.ts";
export { type RankOptions, type Share, shareLength, shareOf } from "./samplers/ranks.ts";
export {
  balancedSampler,
  orderedSampler,
  type RepeatedOptions,
  repeatedSampler,
  type Sampler,
  shuffledSampler,
  type WeightedOptions,
  weightedSampler,
} from "./samplers/sampler.ts";
export {
  type FoldOptions,
  foldOf,
  labelsOf,
  type PartOptions,
  stratifiedFolds,
  subsetOf,
  takePart,
} from "./samplers/subset.ts";
export { type PlaceOptions, type SplitOptions, type SplitReport, splitFolder, splitFolds } from "./split-folder.ts";
export { type DataStats, dataStats, type StatsOptions, sizeBins } from "./stats.ts";
export { gaussianBlur, gaussianKernelBlur } from "./transforms/blur.ts";
export { adjustHue } from "./transforms/color.ts";
export { centerCrop, crop, flipHorizontally, flipVertically, pad } from "./transforms/crop.ts";
export { enhanceBrightness, enhanceColor, enhanceContrast, enhanceSharpness } from "./transforms/enhance.ts";
export { type AffineParts, affineMatrix, type Corners, perspectiveCoefficients } from "./transforms/matrices.ts";
export { normalization, normalize } from "./transforms/normalize.ts";
export { resample } from "./transforms/resample.ts";
export { type RotateOptions, rotate } from "./transforms/rotate.ts";
export { applySplits, type Splits } from "./transforms/splits.ts";
export {
  adjustGamma,
  autocontrast,
  equalize,
  grayscale,
  invert,
  posterize,
  solarize,
  solarizeAdd,
} from "./transforms/tones.ts";
export {
  applyTransform,
  type Interpolation,
  type PadMode,
  type SampleKey,
  type Size,
  type Transform,
  type TransformOp,
} from "./transforms/transform.ts";
export {
  type AffineMatrix,
  affine,
  type PerspectiveCoefficients,
  perspective,
  shearX,
  shearY,
  translateX,
  translateY,
  type WarpInterpolation,
  type WarpOptions,
} from "./transforms/warp.ts";
