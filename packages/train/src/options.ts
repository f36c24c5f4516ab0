// What `train` can be asked for, checked and with the defaults filled in before anything slow or lasting happens.

import { type BatchSource, type Model, VitrineError } from "@vitrine/core";
import type { EmaConfig } from "./ema.ts";
import { checkErasing, type ErasingConfig } from "./erasing.ts";
import { checkClasses, type Evaluation } from "./evaluate.ts";
import { freezing } from "./freeze.ts";
import { type LearningRateRule, resolveLearningRate } from "./learning-rate.ts";
import type { DistillationOptions, JsdOptions } from "./losses.ts";
import { checkMixup, type MixupConfig } from "./mixup.ts";
import { type ResolvedOptimizer, resolveOptimizer } from "./optim/index.ts";
import { type LayerDecay, layerScales } from "./param-groups.ts";
import type { Reporter } from "./progress/events.ts";
import type { Best, EpochRecord, EvalMetric } from "./records.ts";
import { createSchedule, type Schedule, type ScheduleConfig } from "./schedules/index.ts";
import { resolveSplits } from "./splits.ts";
import { teacherOf } from "./step/teacher.ts";
import type { OptimizerConfig, Step, StepDistillation, StepOptions, Teacher } from "./step.ts";

export interface TrainOptions {
  /**
   * Training data; its loader shuffles and augments. Where it gives several images of each sample (`splits`), accuracy
   * is that of the clean ones, and the loss without `jsdLoss` is that of all.
   */
  train: BatchSource;
  /** Validation data. Without it the best epoch is that of the lowest training loss. */
  val?: BatchSource;
  /** Epochs of the schedule; cooldown and a prefixed warmup come on top. */
  epochs: number;
  optimizer: OptimizerConfig;
  /** A rate, or the rule to make one from the batch size. Default: timm's rule. */
  learningRate?: number | LearningRateRule;
  /** Default: cosine with timm's defaults. */
  schedule?: ScheduleConfig;
  /** Largest L2 norm of all gradients together. */
  clipNorm?: number;
  /** Keep a moving average of the parameters; it is then what is saved in `weights/`, and what decides which epoch is best. */
  ema?: Pick<EmaConfig, "decay" | "warmup">;
  /** Mixup and CutMix. */
  mixup?: MixupConfig;
  /** Random erasing. */
  erasing?: ErasingConfig;
  /** AugMix' loss: the images that `train` gives of a sample are to get like scores. `true` takes its defaults. */
  jsdLoss?: boolean | JsdOptions;
  /** Label smoothing. Default 0.1, as timm's training script has it. */
  smoothing?: number;
  /** Micro-batches to an update. Default 1. */
  accumulate?: number;
  /** What not to train, see `freezing`. */
  freeze?: string | readonly string[];
  /** Lower rates for lower layers: the factor from a layer to the one before, or all of its options. */
  layerDecay?: number | LayerDecay;
  /** Learn from a teacher's scores too: a model, or whatever gives scores for a batch. */
  distillation?: DistillationOptions & { teacher: Model | Teacher; weight?: number };
  /** Default 42. */
  seed?: number;
  /** The run folder. Without it nothing is written. */
  output?: string;
  /** Go on with the run in `output`, bit for bit as if it had never stopped. */
  resume?: boolean;
  /** Updates between checkpoints within an epoch, besides those at its end. Default 0: none. */
  checkpointEvery?: number;
  /** Epochs between validations. Default 1; the last epoch is always validated. */
  evalEvery?: number;
  /** What makes an epoch the best. Default `top1`. */
  evalMetric?: EvalMetric;
  /** Validations without improvement after which to stop. */
  patience?: number;
  /** Seconds of training after which to stop, over all sittings. */
  timeLimit?: number;
  /** Train on a part of each epoch: a number of batches, or below 1 a share. */
  limitTrain?: number;
  limitVal?: number;
  /** One update and one validation batch, to see that everything works. */
  fastDevRun?: boolean;
  /** Steps that are not finite, one after the other, before the run is given up. Default 10. */
  maxSkipped?: number;
  /** Hears of everything that happens. */
  reporter?: Reporter;
  /** When aborted, the current step is finished, the state saved, and `train` returns with `interrupted`. */
  signal?: AbortSignal;
  /** What to keep in `args.yaml` besides these options, such as the model's and the data's. */
  args?: Readonly<Record<string, unknown>>;
  /** Makes the step. Default: the form that suits the engine. */
  createStep?: (model: Model, options: StepOptions) => Step;
}

export interface TrainResult {
  history: readonly EpochRecord[];
  best: Best | undefined;
  /** Why the run ended before its last epoch. */
  stopped: "interrupted" | "patience" | "timeLimit" | undefined;
  /** True where the signal ended it; the state is saved, and `resume` goes on. */
  interrupted: boolean;
  /** Steps whose loss or gradients were not finite. */
  skipped: number;
  /** The last validation of this sitting, of the average where one is kept. */
  evaluation: Evaluation | undefined;
  /** Time trained, over all sittings. */
  seconds: number;
  output: string | undefined;
}

/** Options with everything decided. */
export interface Settings {
  step: StepOptions;
  optimizer: ResolvedOptimizer;
  schedule: Schedule;
  scheduleConfig: ScheduleConfig;
  learningRate: number;
  learningRateWhy: string;
  smoothing: number;
  accumulate: number;
  /** Images of each training sample. */
  splits: number;
  seed: number;
  checkpointEvery: number;
  evalEvery: number;
  evalMetric: EvalMetric;
  maxSkipped: number;
  /** Micro-batches and updates of an epoch. */
  batches: number;
  updatesPerEpoch: number;
  valBatches: number;
}

/** @throws VitrineError that names the option, what it must be, and what was found. */
export function resolveOptions(model: Model, options: TrainOptions): Settings {
  const { train, val, fastDevRun = false, smoothing = 0.1, accumulate = 1, seed = 42, evalMetric = "top1" } = options;
  const { checkpointEvery = 0, evalEvery = 1, maxSkipped = 10 } = options;
  checkSource("train", train);
  if (val !== undefined) checkSource("val", val);
  checkClasses(model, train);
  if (val !== undefined) checkSameClasses(train, val);
  whole({ epochs: options.epochs, accumulate, evalEvery, maxSkipped }, 1);
  whole({ checkpointEvery, seed }, 0);
  const { clipNorm, patience, timeLimit, ema } = options;
  for (const [name, value] of Object.entries({ clipNorm, patience, timeLimit }))
    if (value !== undefined && !(value > 0)) throw usage(`${name} must be above 0, found ${value}`);
  if (!(smoothing >= 0 && smoothing < 1)) throw usage(`smoothing must lie in [0, 1), found ${smoothing}`);
  if (ema !== undefined && !(ema.decay >= 0 && ema.decay < 1))
    throw usage(`ema.decay must lie in [0, 1), found ${ema.decay}`);
  if (!["top1", "top5", "loss"].includes(evalMetric))
    throw usage(`evalMetric must be top1, top5 or loss, found ${evalMetric}`);
  if (options.mixup !== undefined) checkMixup(options.mixup);
  const { numClasses = train.classes.length } = options.mixup ?? {};
  if (numClasses !== train.classes.length)
    throw usage(`mixup.numClasses is ${numClasses}, the data has ${train.classes.length} classes; leave it out`);
  if (options.erasing !== undefined) checkErasing(options.erasing);
  const { splits, jsd } = resolveSplits(options);

  const optimizer = resolveOptimizer(options.optimizer);
  const batches = fastDevRun ? Math.min(accumulate, train.batches) : part("limitTrain", options.limitTrain, train);
  const updatesPerEpoch = Math.ceil(batches / accumulate);
  const imagesPerUpdate = train.batchSize * accumulate;
  const rate = resolveLearningRate(options.learningRate, optimizer.name, imagesPerUpdate);
  const scheduleConfig = options.schedule ?? { name: "cosine" };
  const epochs = fastDevRun ? 1 : options.epochs;
  const maximise = evalMetric !== "loss" && val !== undefined;
  const schedule = createSchedule(
    fastDevRun ? { ...scheduleConfig, warmupPrefix: false, cooldownEpochs: 0 } : scheduleConfig,
    {
      learningRate: rate.learningRate,
      epochs,
      updatesPerEpoch,
      maximise,
    },
  );
  return {
    step: { ...stepOptions(model, options, optimizer, seed), ...(jsd && { jsd }) },
    optimizer,
    schedule,
    scheduleConfig,
    learningRate: rate.learningRate,
    learningRateWhy: rate.why,
    smoothing,
    accumulate,
    splits,
    seed,
    checkpointEvery,
    evalEvery,
    evalMetric,
    maxSkipped,
    batches,
    updatesPerEpoch,
    valBatches: val === undefined ? 0 : fastDevRun ? 1 : part("limitVal", options.limitVal, val),
  };
}

function stepOptions(model: Model, options: TrainOptions, optimizer: ResolvedOptimizer, seed: number): StepOptions {
  const { clipNorm, ema, freeze, layerDecay, distillation } = options;
  const { mean, std } = model.preprocess;
  const frozen = freeze === undefined ? undefined : freezing(model, freeze);
  const decay = typeof layerDecay === "number" ? { decay: layerDecay } : layerDecay;
  const scales = decay === undefined ? undefined : layerScales(model, decay);
  return {
    optimizer,
    mean,
    std,
    seed,
    frozen: (path) => (frozen?.(path) ?? false) || (scales?.frozen(path) ?? false),
    ...(scales === undefined ? {} : { rateScale: scales.rateScale }),
    ...(clipNorm === undefined ? {} : { clipNorm }),
    ...(ema === undefined ? {} : { ema }),
    ...(distillation === undefined ? {} : { distillation: withTeacher(distillation) }),
  };
}

/** @throws VitrineError for a weight or temperature that makes no sense. */
function withTeacher({ teacher, ...rest }: NonNullable<TrainOptions["distillation"]>): StepDistillation {
  const { weight = 0.5, temperature = 1 } = rest;
  if (!(weight >= 0 && weight <= 1)) throw usage(`distillation.weight must lie in [0, 1], found ${weight}`);
  if (!(temperature > 0)) throw usage(`distillation.temperature must be above 0, found ${temperature}`);
  return { ...rest, teacher: typeof teacher === "function" ? teacher : teacherOf(teacher) };
}

function checkSource(name: string, source: BatchSource): void {
  whole({ [`${name}.batchSize`]: source.batchSize }, 1);
  if (source.classes.length < 2)
    throw usage(`${name} has ${source.classes.length} class, at least 2 are needed to tell apart; check the folder`);
  if (source.length < 1 || source.batches < 1) throw usage(`${name} gives no batches; check the folder and the split`);
}

function checkSameClasses(train: BatchSource, val: BatchSource): void {
  if (train.classes.join("\0") === val.classes.join("\0")) return;
  const only = (a: BatchSource, b: BatchSource) => a.classes.filter((name) => !b.classes.includes(name)).slice(0, 5);
  const words = [
    ["only in train", only(train, val)],
    ["only in val", only(val, train)],
  ] as const;
  const said = words.flatMap(([what, names]) => (names.length > 0 ? [`${what}: ${names.join(", ")}`] : []));
  throw usage(
    `train has ${train.classes.length} classes, val ${val.classes.length}, and they differ (${said.join("; ") || "in their order"}); both need the same class folders`,
  );
}

/** Batches of an epoch under a limit. */
function part(name: string, limit: number | undefined, source: BatchSource): number {
  if (limit === undefined) return source.batches;
  if (!(limit > 0) || (limit >= 1 && !Number.isInteger(limit)))
    throw usage(`${name} must be a number of batches or a share below 1, found ${limit}`);
  return limit < 1 ? Math.max(1, Math.floor(source.batches * limit)) : Math.min(limit, source.batches);
}

function whole(values: Readonly<Record<string, number>>, least: number): void {
  for (const [name, value] of Object.entries(values))
    if (!Number.isInteger(value) || value < least)
      throw usage(`${name} must be a whole number of at least ${least}, found ${value}`);
}

function usage(message: string): VitrineError {
  return new VitrineError("train", message, { usage: true });
}
