// How good a model is on a data set: loss, accuracy, confusion matrix. Every sample counts once, also those of a last batch
// that is smaller than the others; it is filled up with empty images so that one compiled program does for all batches.

import { type Batch, type BatchSource, jit, type Model, tf, VitrineError } from "@vitrine/core";
import { argMax, ConfusionMatrix, rankOf, rowLoss } from "./metrics.ts";
import { checkOneImage } from "./splits.ts";

export interface Mistake {
  /** Position of the sample in its data set. */
  index: number;
  /** What the source calls it: a path; its position where the source has no names. */
  name: string;
  label: number;
  predicted: number;
  /** What the model gave the class it chose, 0 to 1. */
  confidence: number;
  loss: number;
}

export interface Evaluation {
  /** Mean cross entropy over all samples. */
  loss: number;
  /** Per cent. */
  top1: number;
  top5: number;
  samples: number;
  confusion: ConfusionMatrix;
  /** The mistakes with the highest loss, highest first. */
  worst: Mistake[];
}

export interface EvaluationProgress {
  batch: number;
  batches: number;
  samples: number;
  /** Of this batch, and of all so far. */
  loss: { val: number; avg: number };
  top1: { val: number; avg: number };
  top5: { val: number; avg: number };
  seconds: number;
}

export interface EvaluateOptions {
  /** Compile the forward pass. Default true; the engine decides what that means. */
  jit?: boolean;
  onProgress?: (progress: EvaluationProgress) => void;
  /** Only this many batches. */
  limit?: number;
  /** Mistakes to keep. Default 20. */
  worst?: number;
  /** Stops between batches; `evaluate` then throws the signal's reason. */
  signal?: AbortSignal;
  /** A forward pass to use again, from `createForward`, or one's own. */
  forward?: (batch: Batch) => Float32Array;
}

/** Scores of a batch, flat [size, classes]. */
export interface Forward {
  (batch: Batch): Float32Array;
  /** Frees what was compiled; the next call compiles again. */
  dispose(): void;
}

/**
 * The model's forward pass from bytes to scores, compiled on first use and again when `model.params` was replaced. Batches
 * smaller than `batchSize` are filled up, so that one program serves an epoch.
 */
export function createForward(model: Model, batchSize: number, options: { jit?: boolean } = {}): Forward {
  const { mean, std } = model.preprocess;
  const scores = (params: object, images: tf.Tensor4D): tf.Tensor2D => {
    const scaled = tf.div(tf.sub(tf.div(images, 255), tf.tensor1d([...mean])), tf.tensor1d([...std]));
    return model.logits(scaled as tf.Tensor4D, undefined, params);
  };
  const compiled = jit(scores, { fixed: [0] });
  const run = (options.jit ?? true) ? compiled : (...args: Parameters<typeof scores>) => tf.tidy(() => scores(...args));
  const forward = (batch: Batch) => {
    const { size, height, width, channels } = batch;
    const rows = Math.max(size, batchSize);
    const pixels = new Float32Array(rows * height * width * channels);
    pixels.set(batch.images);
    const images = tf.tensor4d(pixels, [rows, height, width, channels]);
    const logits = run(model.params, images);
    const values = logits.dataSync<"float32">() as Float32Array;
    images.dispose();
    logits.dispose();
    return values.slice(0, (values.length / rows) * size);
  };
  return Object.assign(forward, { dispose: () => compiled.dispose() });
}

/**
 * Evaluates a model on one epoch of a source.
 * @throws VitrineError where the source's classes or images are not those of the model.
 */
export async function evaluate(model: Model, source: BatchSource, options: EvaluateOptions = {}): Promise<Evaluation> {
  checkClasses(model, source);
  checkOneImage("the source", source);
  if (options.forward !== undefined) return measure(model, source, options.forward, options);
  const forward = createForward(model, source.batchSize, options);
  try {
    return await measure(model, source, forward, options);
  } finally {
    forward.dispose();
  }
}

async function measure(
  model: Model,
  source: BatchSource,
  forward: (batch: Batch) => Float32Array,
  { limit = Infinity, worst = 20, onProgress, signal }: EvaluateOptions,
): Promise<Evaluation> {
  const classes = source.classes.length;
  const confusion = new ConfusionMatrix(classes);
  const mistakes: Mistake[] = [];
  const sums = { loss: 0, top1: 0, top5: 0 };
  let [samples, batch] = [0, 0];
  const start = performance.now();
  const batches = Math.min(limit, source.batches);
  for await (const one of source.epoch(0)) {
    signal?.throwIfAborted();
    checkBatch(model, one);
    const logits = forward(one);
    const own = { loss: 0, top1: 0, top5: 0 };
    one.labels.forEach((label, row) => {
      const predicted = argMax(logits, row, classes);
      const loss = rowLoss(logits, row, classes, label);
      const rank = rankOf(logits, row, classes, label);
      confusion.add(label, predicted);
      own.loss += loss;
      own.top1 += rank < 1 ? 1 : 0;
      own.top5 += rank < 5 ? 1 : 0;
      if (predicted !== label) {
        const confidence = Math.exp(-rowLoss(logits, row, classes, predicted));
        const index = one.indices[row]!;
        const name = source.nameOf?.(index) ?? String(index);
        keepWorst(mistakes, { index, name, label, predicted, confidence, loss }, worst);
      }
    });
    samples += one.size;
    batch++;
    for (const key of ["loss", "top1", "top5"] as const) sums[key] += own[key];
    const both = (key: keyof typeof sums, unit: number) => ({
      val: (own[key] / one.size) * unit,
      avg: (sums[key] / samples) * unit,
    });
    const seconds = (performance.now() - start) / 1000;
    const progress = { loss: both("loss", 1), top1: both("top1", 100), top5: both("top5", 100) };
    onProgress?.({ batch, batches, samples, ...progress, seconds });
    if (batch >= batches) break;
    // Lets signals and timers through where batches come without waiting.
    await new Promise(setImmediate);
  }
  if (samples === 0) throw new VitrineError("evaluate", "the source gave no samples; check the folder and the split");
  const mean = (key: keyof typeof sums) => sums[key] / samples;
  return {
    loss: mean("loss"),
    top1: 100 * mean("top1"),
    top5: 100 * mean("top5"),
    samples,
    confusion,
    worst: mistakes,
  };
}

function keepWorst(mistakes: Mistake[], one: Mistake, limit: number): void {
  // Ties go to the earlier sample: the order must not depend on how many are kept.
  const place = mistakes.findIndex((other) => one.loss > other.loss);
  mistakes.splice(place === -1 ? mistakes.length : place, 0, one);
  if (mistakes.length > limit) mistakes.pop();
}

/** @throws VitrineError where a model does not tell apart as many classes as a source has, or knows them by other names. */
export function checkClasses(model: Model, source: BatchSource): void {
  const { numClasses } = model.config;
  if (source.classes.length !== numClasses)
    throw new VitrineError(
      model.name,
      `the model has ${numClasses} classes, the data ${source.classes.length}; create the model with numClasses: ${source.classes.length}`,
      { usage: true },
    );
  const known = model.classes;
  const other = known === undefined ? -1 : source.classes.findIndex((name, i) => name !== known[i]);
  if (other >= 0)
    throw new VitrineError(
      model.name,
      `class ${other} of the model is "${known![other]}", of the data "${source.classes[other]}"; the folders must have the names, and so the order, that the model was trained with (or set model.classes to undefined, to train it for other classes)`,
      { usage: true },
    );
}

/** @throws VitrineError where a batch's images are not of the size or channels that the model takes. */
export function checkBatch(model: Model, batch: Batch): void {
  const { size, channels } = model.preprocess;
  if (batch.height === size[0] && batch.width === size[1] && batch.channels === channels) return;
  throw new VitrineError(
    model.name,
    `expected images of ${size[0]}x${size[1]} pixels and ${channels} channels, found ${batch.height}x${batch.width} and ${batch.channels}; give the loader the model's preprocess, or the model the images' imgSize and inChans`,
    { usage: true },
  );
}
