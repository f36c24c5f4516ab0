// A run in words: what goes into `args.yaml`, and the event that opens it.

import { type Model, sizeOf, specLeaves, tf } from "@vitrine/core";
import type { Settings, TrainOptions } from "./options.ts";
import type { TrainEvent } from "./progress/events.ts";
import type { Progress } from "./records.ts";

/** Everything that was decided, defaults included, in the order a reader wants it. */
export function describeRun(model: Model, options: TrainOptions, settings: Settings): Record<string, unknown> {
  const { train, val, clipNorm, ema, mixup, erasing, jsdLoss, freeze, layerDecay, patience, timeLimit } = options;
  const { distillation } = options;
  const { schedule, learningRate, optimizer, smoothing, accumulate, seed, batches, valBatches } = settings;
  const data = (source: TrainOptions["train"], used: number) => ({
    samples: source.length,
    classes: source.classes.length,
    batchSize: source.batchSize,
    splits: source.splits,
    batches: used,
  });
  return {
    model: model.name,
    config: model.config,
    notes: model.notes.length === 0 ? undefined : model.notes,
    engine: tf.getBackend(),
    seed,
    epochs: schedule.epochs,
    learningRate,
    learningRateWhy: settings.learningRateWhy,
    optimizer,
    schedule: settings.scheduleConfig,
    clipNorm,
    smoothing,
    mixup,
    erasing,
    jsdLoss,
    distillation: distillation && {
      ...distillation,
      teacher: typeof distillation.teacher === "function" ? "a function" : distillation.teacher.name,
    },
    ema,
    accumulate,
    freeze,
    layerDecay,
    patience,
    timeLimit,
    evalMetric: settings.evalMetric,
    evalEvery: settings.evalEvery,
    checkpointEvery: settings.checkpointEvery,
    train: data(train, batches),
    val: val && data(val, valBatches),
    ...(options.args === undefined ? {} : { args: options.args }),
  };
}

/** What is allowed, and seldom meant. */
export function doubts(options: TrainOptions, settings: Settings): string[] {
  const { warmupEpochs = 5, warmupPrefix = false } = settings.scheduleConfig;
  const { learningRate, optimizer } = settings;
  const found: string[] = [];
  if (!warmupPrefix && warmupEpochs >= options.epochs && options.fastDevRun !== true)
    found.push(
      `the warmup of ${warmupEpochs} epochs takes the whole run of ${options.epochs}; set schedule.warmupEpochs to less`,
    );
  if (typeof options.learningRate !== "number" && optimizer.name === "adamw" && learningRate > 0.01)
    found.push(
      `a learning rate of ${learningRate} is high for adamw, for which about 0.001 is usual; set learningRate`,
    );
  return found;
}

/** The event that opens a run. `resumed` is where it goes on. */
export function startEvent(
  model: Model,
  options: TrainOptions,
  settings: Settings,
  resumed: Progress | undefined,
): TrainEvent {
  const trainable = specLeaves(model.spec).filter(([, leaf]) => leaf.trainable);
  const count = (leaves: typeof trainable) => leaves.reduce((sum, [, leaf]) => sum + sizeOf(leaf.shape), 0);
  return {
    type: "start",
    model: model.name,
    engine: tf.getBackend(),
    output: options.output,
    epochs: settings.schedule.epochs,
    updates: settings.updatesPerEpoch,
    samples: options.train.length,
    parameters: count(trainable),
    trainable: count(trainable.filter(([path]) => !settings.step.frozen?.(path))),
    learningRate: settings.learningRate,
    learningRateWhy: settings.learningRateWhy,
    ...(resumed && {
      resumed: { epoch: resumed.epoch, update: Math.ceil(resumed.batch / settings.accumulate) },
    }),
  };
}
