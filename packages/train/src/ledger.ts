// The books of a run: sums of the epoch under way, records of those that are done, the best of them, and when steps that are
// not finite have become too many.

import { type Batch, VitrineError } from "@vitrine/core";
import { topK } from "./metrics.ts";
import { type Best, type EpochRecord, isBetter, noSums, type Progress, scoreOf, startOfRun } from "./records.ts";
import type { StepResult } from "./step.ts";

export interface LedgerOptions {
  classes: number;
  maxSkipped: number;
  /** What makes an epoch the best. */
  metric: Best["metric"];
}

export class Ledger {
  progress: Progress = startOfRun();
  readonly #options: LedgerOptions;

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  /** Where the run stands, as a name. */
  get place(): string {
    return `${this.progress.epoch}/${this.progress.batch}`;
  }

  /** Mean loss and accuracy (per cent) of the epoch so far. */
  get averages(): { loss: number; top1?: number } {
    const { loss, samples, top1, judged } = this.progress.sums;
    return { loss: loss / samples, ...(judged > 0 ? { top1: (100 * top1) / judged } : {}) };
  }

  /**
   * Books a step over `group`. `judge` says whether its accuracy means something (it does not for mixed images).
   * Gives a sentence where the step was skipped.
   * @throws VitrineError for too many skipped steps one after the other.
   */
  step(group: readonly Batch[], result: StepResult, how: { seconds: number; judge: boolean; learningRate: number }) {
    const { sums, epoch, batch } = this.progress;
    const { loss, logits, samples, gradNorm, applied } = result;
    this.progress.batch += group.length;
    sums.seconds += how.seconds;
    if (!applied) return this.#skip(epoch, batch, Number.isFinite(loss) ? "gradient" : "loss", how.learningRate);
    this.progress.skippedInARow = 0;
    sums.applied++;
    sums.loss += loss * samples;
    sums.samples += samples;
    sums.gradNorm += gradNorm;
    if (how.judge)
      group.forEach(({ labels, size, splits = 1 }, i) => {
        // Of several images of a sample the clean ones, which come first.
        const clean = size / splits;
        sums.top1 += topK(logits[i]!, labels.subarray(0, clean), this.#options.classes, [1])[0]!;
        sums.judged += clean;
      });
    return undefined;
  }

  #skip(epoch: number, batch: number, what: string, learningRate: number): string {
    this.progress.sums.skipped++;
    const inARow = ++this.progress.skippedInARow;
    const said = `epoch ${epoch}, batch ${batch}: the ${what} is not finite`;
    if (inARow < this.#options.maxSkipped) return `${said}; the step was skipped`;
    const steps = `lower the learning rate (now ${learningRate}), lengthen the warmup or set clipNorm, and look for broken images or labels in the data`;
    throw new VitrineError("train", `${said}, for the ${inARow}th step in a row; ${steps}`);
  }

  /** Closes the epoch. */
  endEpoch(
    measured: Pick<EpochRecord, "eval" | "raw">,
    learningRate: number,
    evalSeconds: number,
  ): { record: EpochRecord; isBest: boolean; best: Best | undefined } {
    const { progress } = this;
    const { sums, epoch } = progress;
    const { loss, top1 } = this.averages;
    const record: EpochRecord = {
      epoch,
      trainLoss: loss,
      ...(top1 === undefined ? {} : { trainTop1: top1 }),
      ...measured,
      learningRate,
      gradNorm: sums.gradNorm / sums.applied,
      skipped: sums.skipped,
      samples: sums.samples,
      seconds: sums.seconds + evalSeconds,
      imagesPerSecond: sums.samples / sums.seconds,
    };
    const { metric } = this.#options;
    const value = scoreOf(record, metric);
    const isBest = value !== undefined && (progress.best === undefined || isBetter(metric, value, progress.best.value));
    if (isBest) progress.best = { epoch, metric, value };
    if (value !== undefined) progress.sinceBest = isBest ? 0 : progress.sinceBest + 1;
    progress.history.push(record);
    progress.epoch++;
    progress.batch = 0;
    progress.sums = { ...noSums };
    return { record, isBest, best: progress.best };
  }

  /** What each finished epoch scored, for schedules that follow a metric. Epochs without a validation repeat the last score. */
  scores(): number[] {
    let last = NaN;
    return this.progress.history.map((record) => {
      last = scoreOf(record, this.#options.metric) ?? last;
      return last;
    });
  }

  /** Skipped steps of the whole run. */
  get skipped(): number {
    return this.progress.history.reduce((sum, record) => sum + record.skipped, this.progress.sums.skipped);
  }
}
