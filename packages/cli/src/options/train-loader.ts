// The loader of training data: what `train` runs on and `data preview` shows.

import type { Model } from "@vitrine/core";
import { createLoader, type Dataset, type Loader, trainTransform, trainTransformParts } from "@vitrine/data";
import type { Values } from "../args.ts";
import type { Report } from "../report.ts";
import { type augmentOptions, type loaderOptions, loaderSettings, trainTransformOf } from "./data.ts";
import { cacheSettings, samplerOf, type samplingOptions } from "./sampling.ts";

type Args = Values<typeof augmentOptions & typeof loaderOptions & typeof samplingOptions> & {
  readonly "batch-size": number;
  readonly seed: number;
};

/** Batches in the order, from the cache and with the augmentation that were asked for. */
export async function trainLoaderOf(dataset: Dataset, model: Model, args: Args, report: Report): Promise<Loader> {
  const { "batch-size": batchSize, "aug-splits": count, seed } = args;
  const { sampler, length } = await samplerOf(dataset, args);
  const look = trainTransformOf(model, args);
  const { primary, secondary } = trainTransformParts(look);
  if (count > 1 && secondary.ops.length === 0)
    report.notice(
      "--aug-splits: without --aa or colour jitter, the images of a sample differ by random erasing at most",
    );
  return createLoader(dataset, {
    ...loaderSettings(args, report),
    ...cacheSettings(args, report),
    seed,
    batchSize,
    ...(count > 1 ? { transform: primary, splits: { count, secondary } } : { transform: trainTransform(look) }),
    sampler,
    // As timm does, as long as anything is left.
    dropLast: length >= batchSize,
  });
}
