// The public list, nothing else.

export type { Batch, BatchSource } from "./batch.ts";
export { didYouMean, isVitrineError, nearest, VitrineError, type VitrineErrorOptions } from "./errors.ts";
export { hashString, Rng } from "./rng.ts";
