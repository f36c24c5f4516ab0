// A batch of random images with labels, and the loss and gradients of a model on it.

import { type BaseConfig, imageSize, leaves, type Model, Rng, specLeaves, tf, trainingMode } from "@vitrine/core";

/** Normal values, [batch, H, W, C]; the same for the same shape. */
export function randomImages(config: BaseConfig, batch: number): tf.Tensor4D {
  const [height, width] = imageSize(config);
  const rng = Rng.of(3, "images");
  const values = Float32Array.from({ length: batch * height * width * config.inChans }, () => rng.normal());
  return tf.tensor4d(values, [batch, height, width, config.inChans]);
}

/** Images with their class to be seen in them: each class is a colour, the classes come in turn. [batch, H, W, C]. */
export function colouredImages(config: BaseConfig, batch: number): tf.Tensor4D {
  const { numClasses, inChans } = config;
  const colours = Array.from({ length: numClasses }, (_, i) => {
    const rng = Rng.of(5, "colour", i);
    return Array.from({ length: inChans }, () => 2 * rng.normal());
  });
  const rows = Array.from({ length: batch }, (_, i) => [[colours[i % numClasses]!]]);
  return tf.tidy(() => tf.add(tf.mul(0.5, randomImages(config, batch)), tf.tensor4d(rows)));
}

/** One-hot rows, the classes in turn. */
export function randomLabels({ numClasses }: BaseConfig, batch: number): tf.Tensor2D {
  const values = new Float32Array(batch * numClasses);
  for (let i = 0; i < batch; i++) values[i * numClasses + (i % numClasses)] = 1;
  return tf.tensor2d(values, [batch, numClasses]);
}

/** Cross entropy, of several heads the mean, and the gradients of the parameters that it reaches. */
export function lossAndGradients(
  model: Model,
  images: tf.Tensor4D,
  labels: tf.Tensor2D,
  params: object = model.params,
): { loss: tf.Scalar; gradients: [path: string, gradient: tf.Tensor][] } {
  const spec = new Map(specLeaves(model.spec));
  const trained = leaves(params).filter(([path]) => spec.get(path)!.trainable);
  const { value, grads } = tf.engine().gradients(
    () => {
      return meanCrossEntropy(model.heads(images, trainingMode(), params), labels);
    },
    trained.map(([, tensor]) => tensor),
    undefined,
    true,
  );
  const gradients = trained.flatMap(([path], i): [string, tf.Tensor][] => (grads[i] ? [[path, grads[i]]] : []));
  return { loss: value as tf.Scalar, gradients };
}

/** Cross entropy against one-hot labels, mean over the batch and over a model's heads. */
export function meanCrossEntropy(heads: readonly tf.Tensor2D[], labels: tf.Tensor2D): tf.Scalar {
  const losses = heads.map((logits) => tf.neg(tf.mean(tf.sum(tf.mul(labels, tf.logSoftmax(logits)), -1))));
  return tf.mul(
    losses.reduce((a, b) => tf.add(a, b)),
    1 / losses.length,
  ) as tf.Scalar;
}
