// Linear recurrences, `h[t] = a[t]·h[t-1] + b[t]`, over the tokens of a sequence: the core of state space models
// (https://arxiv.org/abs/2312.00752), computed for many tokens at a time.
//
// Two steps of a recurrence make one step: (a, b) then (a', b') is (a'·a, a'·b + b'). So the sequence is cut into chunks of a
// few tokens, each chunk is gone through token by token (all chunks at once), what the chunks do as a whole is a shorter
// recurrence of the same kind, and what it gives enters each chunk. Work and memory are linear in the length, the number of
// operations grows with its logarithm. Decays are multiplied, never divided by, so those below what float32 holds become
// zero, as they do token by token.

import { defineOp } from "../define-op.ts";
import { tf } from "../tf.ts";

/** Tokens of a chunk, where a length does not ask for another number. */
const chunk = 8;

/** Chunk sizes that may divide a length without rest, the best first. */
const chunks = [8, 7, 9, 10, 6, 12, 11, 5];

type Attrs = { reverse: boolean };

const op = defineOp<{ a: tf.Tensor3D; b: tf.Tensor3D }, Attrs>("LinearScan", {
  forward: ({ a, b }, { reverse }) => scan(a, b, reverse),
  save: { inputs: ["a"], outputs: [true] },
  // What a state is worth: its own part of the loss, and that of the next state, which has it `a` times. The same
  // recurrence, from the other end.
  gradient: ([dy], [a, h], { reverse }) => {
    const worth = () =>
      linearScan(delay(a as tf.Tensor3D, !reverse), dy as tf.Tensor3D, { reverse: !reverse }) as tf.Tensor3D;
    return { a: () => tf.mul(worth(), delay(h as tf.Tensor3D, reverse)), b: worth };
  },
});

export interface LinearScanOptions {
  /** From the last token to the first. */
  reverse?: boolean;
}

/** `h[t] = a[t]·h[t-1] + b[t]` along axis 1, with h[-1] = 0. a, b: [B, L, D] → [B, L, D]. */
export function linearScan(a: tf.Tensor3D, b: tf.Tensor3D, { reverse = false }: LinearScanOptions = {}): tf.Tensor3D {
  return op({ a, b }, { reverse })[0] as tf.Tensor3D;
}

/** Each token's predecessor, zeros for the first; in reverse its successor. x: [B, L, D] → [B, L, D]. */
function delay(x: tf.Tensor3D, reverse: boolean): tf.Tensor3D {
  const length = x.shape[1];
  const kept = tf.slice(x, [0, reverse ? 1 : 0, 0], [-1, length - 1, -1]);
  return tf.pad(kept, [[0, 0], reverse ? [0, 1] : [1, 0], [0, 0]]); // biome-ignore format: one line
}

function scan(a: tf.Tensor3D, b: tf.Tensor3D, reverse: boolean): tf.Tensor3D {
  const [batch, length, width] = b.shape;
  const size = length <= chunk ? length : (chunks.find((n) => length % n === 0) ?? chunk);
  const count = Math.ceil(length / size);
  // The tokens of a chunk in the order they are gone through, each for all chunks: [B, count, 1, D]. What is filled up with
  // passes the state on as it is.
  const tokens = (x: tf.Tensor3D, filling: number) => {
    const missing = count * size - length;
    const whole = missing === 0 ? x : tf.pad(x, [[0, 0], [0, missing], [0, 0]], filling); // biome-ignore format: one line
    return ordered(tf.split(tf.reshape(whole, [batch, count, size, width]), size, 2));
  };
  const ordered = <T>(x: T[]) => (reverse ? x.reverse() : x);
  const decays = tokens(a, 1);

  // Each chunk as if it began with nothing.
  const states = tokens(b, 0);
  for (let i = 1; i < size; i++) states[i] = tf.add(tf.mul(decays[i]!, states[i - 1]!), states[i]!);
  if (count > 1) {
    // What is left, at each token, of the state that its chunk begins with; and that state.
    const left = [decays[0]!];
    for (let i = 1; i < size; i++) left.push(tf.mul(decays[i]!, left[i - 1]!));
    const flat = (x: tf.Tensor) => tf.reshape(x, [batch, count, width]) as tf.Tensor3D;
    const ends = scan(flat(left.at(-1)!), flat(states.at(-1)!), reverse);
    const begins = tf.reshape(delay(ends, reverse), [batch, count, 1, width]);
    for (let i = 0; i < size - 1; i++) states[i] = tf.add(tf.mul(left[i]!, begins), states[i]!);
    states[size - 1] = tf.reshape(ends, [batch, count, 1, width]);
  }
  const joined = tf.reshape(tf.concat(ordered(states), 2), [batch, count * size, width]) as tf.Tensor3D;
  return count * size === length ? joined : tf.slice(joined, [0, 0, 0], [-1, length, -1]);
}
