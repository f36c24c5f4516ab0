// How fast a run goes: the time of an update, the part of it that waits for data, images a second.

import { AverageMeter } from "../metrics.ts";
import type { StepEvent } from "./events.ts";

type Times = Pick<StepEvent, "stepSeconds" | "dataSeconds" | "imagesPerSecond">;

/** A stopwatch for one epoch of one sitting. */
export class Pace {
  readonly #step = new AverageMeter();
  readonly #data = new AverageMeter();
  #images = 0;
  #lap = performance.now();
  #waited = 0;

  /** Data has come. */
  dataCame(): void {
    this.#waited = (performance.now() - this.#lap) / 1000;
  }

  /** An update over `images` samples is done. */
  updated(images: number): Times {
    const now = performance.now();
    const seconds = (now - this.#lap) / 1000;
    this.#lap = now;
    this.#step.update(seconds);
    this.#data.update(this.#waited);
    this.#images += images;
    const both = ({ val, avg }: AverageMeter) => ({ val, avg });
    const imagesPerSecond = { val: images / seconds, avg: this.#images / this.#step.sum };
    return { stepSeconds: both(this.#step), dataSeconds: both(this.#data), imagesPerSecond };
  }

  /** A sentence where updates wait for data for more than a third of their time; nothing for an epoch too short to tell. */
  waiting(): string | undefined {
    const share = this.#data.sum / this.#step.sum;
    if (this.#step.count < 20 || share < 1 / 3) return undefined;
    return `${Math.round(100 * share)} % of the time went into waiting for data; give the loader more workers, or smaller images on disk`;
  }
}
