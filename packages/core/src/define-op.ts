// Operations TensorFlow.js lacks. An op is defined once, in tf ops, with its gradient, under a kernel name. A compiling
// backend may register a kernel of that name of its own; every other backend runs the definition. This is the one place
// that talks to tfjs' registries, and it does so on an op's first call, so that importing stays free of effects.

import { tf } from "./tf.ts";

type Inputs = Record<string, tf.Tensor>;
type Attrs = Record<string, unknown>;

export interface OpDefinition<I extends Inputs, A extends Attrs> {
  forward(inputs: I, attrs: A): tf.Tensor | tf.Tensor[];
  /** Inputs and outputs (by position) that the gradient reads; nothing else stays alive until the backward pass. */
  save?: { inputs?: (keyof I & string)[]; outputs?: boolean[] };
  /**
   * Gradients of the inputs. `dys` has one entry an output, `saved` is the saved inputs, then the saved outputs.
   * Without it, a gradient that would have to pass through the op is an error.
   */
  gradient?(dys: tf.Tensor[], saved: tf.Tensor[], attrs: A): { [K in keyof I]?: () => tf.Tensor };
}

/** Defines an op under a kernel name; the result runs it on the current backend and returns its outputs. */
export function defineOp<I extends Inputs, A extends Attrs = Record<never, never>>(
  kernelName: string,
  definition: OpDefinition<I, A>,
): (inputs: I, attrs: A) => tf.Tensor[] {
  return (inputs, attrs) => {
    register(kernelName, definition);
    const outputs = tf
      .engine()
      .runKernel(kernelName, inputs as tf.NamedTensorMap, attrs as unknown as tf.NamedAttrMap) as unknown as
      | tf.Tensor
      | tf.Tensor[];
    return Array.isArray(outputs) ? outputs : [outputs];
  };
}

function register<I extends Inputs, A extends Attrs>(kernelName: string, definition: OpDefinition<I, A>): void {
  const backendName = tf.getBackend();
  if (!tf.getKernel(kernelName, backendName)) {
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs }) =>
        tf.tidy(() => definition.forward(inputs as unknown as I, attrs as unknown as A) as tf.Tensor),
    });
  }
  const { gradient } = definition;
  if (gradient && !tf.getGradient(kernelName)) {
    tf.registerGradient({
      kernelName,
      inputsToSave: definition.save?.inputs ?? [],
      outputsToSave: definition.save?.outputs ?? [],
      gradFunc: (dy, saved, attrs) =>
        gradient(Array.isArray(dy) ? dy : [dy], saved, attrs as unknown as A) as Record<string, () => tf.Tensor>,
    });
  }
}
