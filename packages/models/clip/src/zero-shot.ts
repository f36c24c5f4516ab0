// Zero-shot classification: the embeddings of texts about classes serve as a classifier of images.

import { createModel, inference, jit, type Model, type NamedFamily, stateOf, tf, VitrineError } from "@vitrine/core";
import { type CLIPConfig, textOf } from "./config.ts";
import { type CLIP, embedTexts } from "./model.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** The usual text about a class; its name goes between the braces. */
export const defaultTemplate = "a photo of a {}.";

// Texts in one run: enough to be quick, few enough for any memory.
const textsAtOnce = 64;

/**
 * An embedding of length 1 for each label: of the texts that the templates make of it, the mean. → [labels, P].
 * @throws VitrineError for a model without a text tower, no labels, or a template without `{}`.
 */
export async function zeroShotClassifier(
  model: Model<CLIPConfig, CLIP>,
  tokenizer: Pick<Tokenizer, "batch">,
  labels: readonly string[],
  templates: readonly string[] = [defaultTemplate],
): Promise<tf.Tensor2D> {
  const text = textOf(model.config);
  const refuse = (message: string) => new VitrineError("zeroShotClassifier", message, { usage: true });
  if (text === null) throw refuse("this model has no text tower; make it without textConfig: null");
  if (labels.length === 0) throw refuse("one label at least is expected, found none");
  if (templates.length === 0) throw refuse("one template at least is expected, found none");
  for (const template of templates)
    if (!template.includes("{}")) throw refuse(`a template with {} in it is expected, found "${template}"`);

  const texts = labels.flatMap((label) => templates.map((template) => template.replaceAll("{}", label)));
  const embed = jit((params: CLIP, tokens: tf.Tensor2D) => embedTexts(model.config, params, tokens, inference));
  const rows: tf.Tensor2D[] = [];
  for (let i = 0; i < texts.length; i += textsAtOnce) {
    const tokens = tokenizer.batch(texts.slice(i, i + textsAtOnce), text.maxPositionEmbeddings);
    rows.push(embed(model.params, tokens));
    tokens.dispose();
  }
  const classes = tf.tidy(() => {
    const all = tf.reshape(tf.concat(rows, 0), [labels.length, templates.length, -1]);
    const mean = tf.mean(all, 1) as tf.Tensor2D;
    return tf.div<tf.Tensor2D>(mean, tf.sqrt(tf.sum(tf.square(mean), -1, true)));
  });
  tf.dispose(rows);
  return classes;
}

/**
 * An image classifier made of the image tower and class embeddings [labels, P], a model like any other: it can be exported,
 * evaluated, and trained further. The parameters are copies. `family` is `clip`.
 */
export async function withClasses<N extends string>(
  family: NamedFamily<CLIPConfig, CLIP, N>,
  model: Model<CLIPConfig, CLIP>,
  embeddings: tf.Tensor2D,
  labels: readonly string[],
): Promise<Model<CLIPConfig, CLIP>> {
  const [numClasses, dim] = embeddings.shape;
  if (numClasses !== labels.length || dim !== model.config.projectionDim)
    throw new VitrineError(
      "withClasses",
      `embeddings [${labels.length}, ${model.config.projectionDim}] are expected, [${embeddings.shape}] found`,
    );
  const { text_model: _, text_projection: __, head: ___, ...tower } = model.params;
  const { text_model: _1, text_projection: _2, head: _3, ...spec } = model.spec;
  const state = await stateOf(spec, tower);
  state.set("head.weight", { shape: [numClasses, dim], data: new Float32Array(await embeddings.data()) });
  const options = { ...model.config, textConfig: null, numClasses, state };
  const classifier = createModel(family, model.name as N, options);
  classifier.classes = labels;
  classifier.preprocess = model.preprocess;
  return classifier;
}
