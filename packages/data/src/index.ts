// The public list, nothing else.

import type { Dataset } from "./datasets/dataset.ts";
import type { Loader, LoaderOptions } from "./loader/options.ts";
import type { Preprocess, TrainTransformOptions } from "./presets.ts";
import type { RawImage } from "./raw-image.ts";
import type { ApplyTransform, Transform } from "./transforms/transform.ts";

export type { Dataset } from "./datasets/dataset.ts";
export type { BadSample, Loader, LoaderOptions } from "./loader/options.ts";
export type { CropMode, Preprocess, TrainTransformOptions } from "./presets.ts";
export { blankImage, isRawImage, luma, type RawImage, withChannels } from "./raw-image.ts";
export type { Interpolation, PadMode, SampleKey, Size, Transform, TransformOp } from "./transforms/transform.ts";

// The signatures that other packages may code against; each moves to its own file as it is written.

export interface DecodeOptions {
  /** 1 or 3 (default 3). */
  channels?: number;
  maxPixels?: number;
  /** What the image is called in errors. */
  path?: string;
}
export interface OpenOptions {
  /** `train`, `val` or `test`, or another spelling of one of them. */
  split?: string;
  /** Names of the classes in the order of their indices, for example those of the training set. */
  classes?: readonly string[];
  extensions?: readonly string[];
}
export interface SplitOptions {
  /** Shares by split name ({ train: 0.7, val: 0.3 }). */
  ratios?: Readonly<Record<string, number>>;
  seed?: number;
  /** How files get there: `copy` (default), `link` (hard link), `symlink`. */
  mode?: "copy" | "link" | "symlink";
  onProgress?: (done: number, total: number) => void;
}
export interface SplitReport {
  output: string;
  classes: readonly string[];
  /** Images of each split by class: `counts.train[classIndex]`. */
  counts: Record<string, number[]>;
}
export interface StatsOptions {
  channels?: number;
  maxPixels?: number;
  onProgress?: (done: number, total: number) => void;
}
export interface DataStats {
  /** Images read. */
  count: number;
  bad: { index: number; path: string; reason: string }[];
  /** Over all pixels, in 0 … 1, one number a channel. */
  mean: number[];
  std: number[];
  /** Mean over the images of each image's own mean and deviation. */
  imageMean: number[];
  imageStd: number[];
  classes: { name: string; count: number }[];
  /** Sizes of the images, most frequent first. */
  sizes: { width: number; height: number; count: number }[];
}
export declare function decodeImage(file: string | Uint8Array, options?: DecodeOptions): Promise<RawImage>;
/** Writes by the file's extension: png, jpg, webp … */
export declare function writeImage(image: RawImage, file: string): Promise<void>;
export declare const applyTransform: ApplyTransform;
/** Missing entries: size 224, cropPct 0.875, center, bilinear, ImageNet's mean and std, 3 channels. */
export declare function resolvePreprocess(partial?: Partial<Preprocess>): Preprocess;
export declare function evalTransform(preprocess: Preprocess): Transform;
export declare function trainTransform(options: TrainTransformOptions): Transform;
/** (x / 255 - mean) / std, same layout. */
export declare function normalize(bytes: Uint8Array, preprocess: Pick<Preprocess, "mean" | "std">): Float32Array;
/** `path`, or `folder:DIR`, `mnist:DIR`, `fashion-mnist:DIR`, `cifar10:DIR`, `cifar100:DIR`. */
export declare function openDataset(source: string, options?: OpenOptions): Promise<Dataset>;
/** The splits that are there, by their usual names: `["train", "val"]`; empty when the folder holds classes itself. */
export declare function listSplits(source: string): Promise<string[]>;
/** Throws an error that lists what differs. */
export declare function assertSameClasses(train: Dataset, val: Dataset): void;
/** Image files without labels, for prediction. Folders are walked. */
export declare function openFiles(paths: readonly string[]): Promise<Dataset>;
export declare function createLoader(dataset: Dataset, options: LoaderOptions): Loader;
export declare function splitFolder(source: string, output: string, options?: SplitOptions): Promise<SplitReport>;
export declare function dataStats(dataset: Dataset, options?: StatsOptions): Promise<DataStats>;
