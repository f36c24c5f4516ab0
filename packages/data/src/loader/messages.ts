// What the pool and its workers say to each other.

import type { Recipe } from "./make-batch.ts";
import type { BadSample } from "./options.ts";
import type { RingShare } from "./ring.ts";
import type { Sample } from "./sample.ts";

/** What a worker starts with. */
export interface WorkerStart {
  thread: number;
  recipe: Recipe;
  ring: RingShare;
}

export type ToWorker =
  /** A batch to take part in. Samples with content share its memory. */
  | { type: "make"; job: number; slot: number; epoch: number; samples: Sample[] }
  /** The answer to `need`. */
  | { type: "sample"; sample: Sample };

export type FromWorker =
  /** Nothing of the job is left to claim, and what this worker claimed is done. */
  | { type: "part"; job: number; done: number; bad: BadSample[] }
  | { type: "failed"; job: number; where: string | undefined; message: string; stack: string | undefined }
  /** A sample that takes the place of an unreadable one. */
  | { type: "need"; index: number };
