// The thread side of the pool: takes samples, gives batches.

import { parentPort, workerData } from "node:worker_threads";
import { isVitrineError } from "@vitrine/core";
import { makeBatch, type Recipe, type Sample } from "./make-batch.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

const port = parentPort;
if (port === null) throw new Error("this file runs in a worker thread only; use createLoader");
const recipe = workerData as Recipe;
const cancelled = new Set<number>();
/** Jobs that came and are not done. */
const waiting = new Set<number>();
/** The end of the last job: they run one after the other, so that the batch that is needed first is ready first. */
let last: Promise<void> = Promise.resolve();
/** Replacements that were asked for, by index. */
const awaited = new Map<number, ((sample: Sample) => void)[]>();

port.on("message", (message: ToWorker) => {
  if (message.type === "make") {
    waiting.add(message.job);
    last = last.then(() => make(message.job, message.epoch, message.samples));
  } else if (message.type === "cancel") {
    if (waiting.has(message.job)) cancelled.add(message.job);
  } else {
    for (const resolve of awaited.get(message.sample.index) ?? []) resolve(message.sample);
    awaited.delete(message.sample.index);
  }
});

async function make(job: number, epoch: number, samples: Sample[]): Promise<void> {
  try {
    const made = await makeBatch(recipe, epoch, samples, fetch, () => cancelled.has(job));
    const { images, labels, indices } = made.batch;
    const buffers = [images.buffer, labels.buffer, indices.buffer] as ArrayBuffer[];
    send({ type: "made", job, made }, buffers);
  } catch (error) {
    const where = isVitrineError(error) ? error.where : undefined;
    const message = error instanceof Error ? error.message : String(error);
    send({ type: "failed", job, where, message, stack: error instanceof Error ? error.stack : undefined });
  }
  cancelled.delete(job);
  waiting.delete(job);
}

function fetch(index: number): Promise<Sample> {
  return new Promise((resolve) => {
    const others = awaited.get(index);
    if (others) {
      others.push(resolve);
      return;
    }
    awaited.set(index, [resolve]);
    send({ type: "need", index });
  });
}

function send(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  port!.postMessage(message, transfer);
}
