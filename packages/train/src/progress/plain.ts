// Lines for pipes and log files, in timm's format.

import { type Best, type EpochRecord, isBetter, scoreOf } from "../records.ts";
import type { Output, Reporter, StepEvent, TrainEvent } from "./events.ts";
import { clock, exponential, fixed, general, grouped } from "./format.ts";

/** A line every `logInterval` updates (and at each epoch's end), as timm's training script prints it. */
export function plainReporter(output: Output, options: { logInterval?: number } = {}): Reporter {
  const { logInterval = 50 } = options;
  const line = (text: string) => output.write(`${text}\n`);
  return {
    event(event) {
      switch (event.type) {
        case "step":
          if (event.update % logInterval === 0 || event.update + 1 === event.updates) line(trainLine(event));
          break;
        case "validation":
          if ((event.batch - 1) % logInterval === 0 || event.batch === event.batches) line(testLine(event));
          break;
        case "epoch":
          if (event.isBest) line(bestLine(event.best!));
          break;
        case "end":
          for (const text of endLines(event)) line(text);
          break;
        default: {
          const text = otherLine(event);
          if (text !== undefined) line(text);
        }
      }
    },
  };
}

function trainLine(e: StepEvent): string {
  const percent = fixed((100 * (e.update + 1)) / e.updates, 0, 3);
  const perSecond = (value: number) => fixed(value, 2, 7);
  return [
    `Train: ${e.epoch} [${String(e.update).padStart(4)}/${e.updates} (${percent}%)]`,
    `Loss: ${general(e.loss.val)} (${general(e.loss.avg)})`,
    `Time: ${fixed(e.stepSeconds.val, 3)}s, ${perSecond(e.imagesPerSecond.val)}/s`,
    `(${fixed(e.stepSeconds.avg, 3)}s, ${perSecond(e.imagesPerSecond.avg)}/s)`,
    `LR: ${exponential(e.learningRate)}`,
    `Data: ${fixed(e.dataSeconds.val, 3)} (${fixed(e.dataSeconds.avg, 3)})`,
  ].join("  ");
}

function testLine(e: Extract<TrainEvent, { type: "validation" }>): string {
  const each = e.seconds / e.batch;
  const both = ({ val, avg }: { val: number; avg: number }, width: number) =>
    `${fixed(val, 3, 7)} (${fixed(avg, 3, width)})`;
  return [
    `${e.name}: [${String(e.batch - 1).padStart(4)}/${e.batches - 1}]`,
    `Time: ${fixed(each, 3)} (${fixed(each, 3)})`,
    `Loss: ${both(e.loss, 6)}`,
    `Acc@1: ${both(e.top1, 7)}`,
    `Acc@5: ${both(e.top5, 7)}`,
  ].join("  ");
}

function bestLine({ value, epoch }: { value: number; epoch: number }): string {
  return `*** Best metric: ${rounded(value)} (epoch ${epoch})`;
}

function otherLine(event: TrainEvent): string | undefined {
  if (event.type === "notice") return event.level === "warning" ? `Warning: ${event.message}` : event.message;
  if (event.type === "start") return startLines(event).join("\n");
  if (event.type === "checkpoint") return undefined;
  return undefined;
}

/** What both kinds of text say at the start. */
export function startLines(e: Extract<TrainEvent, { type: "start" }>): string[] {
  const all = grouped(e.parameters);
  const trained = e.trainable === e.parameters ? `${all} parameters` : `${grouped(e.trainable)} of ${all} parameters`;
  return [
    `Training ${e.model}: ${trained}, ${grouped(e.samples)} images, ${e.epochs} epochs of ${e.updates} updates, engine ${e.engine}`,
    `Learning rate ${general(e.learningRate, 4)}: ${e.learningRateWhy}`,
    ...(e.output === undefined ? [] : [`Run folder: ${e.output}`]),
    ...(e.resumed === undefined ? [] : [`Resumed in epoch ${e.resumed.epoch} after ${e.resumed.update} updates`]),
  ];
}

/** What the lines of a log end with; timm's `--result` block lists the ten best epochs for scripts. */
function endLines(e: Extract<TrainEvent, { type: "end" }>): string[] {
  const lines = e.stopped === undefined ? [] : [`Stopped early: ${e.stopped}`];
  lines.push(`Trained for ${clock(e.seconds)}`);
  if (e.best === undefined) return lines;
  const results = bestEpochs(e.history, e.best.metric).map((record) => ({
    epoch: record.epoch,
    train: { loss: rounded(record.trainLoss) },
    validation: record.eval && {
      loss: rounded(record.eval.loss),
      top1: rounded(record.eval.top1),
      top5: rounded(record.eval.top5),
    },
  }));
  const rows = results.map((result) => `  ${JSON.stringify(result)}`).join(",\n");
  return [...lines, bestLine(e.best), "--result", `[\n${rows}\n]`];
}

/** Without the digits that are only float noise. */
function rounded(value: number): number {
  return Number(value.toFixed(6));
}

function bestEpochs(history: readonly EpochRecord[], metric: Best["metric"], count = 10): EpochRecord[] {
  const scored = history.flatMap((record) => {
    const score = scoreOf(record, metric);
    return score === undefined ? [] : [{ record, score }];
  });
  const order = (a: number, b: number) => (isBetter(metric, a, b) ? -1 : isBetter(metric, b, a) ? 1 : 0);
  scored.sort((a, b) => order(a.score, b.score) || a.record.epoch - b.record.epoch);
  return scored.slice(0, count).map(({ record }) => record);
}
