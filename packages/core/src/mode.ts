// How a forward pass runs: training or not, where randomness comes from, and which intermediates to keep. Passed down as
// an argument; nothing is global. A scope names the module being computed, by its path in the parameter tree.

import { tf } from "./tf.ts";

export interface Mode {
  readonly training: boolean;
  /** Path of the module being computed, for example `blocks.0.attn`. */
  readonly path: string;
  /** int32 [2]: what random draws depend on besides the path, such as (seed, step). Without it nothing is dropped. */
  readonly key?: tf.Tensor1D;
  /** Where named intermediates are kept, by path, when asked for. */
  readonly taps?: Map<string, tf.Tensor>;
  /** Where layers with running statistics put the new values, by the path of the buffer. */
  readonly updates?: Map<string, tf.Tensor>;
}

/** Inference: nothing random, running statistics used as they are. */
export const inference: Mode = { training: false, path: "" };

/** Training, with randomness from `key` (int32 [2]); without a key dropout and drop path do nothing. */
export function trainingMode(key?: tf.Tensor1D, updates = new Map<string, tf.Tensor>()): Mode {
  return key === undefined ? { training: true, path: "", updates } : { training: true, path: "", key, updates };
}

/** The mode of a module inside the current one. */
export function scope(mode: Mode, name: string): Mode {
  return { ...mode, path: mode.path === "" ? name : `${mode.path}.${name}` };
}

/** Keeps `x` as an intermediate named `name` (or as the output of the current module) where they were asked for. */
export function tap<T extends tf.Tensor>(mode: Mode, x: T, name?: string): T {
  mode.taps?.set(name === undefined ? mode.path : scope(mode, name).path, tf.keep(x));
  return x;
}
