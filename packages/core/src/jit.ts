// `jit`: a function over trees of tensors, compiled where the backend can compile, simply called where it cannot.

import { tf } from "./tf.ts";

/** What a backend that compiles offers. */
export interface CompilingBackend {
  /**
   * Runs `fn(...args)` through a program cached under `cache` by the shapes of `args`. The tensors of the arguments whose
   * positions are in `fixed` may be part of the program, which then lasts as long as they are given.
   */
  runCompiled(cache: object, fn: (...args: never[]) => unknown, args: unknown[], fixed: readonly number[]): unknown;
  /** Frees the programs under `cache`. */
  disposeCompiled(cache: object): void;
}

export interface JitOptions {
  /**
   * Positions of arguments that seldom change, such as the parameters of a model that only predicts. What depends on them
   * alone is computed once for them instead of in each call, and weights may be laid out as the device likes them best. The
   * first call with other tensors at these positions pays for that again; a tensor is known by its identity, so numbers that
   * are written over in place are not seen.
   */
  fixed?: readonly number[];
}

/** A function that `jit` made. */
export interface Jitted<A extends unknown[], R> {
  (...args: A): R;
  /** Frees what was compiled, and the copies of fixed arguments in it. The next call compiles again. */
  dispose(): void;
}

/**
 * The same function, compiled. On a compiling backend it is traced once for each signature of shapes and types of its
 * arguments, and the program is run from then on; on other backends it is called as it is. Arguments and result are
 * tensors, or plain objects and arrays of them; anything else among the arguments is part of the signature. Tensors that
 * the function reads from outside its arguments are fixed at their value at the time of tracing.
 */
export function jit<A extends unknown[], R>(fn: (...args: A) => R, { fixed = [] }: JitOptions = {}): Jitted<A, R> {
  const cache = {};
  const compilers = new Set<CompilingBackend>();
  const call = (...args: A): R => {
    const backend = tf.backend() as unknown as Partial<CompilingBackend>;
    if (backend.runCompiled === undefined) return tf.tidy(() => fn(...args) as tf.TensorContainer) as R;
    compilers.add(backend as CompilingBackend);
    return backend.runCompiled(cache, fn as (...args: never[]) => unknown, args, fixed) as R;
  };
  const dispose = () => {
    for (const backend of compilers) backend.disposeCompiled(cache);
    compilers.clear();
  };
  return Object.assign(call, { dispose });
}
