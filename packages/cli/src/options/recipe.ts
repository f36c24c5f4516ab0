// How the parameters are changed: optimizer, learning rate, regularisation. timm's names and defaults.

import type { TrainOptions } from "@vitrine/train";
import { defineOptions, type Values } from "../args.ts";
import { UsageError } from "../usage-error.ts";

const optimizer = "Optimizer";
const rate = "Learning rate";
const loss = "Loss and regularisation";

export const recipeOptions = defineOptions({
  epochs: { kind: "integer", min: 1, default: 300, group: optimizer, help: "epochs of training" },
  "batch-size": { kind: "integer", min: 1, default: 128, short: "b", group: optimizer, help: "images in a batch" },
  opt: { kind: "string", default: "sgd", group: optimizer, help: "optimizer: sgd, momentum, adamw" },
  momentum: { kind: "number", min: 0, max: 1, default: 0.9, group: optimizer, help: "momentum of sgd" },
  "opt-betas": { kind: "numbers", count: [2], group: optimizer, help: "betas of adamw (0.9 0.999)" },
  "opt-eps": { kind: "number", above: 0, group: optimizer, help: "epsilon of adamw (1e-8)" },
  "weight-decay": {
    kind: "number",
    min: 0,
    default: 2e-5,
    aliases: ["wd"],
    group: optimizer,
    help: "weight decay, of matrices only",
  },
  "clip-grad": { kind: "number", above: 0, group: optimizer, help: "largest norm of all gradients together (none)" },
  "clip-mode": {
    kind: "string",
    choices: ["norm"],
    default: "norm",
    group: optimizer,
    help: "how gradients are clipped",
  },
  "grad-accum-steps": { kind: "integer", min: 1, default: 1, group: optimizer, help: "batches to an update, exact" },
  "layer-decay": {
    kind: "number",
    above: 0,
    max: 1,
    group: optimizer,
    help: "factor on the rate from a layer to the one below",
  },
  "layer-decay-min-scale": { kind: "number", min: 0, group: optimizer, help: "smallest such factor (0)" },
  "layer-decay-no-opt-scale": {
    kind: "number",
    min: 0,
    group: optimizer,
    help: "layers below this factor stay as they are (0)",
  },
  freeze: {
    kind: "string",
    group: optimizer,
    help: "what stays as it is: backbone, blocks:0-5, stages:0-2, patch_embed, …",
  },

  lr: { kind: "number", above: 0, group: rate, help: "learning rate (from --lr-base and the batch size)" },
  "lr-base": { kind: "number", above: 0, default: 0.1, group: rate, help: "rate of --lr-base-size images" },
  "lr-base-size": { kind: "integer", min: 1, default: 256, group: rate, help: "images that --lr-base is meant for" },
  "lr-base-scale": {
    kind: "string",
    choices: ["linear", "sqrt"],
    group: rate,
    help: "how the rate grows with the batch",
  },
  sched: {
    kind: "string",
    default: "cosine",
    group: rate,
    help: "schedule: cosine, tanh, poly, step, multistep, plateau",
  },
  "sched-on-updates": { kind: "boolean", group: rate, help: "a new rate each update, not each epoch" },
  "warmup-epochs": { kind: "number", min: 0, default: 5, group: rate, help: "epochs of the rise" },
  "warmup-lr": { kind: "number", min: 0, default: 1e-5, group: rate, help: "rate at its start" },
  "warmup-prefix": { kind: "boolean", group: rate, help: "the rise comes before the epochs, not within them" },
  "min-lr": { kind: "number", min: 0, default: 0, group: rate, help: "lowest rate" },
  "cooldown-epochs": { kind: "number", min: 0, default: 0, group: rate, help: "epochs at the lowest rate, at the end" },
  "decay-epochs": { kind: "number", above: 0, default: 90, group: rate, help: "epochs between two steps" },
  "decay-milestones": {
    kind: "numbers",
    default: [90, 180, 270],
    group: rate,
    help: "epochs of the steps of multistep",
  },
  "decay-rate": { kind: "number", above: 0, default: 0.1, group: rate, help: "factor of a step; power of poly" },
  "patience-epochs": { kind: "number", min: 0, default: 10, group: rate, help: "epochs that plateau waits" },
  "lr-cycle-mul": { kind: "number", above: 0, default: 1, group: rate, help: "growth of the cycles' length" },
  "lr-cycle-decay": { kind: "number", above: 0, default: 0.5, group: rate, help: "factor on the rate of each cycle" },
  "lr-cycle-limit": { kind: "integer", min: 1, default: 1, group: rate, help: "number of cycles" },
  "lr-k-decay": { kind: "number", above: 0, default: 1, group: rate, help: "exponent of time in cosine and poly" },

  smoothing: { kind: "number", min: 0, max: 0.999, default: 0.1, group: loss, help: "label smoothing" },
  "jsd-loss": { kind: "boolean", group: loss, help: "like scores for the images of a sample; needs --aug-splits" },
  mixup: { kind: "number", min: 0, default: 0, group: loss, help: "alpha of mixup, 0 for none" },
  cutmix: { kind: "number", min: 0, default: 0, group: loss, help: "alpha of cutmix, 0 for none" },
  "cutmix-minmax": { kind: "numbers", count: [2], group: loss, help: "smallest and largest side of cutmix' box" },
  "mixup-prob": { kind: "number", min: 0, max: 1, default: 1, group: loss, help: "chance that a batch is mixed" },
  "mixup-switch-prob": {
    kind: "number",
    min: 0,
    max: 1,
    default: 0.5,
    group: loss,
    help: "chance of cutmix where both are on",
  },
  "mixup-mode": {
    kind: "string",
    choices: ["batch", "pair", "elem"],
    default: "batch",
    group: loss,
    help: "what a draw is for: a batch, two images, or one",
  },
  "mixup-off-epoch": {
    kind: "integer",
    min: 0,
    default: 0,
    group: loss,
    help: "no mixing from this epoch on, 0 for never",
  },
  reprob: { kind: "number", min: 0, max: 1, default: 0, group: loss, help: "chance that a box of an image is erased" },
  remode: {
    kind: "string",
    choices: ["const", "rand", "pixel"],
    default: "pixel",
    group: loss,
    help: "what it is filled with: the mean, a colour, noise",
  },
  recount: { kind: "integer", min: 1, default: 1, group: loss, help: "most boxes of an image" },
  resplit: {
    kind: "boolean",
    group: loss,
    help: "the clean images of --aug-splits stay whole; without it, half of a batch",
  },
  "model-ema": { kind: "boolean", group: loss, help: "keep a moving average of the parameters, and use it" },
  "model-ema-decay": { kind: "number", min: 0, max: 0.999999, default: 0.9998, group: loss, help: "its decay" },
  "model-ema-warmup": { kind: "boolean", group: loss, help: "a shorter memory at first" },
  "kd-model": {
    kind: "string",
    aliases: ["kd-model-name"],
    value: "SOURCE",
    group: loss,
    help: "teacher: a run folder, a checkpoint, or a model's name",
  },
  "kd-type": {
    kind: "string",
    choices: ["hard", "soft"],
    default: "soft",
    group: loss,
    help: "learn the teacher's choice, or its scores",
  },
  "kd-temperature": { kind: "number", above: 0, default: 1, group: loss, help: "softens the scores of both" },
  "kd-weight": {
    kind: "number",
    min: 0,
    max: 1,
    default: 0.5,
    aliases: ["distill-loss-weight"],
    group: loss,
    help: "share of the teacher in the loss",
  },
});

type Args = Values<typeof recipeOptions>;
type Splits = { readonly "aug-splits": number };

/** The part of the trainer's options that these say. */
export function recipeOf(args: Args & Splits): Omit<TrainOptions, "train"> {
  const ema = { decay: args["model-ema-decay"], warmup: args["model-ema-warmup"] };
  return {
    epochs: args.epochs,
    optimizer: optimizerOf(args),
    learningRate: args.lr ?? ruleOf(args),
    schedule: scheduleOf(args),
    smoothing: args.smoothing,
    accumulate: args["grad-accum-steps"],
    ...optional("clipNorm", args["clip-grad"]),
    ...optional("freeze", args.freeze),
    ...optional("layerDecay", layerDecayOf(args)),
    ...(args["jsd-loss"] ? { jsdLoss: true } : {}),
    ...(args["model-ema"] ? { ema } : {}),
    ...(args.mixup > 0 || args.cutmix > 0 || args["cutmix-minmax"] !== undefined ? { mixup: mixupOf(args) } : {}),
    ...(args.reprob > 0 ? { erasing: erasingOf(args) } : {}),
  };
}

/** An option that is left out where it is not known. */
export function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}

function optimizerOf(args: Args): TrainOptions["optimizer"] {
  const name = args.opt.toLowerCase();
  const { momentum, "weight-decay": weightDecay } = args;
  // timm's `sgd` is Nesterov's, `momentum` the plain one.
  if (name === "sgd" || name === "nesterov") return { name: "sgd", momentum, nesterov: true, weightDecay };
  if (name === "momentum") return { name: "sgd", momentum, nesterov: false, weightDecay };
  if (name !== "adamw")
    throw new UsageError(`--opt must be one of sgd, momentum, adamw, found "${args.opt}"`, {
      word: name,
      known: ["sgd", "momentum", "nesterov", "adamw"],
    });
  const betas = args["opt-betas"] as readonly [number, number] | undefined;
  return { name, weightDecay, ...optional("betas", betas), ...optional("epsilon", args["opt-eps"]) };
}

function ruleOf(args: Args): NonNullable<TrainOptions["learningRate"]> {
  return { base: args["lr-base"], baseSize: args["lr-base-size"], ...optional("scale", args["lr-base-scale"]) };
}

function scheduleOf(args: Args): NonNullable<TrainOptions["schedule"]> {
  const common = {
    warmupEpochs: args["warmup-epochs"],
    warmupLr: args["warmup-lr"],
    warmupPrefix: args["warmup-prefix"],
    minLr: args["min-lr"],
    cooldownEpochs: args["cooldown-epochs"],
  };
  const onUpdates = args["sched-on-updates"];
  const cycles = {
    cycleMul: args["lr-cycle-mul"],
    cycleDecay: args["lr-cycle-decay"],
    cycleLimit: args["lr-cycle-limit"],
    kDecay: args["lr-k-decay"],
  };
  const decayRate = args["decay-rate"];
  switch (args.sched) {
    case "cosine":
    case "tanh":
      return { name: args.sched, ...common, ...cycles, onUpdates };
    case "poly":
      return { name: "poly", ...common, ...cycles, onUpdates, decayRate };
    case "step":
      return { name: "step", ...common, onUpdates, decayRate, decayEpochs: args["decay-epochs"] };
    case "multistep":
      return { name: "multistep", ...common, onUpdates, decayRate, decayMilestones: args["decay-milestones"] };
    case "plateau":
      return { name: "plateau", ...common, decayRate, patienceEpochs: args["patience-epochs"] };
    default: {
      const known = ["cosine", "tanh", "poly", "step", "multistep", "plateau"];
      throw new UsageError(`--sched must be one of ${known.join(", ")}, found "${args.sched}"`, {
        word: args.sched,
        known,
      });
    }
  }
}

function layerDecayOf(args: Args): TrainOptions["layerDecay"] {
  const decay = args["layer-decay"];
  if (decay === undefined) return undefined;
  const { "layer-decay-min-scale": minScale, "layer-decay-no-opt-scale": noOptScale } = args;
  return { decay, ...optional("minScale", minScale), ...optional("noOptScale", noOptScale) };
}

function mixupOf(args: Args): NonNullable<TrainOptions["mixup"]> {
  return {
    mixupAlpha: args.mixup,
    cutmixAlpha: args.cutmix,
    ...optional("cutmixMinmax", args["cutmix-minmax"] as readonly [number, number] | undefined),
    prob: args["mixup-prob"],
    switchProb: args["mixup-switch-prob"],
    mode: args["mixup-mode"],
    ...(args["mixup-off-epoch"] > 0 ? { offEpoch: args["mixup-off-epoch"] } : {}),
  };
}

function erasingOf(args: Args & Splits): NonNullable<TrainOptions["erasing"]> {
  const { reprob: prob, remode: mode, recount: maxCount, resplit } = args;
  return { prob, mode, maxCount, ...(resplit ? { splits: args["aug-splits"] || 2 } : {}) };
}
