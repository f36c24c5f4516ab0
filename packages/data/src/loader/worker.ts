// The thread side of the pool: claims samples of the batches that are open, the oldest batch first, and writes them
// where they belong.

import { parentPort, workerData } from "node:worker_threads";
import { isVitrineError } from "@vitrine/core";
import { Kitchen, lanes } from "./make-batch.ts";
import type { FromWorker, ToWorker, WorkerStart } from "./messages.ts";
import type { BadSample } from "./options.ts";
import { Ring } from "./ring.ts";
import type { Sample } from "./sample.ts";

interface Job {
  job: number;
  slot: number;
  epoch: number;
  samples: Sample[];
  /** Samples claimed here that are not done. */
  active: number;
  done: number;
  bad: BadSample[];
}

const port = parentPort;
if (port === null) throw new Error("this file runs in a worker thread only; use createLoader");
const { thread, recipe, ring: share } = workerData as WorkerStart;
const kitchen = new Kitchen(recipe);
const ring = new Ring(share);
/** Jobs with something left to claim, perhaps. */
const open: Job[] = [];
const idle = new Set(Array.from({ length: lanes }, (_, lane) => lane));
/** Replacements that were asked for, by index. */
const awaited = new Map<number, ((sample: Sample) => void)[]>();

port.on("message", (message: ToWorker) => {
  if (message.type === "sample") {
    for (const resolve of awaited.get(message.sample.index) ?? []) resolve(message.sample);
    awaited.delete(message.sample.index);
    return;
  }
  const { job, slot, epoch, samples } = message;
  open.push({ job, slot, epoch, samples, active: 0, done: 0, bad: [] });
  for (const lane of [...idle]) void work(lane);
});

/**
 * One of several samples in work at once: while one is read from a slow disk, or decoded by threads of the library's own
 * (all but plain JPEGs), another is worked on here.
 */
async function work(lane: number): Promise<void> {
  idle.delete(lane);
  for (let next = claim(); next !== undefined; next = claim()) {
    const { job, position } = next;
    const sample = job.samples[position]!;
    ring.working(thread, lane, sample.index);
    try {
      const target = ring.target(job.slot);
      if (!kitchen.fillNow(target, position, sample, job.epoch))
        await kitchen.fill(target, position, sample, job.epoch, fetch, job.bad);
    } catch (error) {
      const where = isVitrineError(error) ? error.where : undefined;
      const message = error instanceof Error ? error.message : String(error);
      send({ type: "failed", job: job.job, where, message, stack: error instanceof Error ? error.stack : undefined });
    }
    ring.working(thread, lane, undefined);
    job.active--;
    job.done++;
    if (job.active === 0 && !open.includes(job)) report(job);
  }
  idle.add(lane);
}

function claim(): { job: Job; position: number } | undefined {
  for (let job = open[0]; job !== undefined; job = open[0]) {
    const position = ring.claim(job.slot, job.job, job.samples.length);
    if (position >= 0) {
      job.active++;
      return { job, position };
    }
    open.shift();
    if (job.active === 0) report(job);
  }
  return undefined;
}

function report({ job, done, bad }: Job): void {
  send({ type: "part", job, done, bad });
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

function send(message: FromWorker): void {
  port!.postMessage(message);
}
