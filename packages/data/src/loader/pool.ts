// Threads that make batches. They keep the process alive only while a batch is being made.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { VitrineError } from "@vitrine/core";
import { type MadeBatch, makeBatch, type Recipe, type Sample } from "./make-batch.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

/** One pass over the data; batches that are still being made when it ends are given up. */
export interface Run {
  epoch: number;
  stopped: boolean;
}

/** Makes batches somewhere, in the order in which they are asked for. */
export interface Maker {
  make(run: Run, indices: Uint32Array): Promise<MadeBatch>;
  stop(run: Run): void;
  close(): Promise<void>;
}

/** `sample(index)` reads what a worker cannot read itself. */
export type SampleSource = (index: number) => Sample | Promise<Sample>;

/** Batches made on the calling thread. */
export function localMaker(recipe: Recipe, sample: SampleSource): Maker {
  let last: Promise<unknown> = Promise.resolve();
  return {
    make(run, indices) {
      const made = last.then(async () => {
        const samples = await collect(indices, sample);
        return makeBatch(recipe, run.epoch, samples, sample, () => run.stopped);
      });
      last = made.catch(() => {});
      return made;
    },
    stop(run) {
      run.stopped = true;
    },
    close: () => Promise.resolve(),
  };
}

interface Job {
  run: Run;
  thread: Thread;
  resolve(made: MadeBatch): void;
  reject(error: Error): void;
}

interface Thread {
  worker: Worker;
  jobs: Set<number>;
}

/** Batches made by `count` threads. */
export function workerPool(recipe: Recipe, sample: SampleSource, count: number): Maker {
  const jobs = new Map<number, Job>();
  let lastJob = 0;
  let failure: Error | undefined;
  let closing: Promise<void> | undefined;
  const threads = Array.from({ length: count }, (_, number) => startThread(number));

  function startThread(number: number): Thread {
    // No flags of the main thread: `--input-type`, for one, keeps a worker from starting.
    const worker = new Worker(workerFile(), { workerData: recipe, execArgv: [], name: `loader ${number}` });
    worker.unref();
    const thread: Thread = { worker, jobs: new Set() };
    worker.on("message", (message: FromWorker) => receive(thread, message));
    worker.on("error", (error) =>
      fail(new VitrineError("loader", `worker ${number} failed: ${error.message}`, { cause: error })),
    );
    worker.on("messageerror", (error) =>
      fail(new VitrineError("loader", `worker ${number}: ${error.message}`, { cause: error })),
    );
    worker.on("exit", (code) => {
      if (closing === undefined)
        fail(new VitrineError("loader", `worker ${number} stopped by itself (exit code ${code})`));
    });
    return thread;
  }

  function receive(thread: Thread, message: FromWorker): void {
    if (message.type === "need") {
      void Promise.resolve(sample(message.index)).then((found) =>
        send(thread, { type: "sample", sample: owned(found) }),
      );
      return;
    }
    const job = settle(message.job);
    if (message.type === "made") job?.resolve(message.made);
    else job?.reject(revive(message));
  }

  function settle(id: number): Job | undefined {
    const job = jobs.get(id);
    jobs.delete(id);
    job?.thread.jobs.delete(id);
    if (job?.thread.jobs.size === 0) job.thread.worker.unref();
    return job;
  }

  function fail(error: Error): void {
    failure ??= error;
    for (const id of [...jobs.keys()]) settle(id)?.reject(error);
  }

  function send(thread: Thread, message: ToWorker): void {
    thread.worker.postMessage(message, message.type === "cancel" ? [] : buffersOf(message));
  }

  return {
    async make(run, indices) {
      if (failure) throw failure;
      const thread = threads.reduce((least, other) => (other.jobs.size < least.jobs.size ? other : least));
      const id = ++lastJob;
      const made = new Promise<MadeBatch>((resolve, reject) => jobs.set(id, { run, thread, resolve, reject }));
      made.catch(() => {}); // The caller hears of it by the value returned below.
      // Counted before the samples are read, so that two jobs do not go to one thread.
      thread.jobs.add(id);
      thread.worker.ref();
      try {
        const samples = (await collect(indices, sample)).map(owned);
        if (jobs.has(id)) send(thread, { type: "make", job: id, epoch: run.epoch, samples });
      } catch (error) {
        settle(id)?.reject(error as Error);
      }
      return made;
    },
    stop(run) {
      run.stopped = true;
      for (const [id, job] of jobs) if (job.run === run) send(job.thread, { type: "cancel", job: id });
    },
    close() {
      closing ??= (async () => {
        fail(new VitrineError("loader", "closed while a batch was being made"));
        await Promise.all(threads.map(({ worker }) => worker.terminate()));
      })();
      return closing;
    },
  };
}

/** All samples, without a turn of the event loop where none is needed. */
async function collect(indices: Uint32Array, sample: SampleSource): Promise<Sample[]> {
  const samples: (Sample | Promise<Sample>)[] = [];
  let waits = false;
  for (const index of indices) {
    const found = sample(index);
    waits ||= found instanceof Promise;
    samples.push(found);
  }
  return waits ? Promise.all(samples) : (samples as Sample[]);
}

/** The sample with bytes of its own: sending a view would copy all of the buffer that it looks at. */
function owned(sample: Sample): Sample {
  const { content } = sample;
  if (content === undefined || "failed" in content) return sample;
  if (content instanceof Uint8Array) return { ...sample, content: new Uint8Array(content) };
  return { ...sample, content: { ...content, data: new Uint8Array(content.data) } };
}

function buffersOf(message: Extract<ToWorker, { type: "make" | "sample" }>): ArrayBuffer[] {
  const samples = message.type === "make" ? message.samples : [message.sample];
  return samples.flatMap(({ content }) => {
    if (content === undefined || "failed" in content) return [];
    return [(content instanceof Uint8Array ? content : content.data).buffer as ArrayBuffer];
  });
}

function revive({ where, message, stack }: Extract<FromWorker, { type: "failed" }>): Error {
  if (where !== undefined) return new VitrineError(where, message.replace(`${where}: `, ""));
  const cause = new Error(message);
  if (stack !== undefined) cause.stack = stack;
  return new VitrineError("loader", `a worker failed: ${message}`, { cause });
}

/** The built file also where the sources run, as in this package's tests: Node 20 cannot start a worker from TypeScript. */
function workerFile(): URL {
  const built = import.meta.url.endsWith(".ts") ? "../../dist/loader/worker.js" : "./worker.js";
  const url = new URL(built, import.meta.url);
  if (existsSync(fileURLToPath(url))) return url;
  throw new VitrineError(
    "loader",
    `expected the worker at ${fileURLToPath(url)}, found nothing; build @vitrine/data, or use workers: 0`,
  );
}
