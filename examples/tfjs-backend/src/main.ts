// A TensorFlow.js program that knows nothing of Vitrine's models, on three engines: tfjs' own cpu backend, the onnx backend
// as it is (operators are recorded and run when a value is read), and compiled by `jit`.

import "@tensorflow/tfjs-backend-cpu";
import { jit, tf } from "@vitrine/core";
import { useOnnx } from "@vitrine/onnx";

const points = 512;
const width = 128;

/** Points in the plane, and 1 where they lie inside a ring. */
function ring(): { x: tf.Tensor2D; y: tf.Tensor2D } {
  const x = tf.randomUniform<tf.Rank.R2>([points, 2], -1, 1, "float32", 7);
  const radius = tf.norm(x, 2, 1, true);
  const inside = tf.logicalAnd(tf.greater(radius, 0.4), tf.less(radius, 0.8));
  return { x, y: tf.cast(inside, "float32") as tf.Tensor2D };
}

type Weights = { w1: tf.Tensor2D; w2: tf.Tensor2D; w3: tf.Tensor2D };

const start = (): Weights => ({
  w1: tf.randomNormal<tf.Rank.R2>([2, width], 0, 1, "float32", 1),
  w2: tf.randomNormal<tf.Rank.R2>([width, width], 0, 0.1, "float32", 2),
  w3: tf.randomNormal<tf.Rank.R2>([width, 1], 0, 0.1, "float32", 3),
});

/** One step of gradient descent: new weights, and the loss. */
function descend(weights: Weights, x: tf.Tensor2D, y: tf.Tensor2D): { weights: Weights; loss: tf.Scalar } {
  const { value, grads } = tf.valueAndGrads((w1: tf.Tensor, w2: tf.Tensor, w3: tf.Tensor) => {
    const hidden = tf.relu(tf.matMul(tf.relu(tf.matMul(x, w1 as tf.Tensor2D)), w2 as tf.Tensor2D));
    return tf.losses.sigmoidCrossEntropy(y, tf.matMul(hidden, w3 as tf.Tensor2D)) as tf.Scalar;
  })([weights.w1, weights.w2, weights.w3]);
  const [w1, w2, w3] = [weights.w1, weights.w2, weights.w3].map((w, i) => tf.sub(w, tf.mul(grads[i]!, 0.3)));
  return { weights: { w1, w2, w3 } as Weights, loss: value as tf.Scalar };
}

async function run(name: string, step: typeof descend): Promise<void> {
  const { x, y } = ring();
  let weights = start();
  let loss = 0;
  const times: number[] = [];
  for (let i = 0; i < 60; i++) {
    const before = performance.now();
    const result = tf.tidy(() => step(weights, x, y));
    loss = result.loss.dataSync()[0]!;
    tf.dispose([weights, result.loss]);
    weights = result.weights;
    times.push(performance.now() - before);
  }
  tf.dispose([weights, x, y]);
  const median = times.slice(10).sort((a, b) => a - b)[25]!;
  console.log(`${name.padEnd(24)} ${median.toFixed(2).padStart(8)} ms a step   loss ${loss.toFixed(4)}`);
}

await tf.setBackend("cpu");
await run("cpu", descend);
await useOnnx();
await run("onnx", descend);
await run("onnx, compiled", jit(descend));
