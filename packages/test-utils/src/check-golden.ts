// A model of images with labels as the subject of a golden case.

import {
  type BaseConfig,
  createModel,
  type Family,
  type Model,
  type ModelOptions,
  type tf,
  VitrineError,
} from "@vitrine/core";
import { type Check, checkCase, type Outputs, type Subject } from "./check-case.ts";
import { type Golden, imagesOf, labelsOf, optionsOf } from "./golden.ts";
import { meanCrossEntropy } from "./train-batch.ts";

export type AnyFamily = Family<BaseConfig, object>;

/** All comparisons of a case of image classification. `variant` is the case's model where nothing else is given. */
export async function checkGolden(family: AnyFamily, golden: Golden, variant = golden.about.model): Promise<Check[]> {
  return checkCase(classifier(modelOf(family, golden, variant), golden), golden);
}

function modelOf(family: AnyFamily, { about, weights, folder, io }: Golden, variant: string): Model {
  const options = { ...optionsOf(about), state: weights, stateName: folder } as ModelOptions<BaseConfig>;
  // timm switches this on by a method, so it is not among the constructor's arguments.
  const apart = io.header.has("train_logits.1") && "distilledTraining" in family.defaults;
  return createModel(family, variant, apart ? Object.assign(options, { distilledTraining: true }) : options);
}

type Inputs = { images: tf.Tensor4D; labels: tf.Tensor2D };

function classifier(model: Model, golden: Golden): Subject<object, Inputs> {
  const { about, io } = golden;
  const has = (name: string, tensor: () => tf.Tensor): Outputs => (io.header.has(name) ? { [name]: tensor() } : {});
  return {
    spec: model.spec,
    params: model.params,
    inputs: { images: imagesOf(golden), labels: labelsOf(golden) },
    infer(params, { images }, mode) {
      const features = model.features(images, mode, params);
      const { taps: _, ...untapped } = mode;
      return {
        logits: model.logits(images, untapped, params),
        "logits#by features and head": model.head(features, untapped, {}, params),
        ...has("features", () => features),
        ...has("pre_logits", () => model.head(features, untapped, { preLogits: true }, params)),
      };
    },
    train(params, { images, labels }, mode) {
      if (!/^cross entropy/.test(about.loss ?? ""))
        throw new VitrineError(golden.folder, `an image classifier does not train with the loss "${about.loss}"`);
      const heads = model.heads(images, mode, params);
      const outputs = heads.map((logits, i): [string, tf.Tensor] => [`train_logits${i === 0 ? "" : `.${i}`}`, logits]);
      return { loss: meanCrossEntropy(heads, labels), outputs: Object.fromEntries(outputs) };
    },
  };
}
