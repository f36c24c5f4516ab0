import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { leaves, tf } from "@vitrine/core";
import { openSafetensors } from "@vitrine/core/node";
import { useOnnx } from "@vitrine/onnx";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { readTensors } from "../src/checkpoint.ts";
import type { TrainOptions } from "../src/options.ts";
import type { TrainEvent } from "../src/progress/events.ts";
import { createStep } from "../src/step/create.ts";
import { train } from "../src/trainer.ts";
import { useCpu } from "./fixtures.ts";
import { plainModel } from "./plain-model.ts";
import { tinyModel } from "./tiny-model.ts";
import { tinyClasses, tinySource } from "./tiny-source.ts";

let folder: string;

beforeEach(async () => {
  await useCpu();
  folder = await mkdtemp(join(tmpdir(), "vitrine-train-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const base = {
  optimizer: { name: "adamw", weightDecay: 0.05 },
  learningRate: 5e-3,
  schedule: { name: "cosine", warmupEpochs: 0 },
  smoothing: 0,
} as const satisfies Partial<TrainOptions>;

const weightsOf = async (run: string, name = "last") => {
  const state = await readTensors(join(run, "weights", `${name}.safetensors`));
  return new Map([...state].map(([path, { data }]) => [path, Array.from(data)]));
};

describe("a run", () => {
  test("learns, and leaves a folder that says all about it", async () => {
    const output = join(folder, "run");
    const events: TrainEvent[] = [];
    const model = tinyModel();
    const result = await train(model, {
      ...base,
      train: tinySource(),
      val: tinySource({ seed: 2, length: 21, shuffle: false }),
      epochs: 6,
      output,
      reporter: { event: (event) => events.push(event) },
      args: { data: "synthetic" },
    });
    expect(result.history.map(({ epoch }) => epoch)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(result.history.at(-1)!.trainLoss).toBeLessThan(0.75 * result.history[0]!.trainLoss);
    expect(result.best!.value).toBeGreaterThan(60);
    expect(result).toMatchObject({ interrupted: false, stopped: undefined, skipped: 0, output });
    expect(result.evaluation!.samples).toBe(21);

    expect((await readdir(output)).sort()).toEqual(
      [
        "args.yaml",
        "classes.json",
        "env.json",
        "preprocess.json",
        "report.html",
        "state",
        "summary.csv",
        "weights",
      ].sort(),
    );
    const csv = (await readFile(join(output, "summary.csv"), "utf8")).trim().split("\n");
    expect(csv[0]).toBe("epoch,train_loss,eval_loss,eval_top1,eval_top5,lr");
    const last = result.history[5]!;
    const { loss, top1, top5 } = last.eval!;
    expect(csv[6]).toBe([5, last.trainLoss, loss, top1, top5, last.learningRate].join(","));
    expect(JSON.parse(await readFile(join(output, "classes.json"), "utf8"))).toEqual(tinyClasses);
    expect(JSON.parse(await readFile(join(output, "preprocess.json"), "utf8"))).toEqual({ ...model.preprocess });
    expect(parse(await readFile(join(output, "args.yaml"), "utf8"))).toMatchObject({
      model: "tiny",
      optimizer: { name: "adamw", weightDecay: 0.05, epsilon: 1e-8 },
      args: { data: "synthetic" },
      train: { samples: 32, batchSize: 8 },
    });
    expect(JSON.parse(await readFile(join(output, "env.json"), "utf8"))).toMatchObject({ node: process.version });

    const file = await openSafetensors(join(output, "weights", "last.safetensors"));
    expect(file.metadata).toMatchObject({
      arch: "tiny",
      epoch: "5",
      ema: "false",
      classes: JSON.stringify(tinyClasses),
    });
    expect(file.metadata.vitrine).toMatch(/^\d+\.\d+\.\d+/);
    await file.close();
    expect(await readdir(join(output, "state"))).toHaveLength(2); // one generation, and the file that names it

    // The model has the weights of the last file.
    const written = await weightsOf(output);
    const bias = leaves(model.params).find(([path]) => path === "head.bias")![1];
    expect(Array.from(bias.dataSync())).toEqual(written.get("head.bias"));

    const kinds = events.map(({ type }) => type);
    expect(kinds[0]).toBe("start");
    expect(kinds.at(-1)).toBe("end");
    expect(kinds.filter((kind) => kind === "step")).toHaveLength(24);
    expect(kinds.filter((kind) => kind === "epoch")).toHaveLength(6);
  });

  test.each(["cpu", "onnx"])("keeps no more tensors as it goes on, on the engine %s", async (engine) => {
    if (engine === "onnx") await useOnnx();
    const counts: number[] = [];
    await train(tinyModel({ dropPathRate: 0.2 }), {
      ...base,
      train: tinySource(),
      val: tinySource({ seed: 2, length: 12 }),
      epochs: 3,
      clipNorm: 1,
      ema: { decay: 0.9 },
      accumulate: 2,
      mixup: { mixupAlpha: 0.5, cutmixAlpha: 1 },
      reporter: {
        event: ({ type }) => {
          if (type === "epoch") counts.push(tf.memory().numTensors);
        },
      },
    });
    expect(counts).toHaveLength(3);
    expect(new Set(counts).size).toBe(1);
  });

  test("gives the same update from one batch of 8 and from accumulated ones of 3, 3 and 2", async () => {
    const runs = { whole: { batchSize: 8, accumulate: 1 }, parts: { batchSize: 3, accumulate: 3 } };
    const after: Map<string, number[]>[] = [];
    for (const [name, { batchSize, accumulate }] of Object.entries(runs)) {
      const output = join(folder, name);
      const source = tinySource({ length: 8, batchSize, shuffle: false });
      const optimizer = { name: "sgd" } as const;
      const result = await train(plainModel(), {
        ...base,
        learningRate: 0.1,
        optimizer,
        train: source,
        epochs: 1,
        accumulate,
        output,
      });
      expect(result.history[0]!.samples).toBe(8);
      after.push(await weightsOf(output));
    }
    const [whole, parts] = after as [Map<string, number[]>, Map<string, number[]>];
    for (const [path, values] of whole)
      values.forEach((value, i) => {
        expect(Math.abs(value - parts.get(path)![i]!), path).toBeLessThanOrEqual(1e-7);
      });
    expect(Math.max(...whole.get("head.bias")!.map(Math.abs))).toBeGreaterThan(1e-3);
  });

  test("warns of what is seldom meant", async () => {
    const notices: string[] = [];
    const { learningRate: _, schedule: __, ...rest } = base;
    await train(plainModel(), {
      ...rest,
      learningRate: { baseSize: 1 },
      train: tinySource({ length: 8 }),
      epochs: 2,
      reporter: { event: (event) => event.type === "notice" && notices.push(event.message) },
    });
    expect(notices).toEqual([
      expect.stringContaining("the warmup of 5 epochs takes the whole run of 2"),
      expect.stringContaining("is high for adamw"),
    ]);
  });

  test("leaves what is frozen as it was", async () => {
    const model = tinyModel();
    const before = new Map(leaves(model.params).map(([path, tensor]) => [path, Array.from(tensor.dataSync())]));
    await train(model, { ...base, train: tinySource(), epochs: 1, freeze: "backbone" });
    const changed = leaves(model.params).flatMap(([path, tensor]) =>
      Array.from(tensor.dataSync()).every((value, i) => value === before.get(path)![i]) ? [] : [path],
    );
    expect(changed.filter((path) => !path.includes("running") && !path.includes("tracked"))).toEqual([
      "head.weight",
      "head.bias",
    ]);
  });

  test("keeps timm's average of the parameters", async () => {
    const output = join(folder, "run");
    const seen: number[][] = [];
    const model = tinyModel();
    // What the parameters are after each update, from runs that end there.
    for (const limitTrain of [1, 2, 3]) {
      const run = join(folder, `to-${limitTrain}`);
      const schedule = { name: "step", warmupEpochs: 0 } as const;
      await train(tinyModel(), { ...base, schedule, train: tinySource(), epochs: 1, limitTrain, output: run });
      seen.push((await weightsOf(run)).get("head.bias")!);
    }
    const schedule = { name: "step", warmupEpochs: 0 } as const;
    const ema = { decay: 0.9, warmup: true };
    await train(model, { ...base, schedule, train: tinySource(), epochs: 1, limitTrain: 3, ema, output });
    // Decay is 0 at the first update, then 1 - (1 + n)^(-2/3).
    const decays = [1 - 2 ** (-2 / 3), 1 - 3 ** (-2 / 3)];
    const average = (await weightsOf(output)).get("head.bias")!;
    average.forEach((value, i) => {
      let wanted = seen[0]![i]!;
      decays.forEach((decay, n) => {
        wanted = wanted * decay + seen[n + 1]![i]! * (1 - decay);
      });
      expect(value).toBeCloseTo(wanted, 6);
    });
    const file = await openSafetensors(join(output, "weights", "last.safetensors"));
    expect(file.metadata.ema).toBe("true");
    await file.close();
  });

  test("counts every sample of a ragged last batch once, and both kinds of parameters", async () => {
    const result = await train(tinyModel(), {
      ...base,
      train: tinySource({ length: 13 }),
      val: tinySource({ length: 11, batchSize: 4, shuffle: false }),
      epochs: 1,
      ema: { decay: 0.5 },
    });
    const { eval: average, raw } = result.history[0]!;
    expect(average!.samples).toBe(11);
    expect((average!.top1 * 11) / 100).toBeCloseTo(Math.round((average!.top1 * 11) / 100), 9);
    expect(raw!.loss).not.toBe(average!.loss);
    expect(result.history[0]!.samples).toBe(13);
  });
});

describe("steps that are not finite", () => {
  test("are skipped, told of, and leave no trace", async () => {
    const notices: string[] = [];
    const model = tinyModel();
    const result = await train(model, {
      ...base,
      train: tinySource({ length: 96 }),
      epochs: 1,
      reporter: {
        event: (event) => {
          if (event.type === "notice") notices.push(event.message);
        },
      },
      createStep: (m, o) => poisoned(createStep(m, o), [2]),
    });
    expect(notices).toEqual(["epoch 0, batch 2: the loss is not finite; the step was skipped"]);
    expect(result.skipped).toBe(1);
    expect(result.history[0]!.samples).toBe(88);
    expect(Number.isFinite(result.history[0]!.trainLoss)).toBe(true);
    for (const [, tensor] of leaves(model.params))
      expect(tensor.dataSync().every((value) => Number.isFinite(value))).toBe(true);
  });

  test("end the run when there are too many in a row, with what to try", async () => {
    const all = Array.from({ length: 12 }, (_, i) => i);
    const run = train(tinyModel(), {
      ...base,
      train: tinySource({ length: 96 }),
      epochs: 1,
      createStep: (m, o) => poisoned(createStep(m, o), all),
    });
    await expect(run).rejects.toThrow(
      /epoch 0, batch 9: the loss is not finite, for the 10th step in a row; lower the learning rate \(now 0\.005\)/,
    );
  });

  /** The real step, given targets that are not numbers in some of its runs. */
  function poisoned(step: ReturnType<NonNullable<TrainOptions["createStep"]>>, runs: readonly number[]) {
    let count = 0;
    return Object.assign(Object.create(step) as typeof step, {
      run: (batches: Parameters<typeof step.run>[0], rates: Parameters<typeof step.run>[1]) => {
        const bad = runs.includes(count++);
        return step.run(bad ? batches.map((b) => ({ ...b, targets: b.targets.map(() => NaN) })) : batches, rates);
      },
      snapshot: () => step.snapshot(),
      restore: (s: Parameters<typeof step.restore>[0]) => step.restore(s),
      expose: (w: "params" | "ema") => step.expose(w),
      dispose: () => step.dispose(),
    });
  }
});

describe("stopping", () => {
  test("ends when the metric has not improved for a while", async () => {
    // A rate of next to nothing: no epoch is better than the first.
    const result = await train(plainModel(), {
      ...base,
      learningRate: 1e-12,
      train: tinySource(),
      val: tinySource({ seed: 2 }),
      epochs: 20,
      patience: 2,
    });
    expect(result.stopped).toBe("patience");
    expect(result.history).toHaveLength(3);
  });

  test("ends at the time limit, in the middle of an epoch", async () => {
    const result = await train(tinyModel(), { ...base, train: tinySource(), epochs: 1000, timeLimit: 0.3 });
    expect(result.stopped).toBe("timeLimit");
    expect(result.history.length).toBeLessThan(1000);
  });

  test("finishes the step and saves when interrupted; going on gives the same as never having stopped", async () => {
    const [whole, parts] = [join(folder, "whole"), join(folder, "parts")];
    const common = { ...base, epochs: 3, ema: { decay: 0.9 }, mixup: { mixupAlpha: 0.4 }, learningRate: 1e-2 };
    const sources = () => ({ train: tinySource(), val: tinySource({ seed: 2, length: 12 }) });
    const once = await train(tinyModel({ dropPathRate: 0.3 }), { ...common, ...sources(), output: whole });

    const stop = new AbortController();
    let steps = 0;
    const first = await train(tinyModel({ dropPathRate: 0.3 }), {
      ...common,
      ...sources(),
      output: parts,
      signal: stop.signal,
      reporter: {
        event: ({ type }) => {
          if (type === "step" && ++steps === 6) stop.abort();
        },
      },
    });
    expect(first).toMatchObject({ interrupted: true, stopped: "interrupted" });
    expect(steps).toBe(6);
    const left = sources();
    const second = await train(tinyModel({ dropPathRate: 0.3 }), { ...common, ...left, output: parts, resume: true });
    expect(left.train.read[0]).toBe("1/2");
    expect(second.interrupted).toBe(false);
    expect(await weightsOf(parts)).toEqual(await weightsOf(whole));
    expect(await readFile(join(parts, "summary.csv"), "utf8")).toBe(await readFile(join(whole, "summary.csv"), "utf8"));
    expect(second.best).toEqual(once.best);
  });

  test("interrupted while validating, validates when going on", async () => {
    const output = join(folder, "run");
    const stop = new AbortController();
    const sources = () => ({ train: tinySource(), val: tinySource({ seed: 2, length: 24 }) });
    const first = await train(tinyModel(), {
      ...base,
      ...sources(),
      epochs: 1,
      output,
      signal: stop.signal,
      reporter: { event: ({ type }) => type === "validation" && stop.abort() },
    });
    expect(first).toMatchObject({ interrupted: true, history: [] });
    const left = sources();
    const second = await train(tinyModel(), { ...base, ...left, epochs: 1, output, resume: true });
    expect(left.train.read).toEqual([]);
    expect(second.history).toHaveLength(1);
    expect(second.history[0]!.samples).toBe(32);
  });
});

describe("refuses", () => {
  const options = (more: Partial<TrainOptions>): TrainOptions => ({ ...base, train: tinySource(), epochs: 1, ...more });
  const refused = (more: Partial<TrainOptions>) => expect(train(tinyModel(), options(more))).rejects;

  test("numbers that make no sense, by name", async () => {
    await refused({ train: tinySource({ batchSize: 0 }) }).toThrow(
      "train: train.batchSize must be a whole number of at least 1, found 0",
    );
    await refused({ epochs: 0 }).toThrow("epochs must be a whole number of at least 1, found 0");
    await refused({ accumulate: 1.5 }).toThrow("accumulate must be a whole number");
    await refused({ clipNorm: 0 }).toThrow("clipNorm must be above 0, found 0");
    await refused({ smoothing: 1 }).toThrow("smoothing must lie in [0, 1), found 1");
    await refused({ limitTrain: 1.5 }).toThrow("limitTrain must be a number of batches or a share below 1, found 1.5");
    await refused({ learningRate: -1 }).toThrow("learningRate must be above 0");
    await refused({ train: tinySource({ length: 0 }) }).toThrow("train gives no batches");
  });

  test("data of other classes or another size", async () => {
    await refused({ train: tinySource({ classes: ["one"] }) }).toThrow("train has 1 class, at least 2");
    await refused({ train: tinySource({ classes: ["a", "b"] }) }).toThrow("create the model with numClasses: 2");
    await refused({ val: tinySource({ classes: ["dark", "light", "cold", "hot"] }) }).toThrow(
      "(only in train: warm; only in val: hot)",
    );
    await refused({ train: tinySource({ size: 16 }) }).toThrow(
      "expected images of 8x8 pixels and 3 channels, found 16x16",
    );
    await refused({ train: tinySource({ channels: 1 }) }).toThrow("found 8x8 and 1");
  });

  test("a folder that holds a run, or none to go on with", async () => {
    const output = join(folder, "run");
    await refused({ output, resume: true }).toThrow("there is no run to resume: no such folder");
    await train(tinyModel(), options({ output }));
    await refused({ output }).toThrow("already holds a run; resume it (`resume`), or choose another folder");
  });

  test("a folder that cannot be made", async () => {
    const output = join(folder, "file", "run");
    await writeFile(join(folder, "file"), "");
    await refused({ output }).toThrow("cannot make the folder");
  });

  test("to go on with another model, data or setting", async () => {
    const output = join(folder, "run");
    await train(tinyModel(), options({ output }));
    const again = { output, resume: true };
    await refused({ ...again, train: tinySource({ batchSize: 4 }) }).toThrow(
      "the run was started with batchSize 8, found 4; resume with the same",
    );
    await refused({ ...again, seed: 7 }).toThrow("the run was started with seed 42, found 7");
    await refused({ ...again, optimizer: { name: "sgd" } }).toThrow("started with optimizer adamw, found sgd");
    await expect(train(plainModel(), options(again))).rejects.toThrow("the checkpoint is of another model. Keys");
  });
});

test("runs one update and one validation batch for a trial", async () => {
  const source = tinySource();
  const val = tinySource({ seed: 2 });
  const result = await train(tinyModel(), { ...base, train: source, val, epochs: 50, accumulate: 2, fastDevRun: true });
  expect(result.history).toHaveLength(1);
  expect(source.read).toEqual(["0/0", "0/1"]);
  expect(result.evaluation!.samples).toBe(8);
});

test("goes on with a finished run by doing nothing", async () => {
  const output = join(folder, "run");
  await train(tinyModel(), { ...base, train: tinySource(), epochs: 1, output });
  const before = await stat(join(output, "weights", "last.safetensors"));
  const source = tinySource();
  const result = await train(tinyModel(), { ...base, train: source, epochs: 1, output, resume: true });
  expect(source.read).toEqual([]);
  expect(result.history).toHaveLength(1);
  expect((await stat(join(output, "weights", "last.safetensors"))).mtimeMs).toBe(before.mtimeMs);
});
