// The loop: batches in, updates, validation, checkpoints, a report. Everything that must survive a kill is in `Progress` and
// the step's snapshot; everything random is keyed by position, so a resumed run makes the same numbers.

import { type Model, paramsFrom, type Spec, tf } from "@vitrine/core";
import type { RunIdentity } from "./checkpoint.ts";
import { checkBatch, createForward, type Evaluation, evaluate, type Forward } from "./evaluate.ts";
import { Ledger } from "./ledger.ts";
import { resolveOptions, type Settings, type TrainOptions, type TrainResult } from "./options.ts";
import { groupsOf, mixes, prepareBatch } from "./prepare.ts";
import { type Reporter, silent } from "./progress/events.ts";
import { Pace } from "./progress/pace.ts";
import { describeRun, doubts, startEvent } from "./recipe.ts";
import type { EpochRecord } from "./records.ts";
import { renderReport } from "./report/index.ts";
import { RunFolder } from "./run-folder.ts";
import { checkSplits } from "./splits.ts";
import { createStep } from "./step/create.ts";
import type { Step } from "./step.ts";

/**
 * Trains a model. Afterwards `model.params` are those of the last step, or their average where one is kept.
 * @throws VitrineError for options, data or a run folder that do not fit, and where training does not stay finite.
 */
export async function train(model: Model, options: TrainOptions): Promise<TrainResult> {
  const settings = resolveOptions(model, options);
  const folder =
    options.output === undefined ? undefined : await RunFolder.open(options.output, options.resume ?? false);
  model.classes = options.train.classes;
  const step = (options.createStep ?? createStep)(model, settings.step);
  try {
    return await new Run(model, options, settings, step, folder).toEnd();
  } finally {
    step.dispose();
  }
}

class Run {
  readonly #model: Model;
  readonly #options: TrainOptions;
  readonly #settings: Settings;
  readonly #step: Step;
  readonly #folder: RunFolder | undefined;
  readonly #reporter: Reporter;
  readonly #identity: RunIdentity;
  readonly #ledger: Ledger;
  readonly #forward: Forward;
  readonly #started = performance.now();
  #secondsBefore = 0;
  /** The place of the last state on disk. */
  #saved: string | undefined;
  #stopped: TrainResult["stopped"];
  #evaluation: Evaluation | undefined;

  constructor(model: Model, options: TrainOptions, settings: Settings, step: Step, folder: RunFolder | undefined) {
    this.#model = model;
    this.#options = options;
    this.#settings = settings;
    this.#step = step;
    this.#folder = folder;
    this.#reporter = options.reporter ?? silent;
    this.#forward = createForward(model, options.val?.batchSize ?? 1);
    const { seed, accumulate, batches, optimizer, maxSkipped, evalMetric } = settings;
    const { batchSize, splits, length: samples, classes } = options.train;
    const how = { engine: tf.getBackend(), optimizer: optimizer.name, seed, batchSize, splits, accumulate };
    this.#identity = { model: model.name, ...how, samples, batches, classes };
    const metric = options.val === undefined ? "train_loss" : evalMetric;
    this.#ledger = new Ledger({ classes: classes.length, maxSkipped, metric });
  }

  async toEnd(): Promise<TrainResult> {
    try {
      await this.#begin();
      while (this.#ledger.progress.epoch < this.#settings.schedule.epochs) {
        this.#check();
        if (this.#stopped === undefined) await this.#trainEpoch();
        if (this.#stopped !== undefined) break;
        await this.#endEpoch();
      }
      if (this.#saved !== this.#ledger.place) await this.#save({ whole: true });
    } catch (error) {
      await this.#folder?.settle().catch(() => {}); // What came first is what the user must hear of.
      throw error;
    }
    await this.#folder?.settle();
    return this.#end();
  }

  async #begin(): Promise<void> {
    const { resume = false, train } = this.#options;
    const restored = resume ? await this.#folder?.restore(this.#identity, this.#model.spec) : undefined;
    if (restored !== undefined) {
      this.#step.restore(restored.snapshot);
      this.#ledger.progress = restored.progress;
      this.#secondsBefore = restored.progress.seconds;
      this.#saved = this.#ledger.place;
    }
    await this.#folder?.describe(this.#model, train.classes, this.#recipe());
    this.#reporter.event(startEvent(this.#model, this.#options, this.#settings, restored?.progress));
    for (const doubt of doubts(this.#options, this.#settings)) this.#warn(doubt);
    // A state from the first moment on: a full disk shows now, and `resume` works after a kill at any time.
    if (restored === undefined) await this.#save({ whole: false });
    await this.#folder?.settle();
  }

  async #trainEpoch(): Promise<void> {
    const { accumulate, batches, updatesPerEpoch, checkpointEvery, schedule, smoothing, splits, seed } = this.#settings;
    const { train, mixup, erasing } = this.#options;
    const { progress } = this.#ledger;
    const { epoch } = progress;
    const how = { classes: train.classes.length, smoothing, seed, mixup, erasing };
    const scores = this.#ledger.scores();
    const pace = new Pace();
    for await (const group of groupsOf(train, epoch, progress.batch, batches, accumulate)) {
      pace.dataCame();
      for (const batch of group) {
        checkBatch(this.#model, batch);
        checkSplits(batch, splits);
      }
      const inputs = group.map((batch, i) => prepareBatch(batch, how, epoch, progress.batch + i));
      const update = Math.floor(progress.batch / accumulate);
      const total = epoch * updatesPerEpoch + update;
      const learningRate = schedule.rate(epoch, total, scores);
      const result = this.#step.run(inputs, { learningRate });
      const times = pace.updated(result.samples);
      const booking = { seconds: times.stepSeconds.val, judge: !mixes(mixup, epoch), learningRate };
      const message = this.#ledger.step(group, result, booking);
      if (message !== undefined) this.#warn(message);
      const { loss, gradNorm, applied, samples } = result;
      const { loss: avg, ...top1 } = this.#ledger.averages;
      const left = (schedule.epochs - epoch) * updatesPerEpoch - update - 1;
      this.#reporter.event({
        ...{ type: "step", epoch, epochs: schedule.epochs, update, updates: updatesPerEpoch },
        ...{ loss: { val: loss, avg }, ...top1, learningRate, gradNorm, applied, samples },
        ...{ ...times, etaSeconds: left * times.stepSeconds.avg },
      });
      // Lets signals, timers and the writing of checkpoints through where batches come without waiting.
      await new Promise(setImmediate);
      this.#folder?.check(); // A run that cannot be saved must not go on for hours.
      this.#check();
      if (this.#stopped !== undefined) return;
      const due = checkpointEvery > 0 && (total + 1) % checkpointEvery === 0 && progress.batch < batches;
      if (due) await this.#save({ whole: false });
    }
    progress.batch = batches;
    const slow = pace.waiting();
    if (slow !== undefined) this.#warn(slow);
  }

  #warn(message: string): void {
    this.#reporter.event({ type: "notice", level: "warning", message });
  }

  async #endEpoch(): Promise<void> {
    const { schedule, evalEvery, updatesPerEpoch } = this.#settings;
    const { epoch } = this.#ledger.progress;
    const begun = performance.now();
    const due = (epoch + 1) % evalEvery === 0 || epoch + 1 === schedule.epochs;
    const measured = due ? await this.#validate() : {};
    if (this.#stopped !== undefined) return; // Interrupted while validating: the epoch is still to be ended.
    const rate = schedule.rate(epoch, (epoch + 1) * updatesPerEpoch - 1, this.#ledger.scores());
    const closed = this.#ledger.endEpoch(measured, rate, (performance.now() - begun) / 1000);
    this.#reporter.event({ type: "epoch", epochs: schedule.epochs, ...closed });
    await this.#save({ whole: true, isBest: closed.isBest });
  }

  async #validate(): Promise<Pick<EpochRecord, "eval" | "raw">> {
    const { val, signal, ema } = this.#options;
    if (val === undefined) return {};
    const { epoch } = this.#ledger.progress;
    const measure = async (which: "params" | "ema") => {
      this.#step.expose(which);
      const name = which === "ema" ? "Test (EMA)" : "Test";
      this.#evaluation = await evaluate(this.#model, val, {
        forward: this.#forward,
        limit: this.#settings.valBatches,
        onProgress: (now) => this.#reporter.event({ type: "validation", epoch, name, ...now }),
        signal,
      });
      const { loss, top1, top5, samples } = this.#evaluation;
      return { loss, top1, top5, samples };
    };
    try {
      const raw = await measure("params");
      return ema === undefined ? { eval: raw } : { raw, eval: await measure("ema") };
    } catch (error) {
      if (signal?.aborted !== true) throw error;
      this.#stopped = "interrupted";
      return {};
    } finally {
      // The weights it holds are of no use to the next validation.
      this.#forward.dispose();
    }
  }

  /** Notes whether there is a reason to stop. */
  #check(): void {
    const { signal, timeLimit = Infinity, patience = Infinity } = this.#options;
    if (signal?.aborted === true) this.#stopped = "interrupted";
    else if (this.#seconds() >= timeLimit) this.#stopped = "timeLimit";
    else if (this.#ledger.progress.sinceBest >= patience) this.#stopped = "patience";
  }

  #seconds(): number {
    return this.#secondsBefore + (performance.now() - this.#started) / 1000;
  }

  /** Saves the state, and where `whole` is set what users read: weights, summary and report. */
  async #save({ whole, isBest = false }: { whole: boolean; isBest?: boolean }): Promise<void> {
    const folder = this.#folder;
    if (folder === undefined) return;
    const snapshot = this.#step.snapshot();
    const progress = structuredClone({ ...this.#ledger.progress, seconds: this.#seconds() });
    const html = whole ? this.#report() : "";
    const { epoch, batch } = progress;
    const readable = async () => {
      const weights = snapshot.ema ?? snapshot.params;
      const note = { epoch: progress.history.at(-1)?.epoch ?? 0, ema: snapshot.ema !== undefined };
      if (isBest) await folder.saveWeights("best", this.#model, weights, note);
      await folder.saveWeights("last", this.#model, weights, note);
      await folder.saveSummary(progress.history);
      await folder.saveReport(html);
    };
    await folder.saveState(this.#identity, { snapshot, progress }, whole ? readable : undefined);
    this.#saved = this.#ledger.place;
    const update = Math.ceil(batch / this.#settings.accumulate);
    this.#reporter.event({ type: "checkpoint", epoch, update, path: folder.path });
  }

  #recipe(): Record<string, unknown> {
    return describeRun(this.#model, this.#options, this.#settings);
  }

  #report(): string {
    const { history, best } = this.#ledger.progress;
    const { classes } = this.#identity;
    const evaluation = this.#evaluation;
    return renderReport({ model: this.#model.name, classes, history, best, evaluation, recipe: this.#recipe() });
  }

  #end(): TrainResult {
    const { history, best } = this.#ledger.progress;
    const [seconds, stopped] = [this.#seconds(), this.#stopped];
    const { params, ema } = this.#step.snapshot();
    tf.dispose(this.#model.params as tf.TensorContainer);
    this.#model.params = paramsFrom(this.#model.spec as Spec<object>, ema ?? params, this.#model.name);
    this.#reporter.event({ type: "end", history, best, stopped, seconds });
    return {
      history,
      best,
      stopped,
      interrupted: stopped === "interrupted",
      skipped: this.#ledger.skipped,
      evaluation: this.#evaluation,
      seconds,
      output: this.#options.output,
    };
  }
}
