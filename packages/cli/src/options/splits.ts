// What several images of each sample go together with. timm's names.

import type { Values } from "../args.ts";
import { UsageError } from "../usage-error.ts";
import type { augmentOptions } from "./data.ts";
import type { recipeOptions } from "./recipe.ts";

/** Refuses what makes no sense before anything is opened. */
export function checkSplits(args: Values<typeof augmentOptions & typeof recipeOptions>): void {
  const { "aug-splits": splits, "jsd-loss": jsd } = args;
  if (splits === 1) throw new UsageError("--aug-splits must be 0 for one image of a sample, or at least 2, found 1");
  if (splits === 0) {
    if (!jsd) return;
    throw new UsageError("--jsd-loss compares several images of each sample; say how many, such as --aug-splits 3");
  }
  if (!args.aug)
    throw new UsageError("--aug-splits augments each sample in several ways, --no-aug in none; leave one of them out");
  if (args.mixup > 0 || args.cutmix > 0 || args["cutmix-minmax"] !== undefined)
    throw new UsageError("--aug-splits does not go with --mixup and --cutmix, which mix samples; leave them out");
  if (jsd && args["kd-model"] !== undefined)
    throw new UsageError("--jsd-loss and --kd-model are two losses; leave one of them out");
}
