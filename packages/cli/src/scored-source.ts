// A data set through an ONNX file, in the form that `evaluate` takes. The file may resize images by itself, so there are no
// batches of one size: each batch carries the scores that the file gave, and its pixels are never looked at.

import { type Batch, type BatchSource, isVitrineError, type Model, VitrineError } from "@vitrine/core";
import type { BadSample, Dataset } from "@vitrine/data";
import type { ImageInput, Predictor } from "@vitrine/export";

export interface ScoredOptions {
  batchSize: number;
  maxBadFraction: number;
  onBad(path: string, reason: string): void;
}

export function scoredSource(
  predictor: Predictor,
  dataset: Dataset,
  { batchSize, maxBadFraction, onBad }: ScoredOptions,
): { source: BatchSource; model: Model; forward: (batch: Batch) => Float32Array; bad: BadSample[] } {
  const bad: BadSample[] = [];
  const scores = new WeakMap<Batch, Float32Array>();

  async function* epoch(): AsyncGenerator<Batch> {
    for (let start = 0; start < dataset.length; start += batchSize) {
      const indices = Array.from({ length: Math.min(batchSize, dataset.length - start) }, (_, k) => start + k);
      const rows = await scoreAll(indices);
      const good = indices.filter((index) => rows.has(index));
      if (bad.length > maxBadFraction * dataset.length) throw tooManyBad(dataset, bad);
      if (good.length === 0) continue;
      const batch: Batch = {
        images: new Uint8Array(0),
        size: good.length,
        ...{ height: 0, width: 0, channels: 0 },
        labels: Int32Array.from(good, (index) => dataset.label(index)),
        indices: Int32Array.from(good),
      };
      const width = rows.get(good[0]!)!.length;
      const flat = new Float32Array(good.length * width);
      for (const [i, index] of good.entries()) flat.set(rows.get(index)!, i * width);
      scores.set(batch, flat);
      yield batch;
    }
  }

  /** Scores by index; where an image cannot be read, those of its neighbours are found one by one. */
  async function scoreAll(indices: readonly number[]): Promise<Map<number, Float32Array>> {
    try {
      const inputs = await Promise.all(indices.map((index) => dataset.load(index)));
      const rows = await predictor.outputs(inputs as ImageInput[], { batchSize });
      return new Map(indices.map((index, i) => [index, logits(rows[i]!)]));
    } catch (error) {
      if (!isVitrineError(error)) throw error;
      if (indices.length === 1) {
        const [index] = indices as [number];
        const path = dataset.path(index);
        const reason = error.message.replace(/^image: /, "");
        bad.push({ index, path, reason });
        onBad(path, reason);
        return new Map();
      }
      const found = new Map<number, Float32Array>();
      for (const index of indices) for (const entry of await scoreAll([index])) found.set(...entry);
      return found;
    }
  }

  // `evaluate` takes a softmax of scores, which of the logarithm of probabilities gives them back.
  const logits = (row: Float32Array) =>
    predictor.metadata.output === "probabilities" ? row.map((p) => Math.log(Math.max(p, 1e-30))) : row;

  const source: BatchSource = {
    classes: dataset.classes,
    length: dataset.length,
    batchSize,
    batches: Math.ceil(dataset.length / batchSize),
    epoch,
    close: async () => {},
  };
  // Of a model, `evaluate` reads what describes it: the scores come from `forward`.
  const model = {
    name: predictor.source,
    config: { numClasses: predictor.classes?.length ?? dataset.classes.length },
    classes: predictor.classes,
    preprocess: { size: [0, 0], channels: 0 },
  } as unknown as Model;
  return { source, model, forward: (batch) => scores.get(batch)!, bad };
}

function tooManyBad(dataset: Dataset, bad: readonly BadSample[]): VitrineError {
  const [first] = bad as [BadSample];
  const message = `${bad.length} of ${dataset.length} images cannot be read, for example ${first.path}: ${first.reason}`;
  return new VitrineError(dataset.name, message);
}
