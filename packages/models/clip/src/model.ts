// CLIP, Radford et al. 2021, https://arxiv.org/abs/2103.00020: an image tower and a text tower whose embeddings meet in one
// space, an image's near those of texts that fit it.
//
// Parameters carry the names of transformers' CLIPModel. As an image model it answers with embeddings; with classes
// (`numClasses`) it has a head that holds an embedding for each, and answers with similarities: zero-shot classification.

import {
  adaptInputConv,
  adaptPositions,
  constant,
  imageSize,
  type Mode,
  normal,
  param,
  type Spec,
  type State,
  scope,
  tap,
  tf,
  VitrineError,
} from "@vitrine/core";
import {
  type Conv,
  conv,
  convSpec,
  type LayerNorm,
  type Linear,
  layerNorm,
  layerNormSpec,
  linear,
  linearSpec,
  patchGrid,
  prependTokens,
} from "@vitrine/core/layers";
import { type CLIPConfig, type CLIPTextConfig, type CLIPVisionConfig, textOf, visionOf } from "./config.ts";
import { type Encoder, encoder, encoderSpec } from "./encoder.ts";

export type { CLIPConfig } from "./config.ts";

interface Table {
  weight: tf.Tensor2D;
}

export interface VisionModel {
  embeddings: { class_embedding: tf.Tensor1D; patch_embedding: Conv; position_embedding: Table };
  /** Spelt so in transformers. */
  pre_layrnorm: LayerNorm;
  encoder: Encoder;
  post_layernorm: LayerNorm;
}

export interface TextModel {
  embeddings: { token_embedding: Table; position_embedding: Table };
  encoder: Encoder;
  final_layer_norm: LayerNorm;
}

export interface CLIP {
  logit_scale: tf.Scalar;
  text_model?: TextModel;
  vision_model: VisionModel;
  visual_projection: Linear;
  text_projection?: Linear;
  /** An embedding for each class. */
  head?: Linear;
}

const grid = (c: CLIPConfig, vision: CLIPVisionConfig) =>
  patchGrid({ imgSize: imageSize(c), patchSize: vision.patchSize });

export function clipSpec(c: CLIPConfig): Spec<CLIP> {
  const vision = visionOf(c);
  const text = textOf(c);
  const projection = (from: number) => linearSpec(from, c.projectionDim, { bias: false, init: normal(from ** -0.5) });
  return {
    logit_scale: param([], constant(c.logitScaleInitValue)),
    ...(text ? { text_model: textSpec(text) } : {}),
    vision_model: visionSpec(c, vision),
    visual_projection: projection(vision.hiddenSize),
    ...(text ? { text_projection: projection(text.hiddenSize) } : {}),
    ...(c.numClasses > 0 ? { head: linearSpec(c.projectionDim, c.numClasses, { bias: false }) } : {}),
  } as Spec<CLIP>;
}

function visionSpec(c: CLIPConfig, vision: CLIPVisionConfig): Spec<VisionModel> {
  const { hiddenSize: dim, patchSize } = vision;
  const [rows, columns] = grid(c, vision);
  return {
    embeddings: {
      class_embedding: param([dim], normal(dim ** -0.5)),
      patch_embedding: convSpec(patchSize, c.inChans, dim, { bias: false, init: normal(0.02) }),
      position_embedding: { weight: param([1 + rows * columns, dim], normal(0.02), { decay: false }) },
    },
    pre_layrnorm: layerNormSpec(dim),
    encoder: encoderSpec(vision),
    post_layernorm: layerNormSpec(dim),
  } as Spec<VisionModel>;
}

function textSpec(text: CLIPTextConfig): Spec<TextModel> {
  const table = (entries: number) => ({ weight: param([entries, text.hiddenSize], normal(0.02), { decay: false }) });
  return {
    embeddings: {
      token_embedding: table(text.vocabSize),
      position_embedding: table(text.maxPositionEmbeddings),
    },
    encoder: encoderSpec(text),
    final_layer_norm: layerNormSpec(text.hiddenSize),
  };
}

/** Tokens as the last layer leaves them, class token first. images: [B, H, W, C] → [B, 1 + N, D]. */
export function clipFeatures(
  c: CLIPConfig,
  p: CLIP,
  images: tf.Tensor4D,
  mode: Mode,
  options: { queries?: number } = {},
): tf.Tensor3D {
  const vision = visionOf(c);
  const { class_embedding: token, patch_embedding: patches, position_embedding: positions } = p.vision_model.embeddings;
  const { hiddenSize: dim, patchSize: stride } = vision;
  const [height, width] = imageSize(c);
  const [, foundHeight, foundWidth] = images.shape;
  if (foundHeight !== height || foundWidth !== width) {
    const next = "resize it, or make the model with that imgSize";
    const message = `an image of ${height}x${width} is expected, ${foundHeight}x${foundWidth} found; ${next}`;
    throw new VitrineError("clip", message);
  }
  const inside = scope(mode, "vision_model");
  const [rows, columns] = grid(c, vision);
  const seen = tf.reshape(conv(patches, images, { stride }), [-1, rows * columns, dim]) as tf.Tensor3D; // [B, N, D]
  const table = tf.expandDims(positions.weight, 0) as tf.Tensor3D;
  const x = prependTokens(seen, [tf.reshape(token, [1, 1, dim])], table); //                            [B, 1 + N, D]
  const normed = layerNorm(p.vision_model.pre_layrnorm, x, vision.layerNormEps);
  return tap(inside, encoder(vision, p.vision_model.encoder, normed, scope(inside, "encoder"), options));
}

/** Embeddings of length 1: [B, 1 + N, D] → [B, P]; with classes and without `preLogits`, scores [B, classes]. */
export function clipHead(
  c: CLIPConfig,
  p: CLIP,
  tokens: tf.Tensor,
  _mode: Mode,
  options: { preLogits?: boolean } = {},
): tf.Tensor2D {
  const first = tf.squeeze(tf.slice(tokens as tf.Tensor3D, [0, 0, 0], [-1, 1, -1]), [1]) as tf.Tensor2D;
  const read = layerNorm(p.vision_model.post_layernorm, first, visionOf(c).layerNormEps);
  const embeddings = unitLength(linear(p.visual_projection, read));
  if (options.preLogits || p.head === undefined) return embeddings;
  return tf.mul(linear(p.head, embeddings), tf.exp(p.logit_scale));
}

/** As `clipHead` of `clipFeatures`, with only the class token sent through the rest of the last layer. */
export function clipLogits(c: CLIPConfig, p: CLIP, images: tf.Tensor4D, mode: Mode): tf.Tensor2D {
  return clipHead(c, p, clipFeatures(c, p, images, mode, { queries: 1 }), mode);
}

/** Embeddings of images, of length 1. images: [B, H, W, C] → [B, P]. */
export function embedImages(c: CLIPConfig, p: CLIP, images: tf.Tensor4D, mode: Mode): tf.Tensor2D {
  // Who asks for intermediates wants those of all tokens.
  const tokens = clipFeatures(c, p, images, mode, mode.taps ? {} : { queries: 1 });
  return clipHead(c, p, tokens, mode, { preLogits: true });
}

/**
 * Embeddings of texts, of length 1. tokens: int32 [B, T], T no more than the context length → [B, P].
 * @throws VitrineError for a model without a text tower, and for longer texts.
 */
export function embedTexts(c: CLIPConfig, p: CLIP, tokens: tf.Tensor2D, mode: Mode): tf.Tensor2D {
  const text = textOf(c);
  if (text === null || !p.text_model || !p.text_projection)
    throw new VitrineError("clip", "this model has no text tower; make it without textConfig: null");
  const { embeddings } = p.text_model;
  const [, length] = tokens.shape;
  if (length > text.maxPositionEmbeddings)
    throw new VitrineError(
      "clip",
      `texts of ${text.maxPositionEmbeddings} tokens at most are expected, ${length} found`,
    );
  const inside = scope(mode, "text_model");
  const words = tf.gather(embeddings.token_embedding.weight, tokens) as tf.Tensor as tf.Tensor3D; //    [B, T, D]
  const x = tf.add(words, tf.slice(embeddings.position_embedding.weight, [0, 0], [length, -1])) as tf.Tensor3D;
  const encoded = encoder(text, p.text_model.encoder, x, scope(inside, "encoder"), { causal: true });
  const normed = tap(inside, layerNorm(p.text_model.final_layer_norm, encoded, text.layerNormEps));
  const end = tf.oneHot(endOfText(tokens, text.eosTokenId), length, 1, 0, "float32"); //                [B, T]
  const read = tf.squeeze(tf.matMul(tf.expandDims(end, 1), normed), [1]) as tf.Tensor2D; //             [B, D]
  return unitLength(linear(p.text_projection, read));
}

/** The place of the first end token. Checkpoints whose configuration says 2 mean the largest token. → int32 [B]. */
function endOfText(tokens: tf.Tensor2D, eosTokenId: number): tf.Tensor1D {
  const marked = eosTokenId === 2 ? tokens : tf.equal(tokens, tf.scalar(eosTokenId, "int32"));
  return tf.argMax(tf.cast(marked, "float32"), 1);
}

/** Similarity of each image with each text, scaled as the model learned. images: [B, P], texts: [T, P] → [B, T]. */
export function similarity(p: CLIP, images: tf.Tensor2D, texts: tf.Tensor2D): tf.Tensor2D {
  return tf.mul(tf.matMul(images, texts, false, true), tf.exp(p.logit_scale));
}

/**
 * The symmetric cross entropy that CLIP is trained with: image i belongs to text i and the other way round.
 * logitsPerImage: [B, B] → scalar.
 */
export function contrastiveLoss(logitsPerImage: tf.Tensor2D): tf.Scalar {
  const [count] = logitsPerImage.shape;
  const own = tf.eye(count);
  const loss = (logits: tf.Tensor2D) => tf.neg(tf.sum(tf.mul(own, tf.logSoftmax(logits))));
  const both = tf.add(loss(logitsPerImage), loss(tf.transpose(logitsPerImage)));
  return tf.mul(both, 1 / (2 * count)) as tf.Scalar;
}

function unitLength(x: tf.Tensor2D): tf.Tensor2D {
  return tf.div(x, tf.sqrt(tf.sum(tf.square(x), -1, true)));
}

/** A checkpoint for other channels or another image size, or without the text tower where the model has none. */
export function adaptCLIP(c: CLIPConfig, given: State, notes: string[]): State {
  // Older files hold the numbers 0, 1, 2, … as a buffer.
  const state = new Map([...given].filter(([key]) => !key.endsWith(".position_ids")));
  adaptInputConv("vision_model.embeddings.patch_embedding.weight", c.inChans, state, notes);
  if (c.textConfig === null && [...state.keys()].some((key) => key.startsWith("text_"))) {
    for (const key of state.keys()) if (key.startsWith("text_")) state.delete(key);
    notes.push("text_model: left out");
  }
  const key = "vision_model.embeddings.position_embedding.weight";
  const table = state.get(key);
  if (table === undefined) return state;
  // The same table as [1, 1 + N, D], as other families have it.
  state.set(key, { ...table, shape: [1, ...table.shape] });
  adaptPositions(key, { prefix: 1 }, { prefix: 1, grid: grid(c, visionOf(c)) }, state, notes);
  const adapted = state.get(key)!;
  state.set(key, { ...adapted, shape: adapted.shape.slice(1) });
  return state;
}

/** 0 for what is ahead of a tower's layers; layers counted so that the last of both towers are equally deep; then the rest. */
export function clipDepth(c: CLIPConfig, path: string): number {
  const towers = { vision_model: visionOf(c).numHiddenLayers, text_model: textOf(c)?.numHiddenLayers ?? 0 };
  const deepest = Math.max(...Object.values(towers));
  const [tower, part] = path.split(".");
  if (tower !== "vision_model" && tower !== "text_model") return deepest + 1;
  const layer = /\.encoder\.layers\.(\d+)\./.exec(path);
  if (layer) return Number(layer[1]) + 1 + deepest - towers[tower];
  return part === "post_layernorm" || part === "final_layer_norm" ? deepest : 0;
}
