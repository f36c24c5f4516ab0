// What is remembered of a run: a record an epoch, and where it stands. Plain data, written to disk as it is.

/** What was measured on the validation data. Per cent, except the loss. */
export interface EvalRecord {
  loss: number;
  top1: number;
  top5: number;
  samples: number;
}

export interface EpochRecord {
  /** From 0. */
  epoch: number;
  /** Mean over the samples of all steps that were applied. */
  trainLoss: number;
  /** Per cent; missing where images were mixed, as a mixed image has no one right class. */
  trainTop1?: number;
  /** Of the averaged parameters where an average is kept; missing in epochs without validation. */
  eval?: EvalRecord;
  /** Of the parameters themselves, where an average is kept. */
  raw?: EvalRecord;
  /** At the epoch's end. */
  learningRate: number;
  /** Mean L2 norm of the gradients before clipping. */
  gradNorm: number;
  /** Steps whose loss or gradients were not finite. */
  skipped: number;
  /** Images trained on; of a sample as many as it has splits. */
  samples: number;
  /** Time of the epoch, validation included. */
  seconds: number;
  imagesPerSecond: number;
}

export interface Best {
  epoch: number;
  metric: EvalMetric | "train_loss";
  value: number;
}

export type EvalMetric = "top1" | "top5" | "loss";

/** Sums of an epoch that has begun. */
export interface Sums {
  loss: number;
  samples: number;
  top1: number;
  /** Samples that `top1` was counted over. */
  judged: number;
  gradNorm: number;
  applied: number;
  skipped: number;
  seconds: number;
}

export const noSums: Readonly<Sums> = {
  loss: 0,
  samples: 0,
  top1: 0,
  judged: 0,
  gradNorm: 0,
  applied: 0,
  skipped: 0,
  seconds: 0,
};

/** Where a run stands; with the step's snapshot, all that a resumed run needs. */
export interface Progress {
  epoch: number;
  /** Micro-batches of the epoch that are done. */
  batch: number;
  /** Sums of the epoch so far. */
  sums: Sums;
  history: EpochRecord[];
  best?: Best;
  /** Validations since the best one. */
  sinceBest: number;
  /** Steps skipped one after the other until now. */
  skippedInARow: number;
  /** Time trained so far, over all sittings. */
  seconds: number;
}

export function startOfRun(): Progress {
  return { epoch: 0, batch: 0, sums: { ...noSums }, history: [], sinceBest: 0, skippedInARow: 0, seconds: 0 };
}

/** How an epoch did: by the metric on the validation data, or by its training loss where there is none. */
export function scoreOf(record: EpochRecord, metric: Best["metric"]): number | undefined {
  return metric === "train_loss" ? record.trainLoss : record.eval?.[metric];
}

/** Whether a value beats another. A value that is not a number beats none. */
export function isBetter(metric: Best["metric"], value: number, than: number): boolean {
  return metric === "loss" || metric === "train_loss" ? value < than : value > than;
}
