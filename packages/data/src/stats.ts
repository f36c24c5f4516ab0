// Numbers about a data set: `vitrine data stats`. Mean and deviation are what `--mean` and `--std` want.

import { isVitrineError } from "@vitrine/core";
import type { Dataset } from "./datasets/dataset.ts";
import { decodeImage, defaultMaxPixels } from "./image.ts";
import type { BadSample } from "./loader/options.ts";
import { isRawImage, type RawImage, withChannels } from "./raw-image.ts";
import { readAll } from "./read-all.ts";

export interface StatsOptions {
  /** 3, or 1 for grey (the channels of the first image when it is in memory, else 3). */
  channels?: number;
  maxPixels?: number;
  /** Called for each at the end, in their order. */
  onBad?: (bad: BadSample) => void;
  onProgress?: (done: number, total: number) => void;
}

export interface DataStats {
  /** Images that could be read. */
  count: number;
  /** Those that could not. */
  bad: BadSample[];
  channels: number;
  /** Over all pixels, so that large images weigh more; pixels in 0 … 1, one number a channel. */
  mean: number[];
  std: number[];
  /** The mean over the images of each image's own mean and deviation, so that all images weigh the same. */
  imageMean: number[];
  imageStd: number[];
  /** Samples by class, in the order of the classes, unreadable ones left out. */
  classes: { name: string; count: number }[];
  /** Sizes in pixels, most frequent first. */
  sizes: { width: number; height: number; count: number }[];
}

/** Reads every image once. Deviations are those of the population (divided by n). The result does not depend on the order of work. */
export async function dataStats(dataset: Dataset, options: StatsOptions = {}): Promise<DataStats> {
  const { maxPixels = defaultMaxPixels, onBad, onProgress } = options;
  const channels = options.channels ?? (await channelsOf(dataset));
  const { length } = dataset;
  const histogram = new Float64Array(channels * 256);
  const means = new Float64Array(length * channels);
  const deviations = new Float64Array(length * channels);
  const perClass = new Float64Array(dataset.classes.length);
  const sizes = new Map<string, number>();
  const failed = new Map<number, BadSample>();

  const add = (i: number, image: RawImage) => {
    const own = histogramOf(withChannels(image, channels));
    for (let k = 0; k < own.length; k++) histogram[k] = histogram[k]! + own[k]!;
    for (let c = 0; c < channels; c++) {
      const { mean, std } = moments(own.subarray(c * 256, (c + 1) * 256));
      means[i * channels + c] = mean;
      deviations[i * channels + c] = std;
    }
    const label = dataset.label(i);
    if (label >= 0) perClass[label] = perClass[label]! + 1;
    const size = `${image.width} ${image.height}`;
    sizes.set(size, (sizes.get(size) ?? 0) + 1);
  };
  const read = async (i: number) => {
    try {
      const content = dataset.files ? dataset.path(i) : await dataset.load(i);
      const pixels = typeof content !== "string" && isRawImage(content);
      add(i, pixels ? content : await decodeImage(content, { channels, maxPixels, path: dataset.path(i) }));
      failed.delete(i);
      return true;
    } catch (error) {
      if (!isVitrineError(error)) throw error;
      failed.set(i, { index: i, path: dataset.path(i), reason: error.message.replace(`${error.where}: `, "") });
      return false;
    }
  };
  await readAll(length, read, onProgress);
  const bad = [...failed.values()].sort((a, b) => a.index - b.index);
  for (const sample of bad) onBad?.(sample);
  const count = length - bad.length;
  const all = Array.from({ length: channels }, (_, c) => moments(histogram.subarray(c * 256, (c + 1) * 256)));
  return {
    count,
    bad,
    channels,
    mean: all.map(({ mean }) => mean),
    std: all.map(({ std }) => std),
    imageMean: averages(means, channels, count),
    imageStd: averages(deviations, channels, count),
    classes: dataset.classes.map((name, i) => ({ name, count: perClass[i]! })),
    sizes: [...sizes]
      .map(([size, count]) => {
        const [width = 0, height = 0] = size.split(" ").map(Number);
        return { width, height, count };
      })
      .sort((a, b) => b.count - a.count || b.width * b.height - a.width * a.height || b.width - a.width),
  };
}

/** Images by their shorter edge, in steps of a factor of two; empty steps only between full ones. */
export function sizeBins(sizes: DataStats["sizes"]): { from: number; to: number; count: number }[] {
  const step = ({ width, height }: { width: number; height: number }) => Math.floor(Math.log2(Math.min(width, height)));
  const steps = sizes.map(step);
  const first = Math.min(...steps);
  const bins = Array.from({ length: steps.length === 0 ? 0 : Math.max(...steps) - first + 1 }, (_, i) => ({
    ...{ from: 2 ** (first + i), to: 2 ** (first + i + 1) - 1, count: 0 },
  }));
  for (const size of sizes) bins[step(size) - first]!.count += size.count;
  return bins;
}

async function channelsOf(dataset: Dataset): Promise<number> {
  if (!dataset.decoded || dataset.length === 0) return 3;
  const first = await dataset.load(0);
  return isRawImage(first) ? first.channels : 3;
}

/** How often each value occurs: [channels, 256]. */
function histogramOf({ data, channels }: RawImage): Float64Array {
  const counts = new Float64Array(channels * 256);
  for (let c = 0; c < channels; c++) {
    const first = c * 256;
    for (let i = c; i < data.length; i += channels) {
      const at = first + data[i]!;
      counts[at] = counts[at]! + 1;
    }
  }
  return counts;
}

/** Mean and deviation, in 0 … 1, of the values 0 … 255 that occur so often. */
function moments(counts: Float64Array): { mean: number; std: number } {
  let n = 0;
  let sum = 0;
  for (let value = 0; value < 256; value++) {
    n += counts[value]!;
    sum += counts[value]! * value;
  }
  if (n === 0) return { mean: 0, std: 0 };
  const mean = sum / n;
  let squares = 0;
  for (let value = 0; value < 256; value++) squares += counts[value]! * (value - mean) ** 2;
  return { mean: mean / 255, std: Math.sqrt(squares / n) / 255 };
}

/** [N, channels] → [channels]; rows that were not read hold zeros and do not count in `n`. */
function averages(values: Float64Array, channels: number, n: number): number[] {
  const sums = new Array<number>(channels).fill(0);
  for (let i = 0; i < values.length; i++) sums[i % channels]! += values[i]!;
  return sums.map((sum) => (n === 0 ? 0 : sum / n));
}
