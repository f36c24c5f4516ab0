// Parts of a data set: some of its samples, a share of each class, folds for cross-validation.

import { Rng, VitrineError } from "@vitrine/core";
import type { Dataset } from "../datasets/dataset.ts";
import { samplesByClass } from "./sampler.ts";

/** The samples at these positions, as a data set of its own. Its positions, and what is random, count from 0. */
export function subsetOf(dataset: Dataset, positions: ArrayLike<number>, name = `part of ${dataset.name}`): Dataset {
  const kept = Uint32Array.from(positions);
  for (let i = 0; i < kept.length; i++) {
    const position = positions[i]!;
    if (kept[i] !== position || position >= dataset.length)
      throw usage(`positions must be whole numbers below ${dataset.length}, found ${position}`);
  }
  const { classes, files, decoded, place } = dataset;
  return {
    name,
    classes,
    length: kept.length,
    label: (i) => dataset.label(kept[i]!),
    path: (i) => dataset.path(kept[i]!),
    load: (i) => dataset.load(kept[i]!),
    ...(files !== undefined && { files }),
    ...(decoded !== undefined && { decoded }),
    ...(place !== undefined && { place: (i: number) => dataset.place!(kept[i]!) }),
  };
}

export interface PartOptions {
  /** Samples to keep, at most. */
  limit?: number;
  /** Share of the samples to keep, above 0 and up to 1. Where both are given, the smaller part counts. */
  fraction?: number;
  /** (0) */
  seed?: number;
  /** The same share of every class, to within one sample (true); else of all samples. */
  stratified?: boolean;
}

/**
 * A random part of a data set in the set's own order; with the same seed a smaller part of a class lies within a larger
 * one.
 */
export function takePart(dataset: Dataset, options: PartOptions): Dataset {
  const { limit = Number.POSITIVE_INFINITY, fraction = 1, seed = 0, stratified = true } = options;
  const { length } = dataset;
  if (limit !== Number.POSITIVE_INFINITY && !(Number.isInteger(limit) && limit >= 1))
    throw usage(`limit must be a positive integer, found ${limit}`);
  if (!(fraction > 0 && fraction <= 1)) throw usage(`fraction must lie in (0, 1], found ${fraction}`);
  const count = Math.min(limit, Math.max(1, Math.round(length * fraction)), length);
  if (count === length) return dataset;
  const groups = stratified ? groupsOf(dataset) : [Uint32Array.from({ length }, (_, i) => i)];
  const kept: number[] = [];
  for (const [g, size] of shares(groups, count, length).entries()) {
    const order = Rng.of(seed, "part", g).permutation(groups[g]!.length);
    for (let i = 0; i < size; i++) kept.push(groups[g]![order[i]!]!);
  }
  kept.sort((a, b) => a - b);
  return subsetOf(dataset, kept, `${count} of ${length} samples of ${dataset.name}`);
}

export interface FoldOptions {
  /** Parts of nearly the same size, each of which is the validation data once. */
  folds: number;
  /** Which of them is the validation data, from 0. */
  fold: number;
  /** (0) */
  seed?: number;
}

/** The fold of every sample, 0 … folds - 1: of each class as many in each fold, give or take one, and so in all. */
export function stratifiedFolds(dataset: Dataset, folds: number, seed = 0): Uint32Array {
  if (!Number.isInteger(folds) || folds < 2 || folds > dataset.length)
    throw usage(`folds must be a whole number from 2 to the ${dataset.length} samples, found ${folds}`);
  const out = new Uint32Array(dataset.length);
  let dealt = 0;
  for (const [g, group] of groupsOf(dataset).entries())
    for (const i of Rng.of(seed, "folds", g).permutation(group.length)) out[group[i]!] = dealt++ % folds;
  return out;
}

/** Training and validation data of one fold. */
export function foldOf(dataset: Dataset, { folds, fold, seed = 0 }: FoldOptions): { train: Dataset; val: Dataset } {
  const of = stratifiedFolds(dataset, folds, seed);
  if (!Number.isInteger(fold) || fold < 0 || fold >= folds)
    throw usage(`fold must lie in 0 ... ${folds - 1}, found ${fold}`);
  const all = Array.from(of.keys());
  const part = (keep: (i: number) => boolean, what: string) =>
    subsetOf(dataset, all.filter(keep), `${what} of fold ${fold} of ${folds} of ${dataset.name}`);
  return {
    train: part((i) => of[i] !== fold, "training data"),
    val: part((i) => of[i] === fold, "validation data"),
  };
}

/** The label of every sample. */
export function labelsOf(dataset: Dataset): Int32Array {
  return Int32Array.from({ length: dataset.length }, (_, i) => dataset.label(i));
}

/** Samples by class; those of unknown class are a group, too. */
function groupsOf(dataset: Dataset): Uint32Array[] {
  return samplesByClass(labelsOf(dataset).map((label) => label + 1));
}

/** `count` dealt out in proportion; what rounding leaves goes to the largest remainders. */
function shares(groups: readonly Uint32Array[], count: number, length: number): number[] {
  const exact = groups.map((group) => (group.length * count) / length);
  const sizes = exact.map(Math.floor);
  const left = count - sizes.reduce((sum, size) => sum + size, 0);
  const byRemainder = exact
    .map((value, g) => [value - sizes[g]!, g] as const)
    .sort((a, b) => b[0] - a[0] || a[1] - b[1]);
  for (const [, g] of byRemainder.slice(0, left)) sizes[g]!++;
  return sizes;
}

function usage(message: string): VitrineError {
  return new VitrineError("data", message, { usage: true });
}
