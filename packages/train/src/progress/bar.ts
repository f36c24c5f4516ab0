// One live line for a terminal: how far, how good, how fast, how long still. A finished epoch stays as a line of text.

import type { EpochRecord } from "../records.ts";
import type { Output, Reporter, StepEvent, TrainEvent } from "./events.ts";
import { clock, exponential, general } from "./format.ts";
import { startLines } from "./plain.ts";

export interface BarOptions {
  /** Default: as NO_COLOR says. */
  color?: boolean;
  /** Least milliseconds between two drawings. Default 100. */
  every?: number;
}

const eraseLine = "\r\u001b[2K";

/** A reporter for a terminal. Colours only where the environment does not set NO_COLOR (https://no-color.org). */
export function barReporter(output: Output, options: BarOptions = {}): Reporter {
  const { color = !process.env.NO_COLOR, every = 100 } = options;
  const paint = painter(color);
  let drawn = false;
  let last = Number.NEGATIVE_INFINITY;

  const print = (text: string) => {
    output.write(`${drawn ? eraseLine : ""}${text}\n`);
    drawn = false;
  };
  const draw = (share: number, before: string, after: string, force: boolean) => {
    const now = performance.now();
    if (!force && now - last < every) return;
    last = now;
    output.write(`${eraseLine}${fitted(share, before, after, output.columns ?? 80, paint)}`);
    drawn = true;
  };

  return {
    event(event: TrainEvent) {
      switch (event.type) {
        case "start":
          for (const line of startLines(event)) print(line);
          break;
        case "step": {
          const share = (event.update + 1) / event.updates;
          draw(share, `Epoch ${event.epoch + 1}/${event.epochs}`, stepText(event), share === 1);
          break;
        }
        case "validation": {
          const share = event.batch / event.batches;
          const text = `loss ${general(event.loss.avg)}  acc ${event.top1.avg.toFixed(2)}%`;
          draw(share, event.name === "Test" ? "Validating" : "Validating average", text, share === 1);
          break;
        }
        case "epoch":
          print(epochText(event.record, event.epochs, event.isBest, paint));
          break;
        case "notice":
          print(event.level === "warning" ? `${paint("33", "Warning:")} ${event.message}` : event.message);
          break;
        case "end": {
          if (event.stopped !== undefined) print(`Stopped early: ${event.stopped}`);
          const best =
            event.best &&
            `, best ${event.best.metric} ${general(event.best.value, 4)} in epoch ${event.best.epoch + 1}`;
          print(`Trained for ${clock(event.seconds)}${best ?? ""}`);
          break;
        }
        case "checkpoint":
          break;
      }
    },
  };
}

type Paint = (code: string, text: string) => string;

function painter(color: boolean): Paint {
  return (code, text) => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
}

function stepText(e: StepEvent): string {
  const rss = Math.round(process.memoryUsage.rss() / 2 ** 20);
  return [
    `loss ${general(e.loss.avg)}`,
    ...(e.top1 === undefined ? [] : [`acc ${e.top1.toFixed(1)}%`]),
    `${e.imagesPerSecond.avg.toFixed(e.imagesPerSecond.avg < 100 ? 1 : 0)} img/s`,
    `ETA ${clock(e.etaSeconds)}`,
    `${rss} MB`,
  ].join("  ");
}

/** The bar takes what the texts leave of a terminal's width; a narrow one cuts the text, never wraps. */
function fitted(share: number, before: string, after: string, columns: number, paint: Paint): string {
  const percent = `${Math.floor(100 * share)}%`.padStart(4);
  const room = columns - 1 - before.length - percent.length - after.length - 4;
  if (room < 6) return `${before}${percent}  ${after}`.slice(0, Math.max(0, columns - 1));
  const width = Math.min(30, room);
  const full = Math.round(width * Math.min(1, share));
  return `${before} ${paint("36", "━".repeat(full))}${paint("90", "─".repeat(width - full))}${percent}  ${after}`;
}

function epochText(r: EpochRecord, epochs: number, isBest: boolean, paint: Paint): string {
  const width = String(epochs).length;
  return [
    `Epoch ${String(r.epoch + 1).padStart(width)}/${epochs}`,
    `train loss ${general(r.trainLoss, 4)}`,
    ...(r.eval === undefined ? [] : [`val loss ${general(r.eval.loss, 4)}`, `acc ${r.eval.top1.toFixed(2)}%`]),
    `lr ${exponential(r.learningRate, 2)}`,
    clock(r.seconds),
    ...(isBest ? [paint("32", "best")] : []),
  ].join("  ");
}
