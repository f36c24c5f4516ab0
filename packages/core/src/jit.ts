// `jit`: a function over trees of tensors, compiled where the backend can compile, simply called where it cannot.

import { tf } from "./tf.ts";

/** What a backend that compiles offers. */
export interface CompilingBackend {
  /** Runs `fn(...args)` through a program cached under `cache` by the shapes of `args`. */
  runCompiled(cache: object, fn: (...args: never[]) => unknown, args: unknown[]): unknown;
}

/**
 * The same function, compiled. On a compiling backend it is traced once for each signature of shapes and types of its
 * arguments, and the program is run from then on; on other backends it is called as it is. Arguments and result are
 * tensors, or plain objects and arrays of them; anything else among the arguments is part of the signature. Tensors that
 * the function reads from outside its arguments are fixed at their value at the time of tracing.
 */
export function jit<A extends unknown[], R>(fn: (...args: A) => R): (...args: A) => R {
  const cache = {};
  return (...args) => {
    const backend = tf.backend() as unknown as Partial<CompilingBackend>;
    if (backend.runCompiled === undefined) return tf.tidy(() => fn(...args) as tf.TensorContainer) as R;
    return backend.runCompiled(cache, fn as (...args: never[]) => unknown, args) as R;
  };
}
