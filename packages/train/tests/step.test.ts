import "@tensorflow/tfjs-backend-cpu";
import { Rng, tf } from "@vitrine/core";
import { useOnnx } from "@vitrine/onnx";
import { beforeEach, describe, expect, test } from "vitest";
import { FlatStore } from "../src/step/arena.ts";
import { createStep } from "../src/step/create.ts";
import { teacherOf } from "../src/step/teacher.ts";
import type { Step, StepBatch, StepOptions } from "../src/step.ts";
import { tinyModel } from "./tiny-model.ts";

const base: StepOptions = {
  optimizer: { name: "adamw", weightDecay: 0.05 },
  mean: [0.5, 0.4, 0.3],
  std: [0.2, 0.3, 0.4],
  seed: 5,
};

function batchOf(size: number, seed: number, mix = false): StepBatch {
  const rng = Rng.of("batch", seed);
  const targets = new Float32Array(size * 4).fill(0.025);
  for (let i = 0; i < size; i++) targets[i * 4 + rng.int(4)]! += 0.9;
  const batch = {
    images: Uint8Array.from({ length: size * 8 * 8 * 3 }, () => rng.int(256)),
    size,
    height: 8,
    width: 8,
    channels: 3,
    targets,
  };
  if (!mix) return batch;
  const rows = Array.from({ length: size }, (_, i) => (i % 2 === 0 ? [0.3 + 0.1 * i, 0, 0, 0, 0] : [1, 1, 5, i, 8]));
  const boxes = Float32Array.from({ length: size * 4 }, (_, k) => [2, 5, 0, Math.floor(k / 4)][k % 4]!);
  return { ...batch, mix: Float32Array.from(rows.flat()), erase: { boxes, noise: Int32Array.of(seed, -7) } };
}

function paramsOf(step: Step, which: "params" | "ema" = "params"): Map<string, number[]> {
  const state = step.snapshot()[which]!;
  return new Map([...state].map(([path, { data }]) => [path, Array.from(data)]));
}

function expectSame(a: Map<string, number[]>, b: Map<string, number[]>, tolerance: number): void {
  expect([...a.keys()]).toEqual([...b.keys()]);
  for (const [path, values] of a)
    values.forEach((value, i) => {
      const other = b.get(path)![i]!;
      expect(Math.abs(value - other), `${path}[${i}]: ${value} and ${other}`).toBeLessThanOrEqual(tolerance);
    });
}

beforeEach(async () => {
  await useOnnx();
});

/** A teacher that favours a class by the first pixel. */
function leaning({ images, size }: StepBatch): Float32Array {
  return Float32Array.from({ length: size * 4 }, (_, i) => (i % 4 === images[Math.floor(i / 4) * 192]! % 4 ? 3 : -1));
}

describe.each([
  ["adamw, clipped, averaged", { ...base, clipNorm: 0.5, ema: { decay: 0.9 } }],
  ["adamw with layer-wise rates", { ...base, rateScale: (path: string) => (path.startsWith("patch") ? 0.25 : 1) }],
  [
    "sgd with Nesterov's momentum",
    { ...base, optimizer: { name: "sgd", momentum: 0.9, nesterov: true, weightDecay: 1e-2 } },
  ],
  ["sgd without momentum", { ...base, optimizer: { name: "sgd", momentum: 0, nesterov: false, weightDecay: 1e-2 } }],
  ["a frozen stem", { ...base, frozen: (path: string) => path.startsWith("patch_embed") }],
  ["a teacher's scores", { ...base, distillation: { kind: "soft", temperature: 2, weight: 0.7, teacher: leaning } }],
  ["the consistency loss", { ...base, jsd: { splits: 3 } }],
  ["a teacher's choices", { ...base, distillation: { kind: "hard", teacher: leaning } }],
] as [string, StepOptions][])("with %s", (_name, options) => {
  test("gives the same numbers on the host, in the graph, and op by op", async () => {
    const run = async (update: "host" | "graph", backend: string) => {
      await useOnnx();
      await tf.setBackend(backend);
      const step = createStep(tinyModel({ dropPathRate: 0.3 }), { ...options, update });
      const results = [1, 2, 3].map((seed) => step.run([batchOf(6, seed, seed === 2)], { learningRate: 1e-2 }));
      const params = paramsOf(step);
      const ema = options.ema === undefined ? undefined : paramsOf(step, "ema");
      step.dispose();
      return { results, params, ema };
    };
    const host = await run("host", "onnx");
    for (const backend of ["onnx", "cpu"]) {
      const graph = await run("graph", backend);
      host.results.forEach(({ loss, gradNorm, applied }, i) => {
        expect(loss).toBeCloseTo(graph.results[i]!.loss, 4);
        expect(gradNorm).toBeCloseTo(graph.results[i]!.gradNorm, 3);
        expect(applied).toBe(graph.results[i]!.applied);
      });
      expectSame(host.params, graph.params, 2e-4);
      if (host.ema !== undefined) expectSame(host.ema, graph.ema!, 2e-4);
    }
  });
});

describe.each(["host", "graph"] as const)("the %s step", (update) => {
  test("accumulates to what one batch of all samples gives, also where sizes differ", () => {
    // Each micro-batch is normalised by its own statistics, so the sum is compared with the gradients of each alone.
    const options: StepOptions = {
      ...base,
      optimizer: { name: "sgd", momentum: 0, nesterov: false, weightDecay: 0 },
      update,
    };
    const [a, b] = [batchOf(5, 1), batchOf(3, 2)];
    const gradientsOf = (batches: StepBatch[]) => {
      const model = tinyModel();
      const step = createStep(model, options);
      const before = paramsOf(step);
      const result = step.run(batches, { learningRate: 1 });
      const after = paramsOf(step);
      step.dispose();
      return { result, moved: new Map([...after].map(([p, v]) => [p, v.map((x, i) => x - before.get(p)![i]!)])) };
    };
    const alone = [gradientsOf([a]), gradientsOf([b])];
    const both = gradientsOf([a, b]);
    expect(both.result.samples).toBe(8);
    expect(both.result.loss).toBeCloseTo((alone[0]!.result.loss * 5 + alone[1]!.result.loss * 3) / 8, 5);
    for (const [path, values] of both.moved) {
      if (path.startsWith("bn.running") || path.startsWith("bn.num")) continue;
      values.forEach((value, i) => {
        const expected = (alone[0]!.moved.get(path)![i]! * 5 + alone[1]!.moved.get(path)![i]! * 3) / 8;
        expect(Math.abs(value - expected), path).toBeLessThan(1e-5);
      });
    }
  });

  test("leaves everything as it was where the loss is not finite, and goes on", () => {
    const step = createStep(tinyModel(), { ...base, ema: { decay: 0.5 }, update });
    step.run([batchOf(4, 1)], { learningRate: 1e-2 });
    const before = step.snapshot();
    const bad = batchOf(4, 2);
    bad.targets[0] = Number.NaN;
    const good = batchOf(4, 3);
    for (const batches of [[bad], [bad, good]]) {
      const result = step.run(batches, { learningRate: 1e-2 });
      expect(result.applied).toBe(false);
      expect({ ...step.snapshot(), runs: 0 }).toEqual({ ...before, runs: 0 });
    }
    expect(step.run([good, batchOf(4, 5)], { learningRate: 1e-2 })).toMatchObject({ applied: true });
    for (const values of paramsOf(step).values()) for (const value of values) expect(Number.isFinite(value)).toBe(true);
    step.dispose();
  });

  test("goes on from a snapshot with the same bits", () => {
    const options = { ...base, ema: { decay: 0.9 }, clipNorm: 1, update };
    const step = createStep(tinyModel({ dropPathRate: 0.5 }), options);
    step.run([batchOf(4, 1)], { learningRate: 1e-2 });
    const snapshot = step.snapshot();
    step.run([batchOf(4, 2)], { learningRate: 1e-2 });
    const other = createStep(tinyModel({ dropPathRate: 0.5 }), options);
    other.restore(snapshot);
    other.run([batchOf(4, 2)], { learningRate: 1e-2 });
    expect(other.snapshot()).toEqual(step.snapshot());
    step.dispose();
    other.dispose();
  });

  test("shows its parameters and their average in the model", () => {
    const model = tinyModel();
    const step = createStep(model, { ...base, ema: { decay: 0.5 }, update });
    for (const seed of [1, 2, 3]) step.run([batchOf(4, seed)], { learningRate: 0.1 });
    const images = tf.ones<tf.Rank.R4>([2, 8, 8, 3]);
    step.expose("params");
    const now = Array.from(model.logits(images).dataSync());
    step.expose("ema");
    const average = Array.from(model.logits(images).dataSync());
    expect(now).not.toEqual(average);
    step.expose("params");
    expect(Array.from(model.logits(images).dataSync())).toEqual(now);
    step.dispose();
  });

  test("holds the same number of tensors after any number of runs", () => {
    const step = createStep(tinyModel({ dropPathRate: 0.2 }), { ...base, ema: { decay: 0.9 }, update });
    step.run([batchOf(4, 0)], { learningRate: 1e-3 });
    step.run([batchOf(4, 0), batchOf(2, 0)], { learningRate: 1e-3 });
    const { numTensors, numDataBuffers } = tf.memory();
    for (let i = 0; i < 5; i++)
      step.run(i % 2 ? [batchOf(4, i)] : [batchOf(4, i), batchOf(2, i)], { learningRate: 1e-3 });
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(tf.memory().numDataBuffers).toBe(numDataBuffers);
    step.dispose();
  });

  test("refuses to train nothing, and a state of another optimizer", () => {
    expect(() => createStep(tinyModel(), { ...base, frozen: () => true, update })).toThrow("every parameter is frozen");
    const step = createStep(tinyModel(), { ...base, update });
    const other = createStep(tinyModel(), { ...base, optimizer: { name: "sgd" }, update });
    expect(() => step.restore(other.snapshot())).toThrow("the saved optimizer state has no");
    step.dispose();
    other.dispose();
  });
});

test("a teacher that is the student itself has nothing to teach", () => {
  const model = tinyModel();
  const distillation = { kind: "soft", weight: 1, teacher: teacherOf(model) } as const;
  const step = createStep(model, { ...base, distillation });
  // In training the batch norm sees the batch, the teacher's sees its running statistics: not quite zero.
  const twin = createStep(model, {
    ...base,
    distillation: { ...distillation, teacher: (b) => step.run([b], { learningRate: 0 }).logits[0]! },
  });
  expect(Math.abs(twin.run([batchOf(4, 1)], { learningRate: 0 }).loss)).toBeLessThan(1e-6);
  expect(step.run([batchOf(4, 1)], { learningRate: 0 }).loss).toBeGreaterThan(1e-6);
  step.dispose();
  twin.dispose();
});

describe("FlatStore", () => {
  const slots = [
    { path: "a", size: 30, decay: true, rateScale: 1 },
    { path: "b", size: 5, decay: false, rateScale: 1 },
    { path: "c", size: 40, decay: true, rateScale: 1 },
  ];

  test("puts what is updated alike side by side", () => {
    const { arenas } = new FlatStore(slots, ["params", "grads"]);
    expect(arenas).toHaveLength(1);
    expect(arenas[0]!.segments).toEqual([
      { offset: 0, length: 32 + 48, decay: true, rateScale: 1 },
      { offset: 4 * 80, length: 16, decay: false, rateScale: 1 },
    ]);
  });

  test("takes several memories where one is too small, and refuses what fits into none", () => {
    const store = new FlatStore(slots, ["params", "grads"], 4 * 2 * 64);
    expect(store.arenas.length).toBe(2);
    store.view("grads", "c").fill(2);
    const total = store.arenas.reduce((sum, a) => sum + a.kernels.sumSquares(a.base("grads"), a.length), 0);
    expect(total).toBe(160);
    expect(() => new FlatStore(slots, ["params", "grads"], 4 * 2 * 32)).toThrow('parameter "c" of 40 numbers');
  });
});
