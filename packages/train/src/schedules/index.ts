// A run's learning rate over time, from timm's options: which curve, in epochs or in updates, and how long the run becomes.

import { didYouMean, VitrineError } from "@vitrine/core";
import { type Curve, cosine, cycleLength, multistep, plateau, poly, step, tanh } from "./curves.ts";

interface Common {
  /** Epochs of the linear rise. Default 5, as timm's training script has it. */
  warmupEpochs?: number;
  /** Rate at the start of the rise. Default 1e-5. */
  warmupLr?: number;
  /** The rise comes before the schedule's epochs, not within them. Default false. */
  warmupPrefix?: boolean;
  /** Lowest rate. Default 0. */
  minLr?: number;
  /** Epochs at the lowest rate after the schedule's end. Default 0. */
  cooldownEpochs?: number;
  /** A new rate each update, not each epoch. Default false. */
  onUpdates?: boolean;
}

interface Cycles {
  cycleMul?: number;
  /** Default 0.5. */
  cycleDecay?: number;
  cycleLimit?: number;
  kDecay?: number;
}

/** A schedule by name; names and defaults are those of timm's training script. */
export type ScheduleConfig =
  | (Common & Cycles & { name: "cosine" })
  | (Common & Cycles & { name: "tanh" })
  /** `decayRate` is the power. */
  | (Common & Cycles & { name: "poly"; decayRate?: number })
  | (Common & { name: "step"; decayEpochs?: number; decayRate?: number })
  | (Common & { name: "multistep"; decayMilestones?: readonly number[]; decayRate?: number })
  | (Omit<Common, "onUpdates"> & { name: "plateau"; patienceEpochs?: number; decayRate?: number });

export interface ScheduleSetting {
  /** The rate the schedule starts from or rises to. */
  learningRate: number;
  epochs: number;
  updatesPerEpoch: number;
  /** For `plateau`: whether a higher metric is better. */
  maximise: boolean;
}

export interface Schedule {
  /** Epochs of the whole run, with cycles, cooldown and a prefixed rise. */
  readonly epochs: number;
  /** The rate of an update. `update` counts from the run's start; `metrics` has one number for each finished epoch. */
  rate(epoch: number, update: number, metrics: readonly number[]): number;
}

const names = ["cosine", "tanh", "poly", "step", "multistep", "plateau"] as const;

/** @throws VitrineError for an unknown name or a time that makes no sense. */
export function createSchedule(config: ScheduleConfig, setting: ScheduleSetting): Schedule {
  const { warmupEpochs = 5, warmupPrefix = false, cooldownEpochs = 0 } = config;
  if (!(names as readonly string[]).includes(config.name))
    throw usage(
      `unknown schedule "${config.name}"${didYouMean(config.name, names)}. Schedules are ${names.join(", ")}`,
    );
  for (const [key, value] of Object.entries({ warmupEpochs, cooldownEpochs }))
    if (!(value >= 0)) throw usage(`${key} must be 0 or more, found ${value}`);
  const onUpdates = config.name !== "plateau" && (config.onUpdates ?? false);
  const unit = onUpdates ? setting.updatesPerEpoch : 1;
  const curve = curveOf(config, setting, unit);
  const cyclic = config.name === "cosine" || config.name === "tanh" || config.name === "poly";
  const scheduled = cyclic ? Math.floor(cycleLength(setting.epochs * unit, config) / unit) : setting.epochs;
  return {
    epochs: Math.ceil(scheduled + (warmupPrefix ? warmupEpochs : 0) + cooldownEpochs),
    rate: (epoch, update, metrics) => curve(onUpdates ? update : epoch, metrics),
  };
}

function curveOf(config: ScheduleConfig, setting: ScheduleSetting, unit: number): Curve {
  const { learningRate: base, epochs } = setting;
  const { warmupEpochs = 5, warmupLr = 1e-5, warmupPrefix = false, minLr: lrMin = 0 } = config;
  const common = { warmupT: warmupEpochs * unit, warmupLrInit: warmupLr, warmupPrefix, lrMin };
  switch (config.name) {
    case "cosine":
    case "tanh":
    case "poly": {
      const { cycleMul = 1, cycleDecay = 0.5, cycleLimit = 1, kDecay = 1 } = config;
      const shape = { ...common, tInitial: epochs * unit, cycleMul, cycleDecay, cycleLimit, kDecay };
      if (config.name === "cosine") return cosine(base, shape);
      return config.name === "tanh" ? tanh(base, shape) : poly(base, { ...shape, power: config.decayRate ?? 0.1 });
    }
    case "step":
      return step(base, { ...common, decayT: (config.decayEpochs ?? 90) * unit, decayRate: config.decayRate ?? 0.1 });
    case "multistep": {
      const milestones = (config.decayMilestones ?? [90, 180, 270]).map((epoch) => epoch * unit);
      return multistep(base, { ...common, milestones, decayRate: config.decayRate ?? 0.1 });
    }
    case "plateau": {
      const { patienceEpochs = 10, decayRate = 0.1 } = config;
      const mode = setting.maximise ? "max" : "min";
      return plateau(base, { ...common, decayRate, patienceT: patienceEpochs, cooldownT: 0, mode });
    }
  }
}

function usage(message: string): VitrineError {
  return new VitrineError("schedule", message, { usage: true });
}
