// Random numbers inside a traced step, counter-based like the host's `Rng`: a draw is a function of a key tensor (fed anew
// each step) and of a name known when the step is compiled, never of state. Bits are the same on every backend.

import { defineOp } from "../define-op.ts";
import { VitrineError } from "../errors.ts";
import type { Mode } from "../mode.ts";
import { hashString } from "../rng.ts";
import { tf } from "../tf.ts";

const op = defineOp<{ key: tf.Tensor }, { stream: number; shape: number[] }>("KeyedUniform", {
  forward: ({ key }, { stream, shape }) => {
    const [k0, k1] = key.dataSync<"int32">() as Int32Array;
    const values = new Float32Array(shape.reduce((product, d) => product * d, 1));
    const a = mix(k0! ^ stream);
    const b = mix((k1! + stream) | 0);
    for (let i = 0; i < values.length; i++) values[i] = (mix((mix(i ^ a) + b) | 0) >>> 8) / 16777216;
    return tf.tensor(values, shape);
  },
});

/** The finaliser of MurmurHash3: every input bit reaches every output bit. */
function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}

/**
 * Uniform float32 in [0, 1) with 24 random bits, of the stream of (key, the mode's path, `name`).
 * @throws VitrineError where the mode has no key.
 */
export function keyedUniform(mode: Mode, name: string, shape: number[]): tf.Tensor {
  if (mode.key === undefined)
    throw new VitrineError("random", `the mode of "${mode.path}" has no key to draw "${name}" from`);
  return op({ key: mode.key }, { stream: hashString(`${mode.path}/${name}`) | 0, shape })[0]!;
}
