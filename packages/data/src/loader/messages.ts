// What the pool and its workers say to each other.

import type { MadeBatch, Sample } from "./make-batch.ts";

export type ToWorker =
  | { type: "make"; job: number; epoch: number; samples: Sample[] }
  | { type: "cancel"; job: number }
  /** The answer to `need`. */
  | { type: "sample"; sample: Sample };

export type FromWorker =
  | { type: "made"; job: number; made: MadeBatch }
  | { type: "failed"; job: number; where: string | undefined; message: string; stack: string | undefined }
  /** A sample that takes the place of an unreadable one. */
  | { type: "need"; index: number };
