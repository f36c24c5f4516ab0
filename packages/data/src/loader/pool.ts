// Threads that make batches together, in the slots of a ring. They keep the process alive only while a batch is being
// made.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { VitrineError } from "@vitrine/core";
import { Inbox, shareContent } from "./inbox.ts";
import { lanes, type Recipe, sampleBytes } from "./make-batch.ts";
import type { MadeBatch, Maker, Run, SampleSource } from "./maker.ts";
import type { FromWorker, ToWorker, WorkerStart } from "./messages.ts";
import type { BadSample } from "./options.ts";
import { createRing, Ring } from "./ring.ts";

interface Job {
  id: number;
  slot: number;
  run: Run;
  size: number;
  /** Samples that will be done: all, or what was claimed before the job was given up. */
  expected: number;
  done: number;
  /** Given up: nobody will take the batch. */
  dropped: boolean;
  bad: BadSample[];
  resolve(made: MadeBatch): void;
  reject(error: Error): void;
}

export interface PoolShape {
  threads: number;
  /** Batches that lie in the ring at most, made or being made. */
  slots: number;
  batchSize: number;
  /** What a sample is called. */
  pathOf(index: number): string;
}

export function workerPool(recipe: Recipe, sample: SampleSource, shape: PoolShape): Maker {
  const { threads: count, slots, batchSize, pathOf } = shape;
  const share = createRing({ slots, batchSize, sampleBytes: sampleBytes(recipe), threads: count, lanes });
  const ring = new Ring(share);
  const inbox = new Inbox();
  const jobs = new Map<number, Job>();
  const free = Array.from({ length: slots }, (_, slot) => slot);
  /** Those who wait for a slot, in their order. */
  const queue: { run: Run; wake(): void }[] = [];
  /** Batches that lie in the ring until they are taken. */
  const resting = new Map<MadeBatch, Run>();
  let lastJob = 0;
  let failure: Error | undefined;
  let closing: Promise<void> | undefined;
  const threads = Array.from({ length: count }, (_, thread) => startThread(thread));

  function startThread(thread: number): Worker {
    const workerData: WorkerStart = { thread, recipe, ring: share };
    // No flags of the main thread: `--input-type`, for one, keeps a worker from starting.
    const worker = new Worker(workerFile(), { workerData, execArgv: [], name: `loader ${thread}` });
    worker.unref();
    worker.on("message", (message: FromWorker) => receive(worker, message));
    const died = (how: string, cause?: Error) => {
      if (closing !== undefined) return;
      const paths = ring.workOf(thread).map((index) => pathOf(index));
      const at = paths.length === 0 ? "" : `, while it was at ${[...new Set(paths)].join(", ")}`;
      fail(new VitrineError("loader", `worker ${thread} ${how}${at}`, cause && { cause }));
    };
    worker.on("error", (error: Error) => died(`failed: ${error.message}`, error));
    worker.on("messageerror", (error) => died(`failed: ${error.message}`, error));
    worker.on("exit", (code) => died(`stopped by itself (exit code ${code})`));
    return worker;
  }

  function receive(worker: Worker, message: FromWorker): void {
    if (message.type === "need") {
      void Promise.resolve(sample(message.index)).then((found) =>
        worker.postMessage({ type: "sample", sample: shareContent([found])[0]! } satisfies ToWorker),
      );
      return;
    }
    const job = jobs.get(message.job);
    if (job === undefined) return; // All of it is done; this worker came too late to take part.
    if (message.type === "failed") {
      job.reject(revive(message));
      drop(job);
      return;
    }
    job.done += message.done;
    job.bad.push(...message.bad);
    settle(job);
  }

  function settle(job: Job): void {
    if (job.done < job.expected) return;
    jobs.delete(job.id);
    if (jobs.size === 0) for (const worker of threads) worker.unref();
    if (job.dropped) {
      release(job.slot);
      return;
    }
    const { run, slot, size, bad } = job;
    const made: MadeBatch = {
      size,
      bad,
      target: ring.target(slot),
      release() {
        if (resting.delete(made)) release(slot);
      },
    };
    resting.set(made, run);
    if (queue.some((waiting) => waiting.run !== run)) moveOut(made);
    job.resolve(made);
  }

  /** Two epochs may be read at once: what waits to be taken from one of them must not hold up the other. */
  function moveOut(made: MadeBatch): void {
    const { images, labels, indices } = made.target;
    made.target = { images: new Uint8Array(images), labels: new Int32Array(labels), indices: new Int32Array(indices) };
    made.release();
  }

  function drop(job: Job): void {
    if (job.dropped) return;
    job.dropped = true;
    job.expected = ring.close(job.slot, job.id, job.size);
    settle(job);
  }

  function release(slot: number): void {
    free.push(slot);
    queue.shift()?.wake();
  }

  async function freeSlot(run: Run): Promise<number> {
    if (free.length === 0) for (const [made, other] of resting) if (other !== run) moveOut(made);
    while (free.length === 0 && failure === undefined && !run.stopped)
      await new Promise<void>((wake) => queue.push({ run, wake }));
    if (failure) throw failure;
    if (run.stopped) {
      if (free.length > 0) queue.shift()?.wake();
      throw new VitrineError("loader", "this epoch was left");
    }
    return free.shift()!;
  }

  function fail(error: Error): void {
    failure ??= error;
    for (const job of [...jobs.values()]) job.reject(error);
    jobs.clear();
    for (const worker of threads) worker.unref();
    for (const { wake } of queue.splice(0)) wake();
  }

  return {
    async make(run, given) {
      if (failure) throw failure;
      const found = await given;
      const slot = await freeSlot(run);
      const samples = inbox.share(slot, found);
      const [id, size] = [++lastJob, samples.length];
      ring.begin(slot, id);
      const made = new Promise<MadeBatch>((resolve, reject) => {
        jobs.set(id, { id, slot, run, size, expected: size, done: 0, dropped: false, bad: [], resolve, reject });
      });
      const message: ToWorker = { type: "make", job: id, slot, epoch: run.epoch, samples };
      for (const worker of threads) {
        worker.ref();
        worker.postMessage(message);
      }
      return made;
    },
    stop(run) {
      run.stopped = true;
      for (const job of [...jobs.values()]) if (job.run === run) drop(job);
      for (const [made, owner] of [...resting]) if (owner === run) made.release();
    },
    close() {
      closing ??= (async () => {
        fail(new VitrineError("loader", "closed while a batch was being made"));
        await Promise.all(threads.map((worker) => worker.terminate()));
      })();
      return closing;
    },
  };
}

function revive({ where, message, stack }: Extract<FromWorker, { type: "failed" }>): Error {
  if (where !== undefined) return new VitrineError(where, message.replace(`${where}: `, ""));
  const cause = new Error(message);
  if (stack !== undefined) cause.stack = stack;
  return new VitrineError("loader", `a worker failed: ${message}`, { cause });
}

/**
 * The built file also where the sources run, as in this package's tests: Node 20 cannot start a worker from TypeScript.
 */
function workerFile(): URL {
  const built = import.meta.url.endsWith(".ts") ? "../../dist/loader/worker.js" : "./worker.js";
  const url = new URL(built, import.meta.url);
  if (existsSync(fileURLToPath(url))) return url;
  throw new VitrineError(
    "loader",
    `expected the worker at ${fileURLToPath(url)}, found nothing; build @vitrine/data, or use workers: 0`,
  );
}
