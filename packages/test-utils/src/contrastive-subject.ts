// A pair of towers, of images and of texts, as the subject of a golden case: scores of images against texts, and the loss
// that brings pairs together.

import { type Mode, paramsFrom, type Spec, type tf, VitrineError } from "@vitrine/core";
import type { Subject } from "./check-case.ts";
import { type Golden, imagesOf, tensorOf } from "./golden.ts";

export interface Towers<P extends object> {
  spec: Spec<NoInfer<P>>;
  embedImages(params: P, images: tf.Tensor4D, mode: Mode): tf.Tensor2D;
  embedTexts(params: P, tokens: tf.Tensor2D, mode: Mode): tf.Tensor2D;
  similarity(params: P, images: tf.Tensor2D, texts: tf.Tensor2D): tf.Tensor2D;
  loss(logitsPerImage: tf.Tensor2D): tf.Scalar;
}

type Inputs = { images: tf.Tensor4D; tokens: tf.Tensor2D };

export function contrastiveSubject<P extends object>(golden: Golden, towers: Towers<P>): Subject<P, Inputs> {
  const { about, folder, weights } = golden;
  if (!/^symmetric contrastive cross entropy/.test(about.loss ?? ""))
    throw new VitrineError(
      folder,
      `a symmetric contrastive cross entropy is expected as the loss, "${about.loss}" found`,
    );
  const run = (params: P, { images, tokens }: Inputs, mode: Mode) => {
    const seen = towers.embedImages(params, images, mode);
    const read = towers.embedTexts(params, tokens, mode);
    return { seen, read, logits: towers.similarity(params, seen, read) };
  };
  return {
    spec: towers.spec,
    params: paramsFrom<P>(towers.spec, weights, folder),
    inputs: { images: imagesOf(golden), tokens: tensorOf(golden, "input_ids") as tf.Tensor2D },
    infer: (params, inputs, mode) => ({ logits_per_image: run(params, inputs, mode).logits }),
    train(params, inputs, mode) {
      const { seen, read, logits } = run(params, inputs, mode);
      const outputs = { train_logits_per_image: logits, train_image_embeds: seen, train_text_embeds: read };
      return { loss: towers.loss(logits), outputs };
    },
  };
}
