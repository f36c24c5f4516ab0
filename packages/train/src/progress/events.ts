// What happens during a run, as plain objects; a reporter turns them into what somebody reads.

import type { EvaluationProgress } from "../evaluate.ts";
import type { Best, EpochRecord } from "../records.ts";

/** A value now and its average so far. */
export interface Both {
  val: number;
  avg: number;
}

export interface StepEvent {
  type: "step";
  epoch: number;
  epochs: number;
  /** Update within the epoch, from 0. */
  update: number;
  updates: number;
  loss: Both;
  /** Per cent; missing where images are mixed. */
  top1?: number;
  learningRate: number;
  gradNorm: number;
  /** False where the step was not finite and changed nothing. */
  applied: boolean;
  samples: number;
  /** From one update to the next, waiting for data included. */
  stepSeconds: Both;
  dataSeconds: Both;
  imagesPerSecond: Both;
  /** Until the end of the run, as far as can be told. */
  etaSeconds: number;
}

export type TrainEvent =
  | {
      type: "start";
      model: string;
      engine: string;
      output: string | undefined;
      epochs: number;
      updates: number;
      samples: number;
      parameters: number;
      trainable: number;
      learningRate: number;
      learningRateWhy: string;
      /** Where a resumed run goes on. */
      resumed?: { epoch: number; update: number };
    }
  | StepEvent
  | ({ type: "validation"; epoch: number; name: "Test" | "Test (EMA)" } & EvaluationProgress)
  | { type: "epoch"; record: EpochRecord; epochs: number; best: Best | undefined; isBest: boolean }
  | { type: "checkpoint"; epoch: number; update: number; path: string }
  | { type: "notice"; level: "info" | "warning"; message: string }
  | {
      type: "end";
      history: readonly EpochRecord[];
      best: Best | undefined;
      stopped: string | undefined;
      seconds: number;
    };

/** Hears of a run. */
export interface Reporter {
  event(event: TrainEvent): void;
}

/** Where a reporter writes: `process.stdout`, or anything like it. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** A reporter that says nothing. */
export const silent: Reporter = { event: () => {} };
