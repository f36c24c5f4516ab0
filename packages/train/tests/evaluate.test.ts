import { tf } from "@vitrine/core";
import { useOnnx } from "@vitrine/onnx";
import { beforeEach, describe, expect, test } from "vitest";
import { createForward, type EvaluationProgress, evaluate } from "../src/evaluate.ts";
import { rowLoss } from "../src/metrics.ts";
import { useCpu } from "./fixtures.ts";
import { tinyModel } from "./tiny-model.ts";
import { tinySource } from "./tiny-source.ts";

describe.each(["cpu", "onnx"])("on the engine %s", (engine) => {
  beforeEach(async () => {
    await (engine === "cpu" ? useCpu() : useOnnx());
  });

  test("gives the same for any batch size, the ragged last batch included", async () => {
    const model = tinyModel();
    const results = [];
    for (const batchSize of [1, 4, 11, 32])
      results.push(await evaluate(model, tinySource({ length: 11, batchSize, shuffle: false })));
    const [one, ...others] = results;
    expect(one!.samples).toBe(11);
    for (const other of others) {
      expect(other.loss).toBeCloseTo(one!.loss, 6);
      expect([other.top1, other.top5, other.samples]).toEqual([one!.top1, one!.top5, 11]);
      expect([...other.confusion.counts]).toEqual([...one!.confusion.counts]);
    }
  });

  test("leaves no tensors behind", async () => {
    const model = tinyModel();
    const source = tinySource({ length: 11, batchSize: 4 });
    const forward = createForward(model, 4);
    await evaluate(model, source, { forward });
    const before = tf.memory().numTensors;
    await evaluate(model, source, { forward });
    expect(tf.memory().numTensors).toBe(before);
  });

  test("sees new parameters in a forward pass that is used again", async () => {
    const source = tinySource({ length: 8, batchSize: 8 });
    const model = tinyModel();
    const forward = createForward(model, 8);
    const before = await evaluate(model, source, { forward });
    model.params = tinyModel({ numClasses: 4 }).params;
    (model.params as { head: { bias: tf.Tensor } }).head.bias = tf.tensor1d([9, 0, 0, 0]);
    const after = await evaluate(model, source, { forward });
    expect(after.loss).not.toBe(before.loss);
    expect(after.confusion.perClass()[0]!.recall).toBe(1);
  });
});

test("says how it goes, and names the worst mistakes", async () => {
  await useCpu();
  const model = tinyModel();
  const source = tinySource({ length: 11, batchSize: 4, shuffle: false });
  const seen: EvaluationProgress[] = [];
  const result = await evaluate(model, source, { onProgress: (now) => seen.push(now), worst: 3 });
  expect(seen.map(({ batch, batches, samples }) => [batch, batches, samples])).toEqual([
    [1, 3, 4],
    [2, 3, 8],
    [3, 3, 11],
  ]);
  expect(seen[2]!.loss.avg).toBe(result.loss);
  expect(seen[2]!.top1.avg).toBe(result.top1);
  expect(result.worst.length).toBeLessThanOrEqual(3);
  const losses = result.worst.map(({ loss }) => loss);
  expect(losses).toEqual([...losses].sort((a, b) => b - a));
  const [worst] = result.worst;
  expect(worst!.name).toBe(`tiny/${worst!.index}.png`);
  for await (const batch of source.epoch(0)) {
    const row = batch.indices.indexOf(worst!.index);
    if (row < 0) continue;
    const logits = createForward(model, 4)(batch);
    expect(rowLoss(logits, row, 4, worst!.label)).toBeCloseTo(worst!.loss, 9);
  }
});

test("stops between batches when asked to", async () => {
  await useCpu();
  const stop = new AbortController();
  const source = tinySource({ length: 32, batchSize: 4 });
  const run = evaluate(tinyModel(), source, { signal: stop.signal, onProgress: () => stop.abort() });
  await expect(run).rejects.toThrow("abort");
  expect(source.read).toHaveLength(2);
});
