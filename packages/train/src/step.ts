// One training step: normalise, mix, erase, forward, loss, gradients, clip, skip when not finite, update, average. What a trainer
// sees of it; `createStep` chooses between the two forms (in place on the host, or wholly in the graph).

import type { HostTensor, State } from "@vitrine/core";
import type { DistillationOptions, JsdOptions } from "./losses.ts";

/** A micro-batch as the step takes it. */
export interface StepBatch {
  /** Pixels 0 to 255, [size, height, width, channels]. */
  images: Uint8Array;
  size: number;
  height: number;
  width: number;
  channels: number;
  /** What the model should say, [size, classes]: one-hot, smoothed or mixed; rows sum to 1. */
  targets: Float32Array;
  /**
   * Mixup and CutMix in one form, a row an image, [size, 5], or one row for all of them, [1, 5]: the weight of an image's own
   * pixels, and a box (first row, row behind the last, first column, column behind the last) in which they have none. The rest
   * comes from its partner, the image at the same place in the reversed batch. Left out, nothing is mixed.
   */
  mix?: Float32Array;
  /** Random erasing, of the mixed images. Left out, nothing is erased. */
  erase?: EraseBatch;
}

/** The boxes to erase; one of no area erases nothing. Without colours and noise they are filled with the mean. */
export interface EraseBatch {
  /** First row, row behind the last, first column, column behind the last; [size, boxes, 4]. */
  boxes: Float32Array;
  /** A colour for each box, in units of the normalised pixels, [size, boxes, channels]. */
  colours?: Float32Array;
  /** Key of normal noise, a number for each value, [2]. */
  noise?: Int32Array;
}

export interface StepResult {
  /** Mean over all samples of the step. */
  loss: number;
  /** Scores of each micro-batch, [size, classes]. */
  logits: Float32Array[];
  samples: number;
  /** L2 norm of all gradients together, before clipping. */
  gradNorm: number;
  /** False where the loss or a gradient was not finite: nothing was changed. */
  applied: boolean;
}

/** All that a step carries from one run to the next. */
export interface StepSnapshot {
  /** Parameters and buffers, in the file's layout. */
  params: State;
  /** Their average, where one is kept, in the file's layout. */
  ema?: State;
  /** The optimizer's moments and counters, by `<moment>.<path>`, as they lie in memory. */
  optimizer: Map<string, HostTensor>;
  /** Updates applied so far. */
  updates: number;
  /** Micro-batches run so far: what dropout is keyed by. */
  runs: number;
}

export interface Step {
  /** Runs one update over one or several micro-batches (gradient accumulation, exact also where sizes differ). */
  run(batches: readonly StepBatch[], rates: { learningRate: number }): StepResult;
  /** A copy of the state; writing it to disk does not hold up the next run. */
  snapshot(): StepSnapshot;
  /** Puts a state back. @throws VitrineError where it is of another model or optimizer. */
  restore(snapshot: StepSnapshot): void;
  /** Lets `model.params` show the current parameters, or their average. The tensors are valid until the next run. */
  expose(which: "params" | "ema"): void;
  dispose(): void;
}

export interface StepOptions {
  optimizer: OptimizerConfig;
  /** Largest L2 norm of all gradients together. */
  clipNorm?: number;
  /** Moving average of the parameters, timm's ModelEmaV3. */
  ema?: { decay: number; warmup?: boolean };
  /** Pixels are scaled to 0 … 1, then `(x - mean) / std` by channel. */
  mean: readonly number[];
  std: readonly number[];
  /** Seed of dropout and drop path. */
  seed: number;
  /** Parameters that stay as they are. */
  frozen?: (path: string) => boolean;
  /** Learn from another model's scores besides the targets (DeiT, https://arxiv.org/abs/2012.12877). */
  distillation?: StepDistillation;
  /**
   * Ask for like scores of the images of a sample (AugMix, see `jsdCrossEntropy`). Batches are then `splits` equal
   * parts with the same samples, the clean images first.
   */
  jsd?: JsdOptions & { splits: number };
  /** Factor on the learning rate by path (layer-wise decay). Default 1. */
  rateScale?: (path: string) => number;
  /**
   * Where the update runs. `host`: in place in WebAssembly, fastest on a CPU. `graph`: in the compiled graph, so that the
   * state can stay on a device. Default: `host` where the engine is onnx on the CPU and the optimizer has a kernel.
   */
  update?: "host" | "graph";
}

/** Scores of a batch of images, mixed and erased as the batch says: [size, classes]. */
export type Teacher = (batch: StepBatch) => Float32Array;

export interface StepDistillation extends DistillationOptions {
  teacher: Teacher;
  /** Share of the teacher in the loss. DeiT's default is 0.5. */
  weight?: number;
}

/** An optimizer by name with its constants; names and defaults are timm's. */
export type OptimizerConfig =
  | { name: "sgd"; momentum?: number; nesterov?: boolean; weightDecay?: number }
  | { name: "adamw"; betas?: readonly [number, number]; epsilon?: number; weightDecay?: number };
