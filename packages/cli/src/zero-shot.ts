// Zero-shot classification: `--labels` makes an image classifier of a model that knows texts.

import { dirname } from "node:path";
import { type Model, tf, VitrineError } from "@vitrine/core";
import { fetchWeights } from "@vitrine/core/node";
import type { CLIP, CLIPConfig } from "vitrine/clip";
import type { Located } from "./open-model.ts";
import { UsageError } from "./usage-error.ts";

/** The classifier of `labels`. @throws UsageError for models of other families, VitrineError without a tokenizer. */
export async function classifyBy(
  model: Model,
  located: Exclude<Located, { kind: "onnx" }>,
  labels: readonly string[],
  template?: string,
): Promise<Model> {
  if (model.family !== "clip")
    throw new UsageError(`--labels needs a model that knows texts (clip_...), ${model.name} is of ${model.family}`);
  const { clip, defaultTemplate, readTokenizer, withClasses, zeroShotClassifier } = await import("vitrine/clip");
  const towers = model as unknown as Model<CLIPConfig, CLIP>;
  const tokenizer = await readTokenizer(await tokenizerFolder(model, located));
  const classes = await zeroShotClassifier(towers, tokenizer, labels, [template ?? defaultTemplate]);
  const classifier = await withClasses(clip, towers, classes, labels);
  tf.dispose([classes, model.params as tf.TensorContainer]);
  return classifier as unknown as Model;
}

/** A model that answers with embeddings names nothing. */
export function requireClasses(model: Model): void {
  if (model.config.numClasses > 0) return;
  const next = model.family === "clip" ? 'name them: --labels "cat,dog"' : "take a checkpoint that has a head";
  throw new VitrineError(model.name, `has no classes to choose from; ${next}`, { usage: true });
}

/** Where the tokenizer's files are: beside the weights, or in the repository that the weights are from. */
async function tokenizerFolder(model: Model, located: Exclude<Located, { kind: "onnx" }>): Promise<string> {
  if (located.kind === "checkpoint") return dirname(located.path);
  const { hub } = model.pretrained!;
  await fetchWeights(hub, { file: "merges.txt" });
  return dirname((await fetchWeights(hub, { file: "vocab.json" })).path);
}
