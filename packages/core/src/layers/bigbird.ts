// BigBird: each token attends to a window of blocks around it, to a few random blocks, and to a few global tokens that in
// turn attend to all, so cost grows linearly with the number of tokens. Zaheer et al. 2020, https://arxiv.org/abs/2007.14062
//
// The first tokens are the global ones (the class token is among them); the others lie in blocks. The pattern is drawn once
// from a key, and each block is the random neighbour of as many blocks as it has: so fetching neighbours is a permutation,
// and so is the gradient.

import { type Mode, scope } from "../mode.ts";
import { dropout } from "../ops/drop.ts";
import { Rng } from "../rng.ts";
import { tf } from "../tf.ts";
import { blockNeighbours } from "./block-pattern.ts";

export interface BigBirdOptions {
  /** Tokens in a block. */
  blockSize: number;
  /** Blocks around a token's own that it attends to, its own among them; odd. */
  windowBlocks: number;
  /** Random blocks that it attends to besides. */
  randomBlocks: number;
  /** Tokens, from the first, that attend to all and are attended to by all. */
  globalTokens: number;
  seed: number;
}

export const bigBirdDefaults: BigBirdOptions = {
  blockSize: 32,
  windowBlocks: 3,
  randomBlocks: 2,
  globalTokens: 16,
  seed: 0,
};

// Low enough that exp gives 0, high enough to stay finite.
const never = -1e9;

/**
 * Softmax attention over each token's pattern; the pattern depends on the seed and on the mode's path, so blocks of a model
 * differ. Fewer queries than keys are the first tokens. q: [B, h, n, d], k, v: [B, h, N, d] → [B, h, n, d].
 */
export function bigBirdAttention(
  q: tf.Tensor4D,
  k: tf.Tensor4D,
  v: tf.Tensor4D,
  mode: Mode,
  options: BigBirdOptions,
  dropRate = 0,
): tf.Tensor4D {
  const [batch, heads, tokens, size] = k.shape;
  const asked = q.shape[2];
  const globals = Math.min(options.globalTokens, tokens);
  const blocks = Math.ceil((tokens - globals) / options.blockSize);
  const scaled = tf.mul(q, size ** -0.5) as tf.Tensor4D;
  const drop = (weights: tf.Tensor4D, name: string) => dropout(weights, dropRate, scope(mode, name));
  const everyToken = (queries: tf.Tensor4D): tf.Tensor4D => {
    const weights = tf.softmax(tf.matMul<tf.Tensor4D>(queries, k, false, true)); //                     [B, h, n, N]
    return tf.matMul(drop(weights, "attn_drop"), v);
  };
  // With so few blocks each is everybody's neighbour.
  if (blocks <= options.windowBlocks + options.randomBlocks || asked <= globals) return everyToken(scaled);

  const join = (x: tf.Tensor4D) => tf.reshape(x, [-1, x.shape[2], size]) as tf.Tensor3D; //             [B·h, N, d]
  const all = { ...options, globalTokens: globals };
  const local = blockAttention(join(padTokens(scaled, tokens)), join(k), join(v), all, mode, drop);
  const first = globals === 0 ? [] : [everyToken(tf.slice(scaled, [0, 0, 0, 0], [-1, -1, globals, -1]))];
  const rest = tf.reshape(local, [batch, heads, tokens - globals, size]) as tf.Tensor4D;
  const mixed = tf.concat([...first, rest], 2);
  return asked === tokens ? mixed : tf.slice(mixed, [0, 0, 0, 0], [-1, -1, asked, -1]);
}

/** Rows of zeros for tokens that do not ask. */
function padTokens(x: tf.Tensor4D, tokens: number): tf.Tensor4D {
  const missing = tokens - x.shape[2];
  return missing === 0 ? x : tf.pad4d(x, [[0, 0], [0, 0], [0, missing], [0, 0]]); // biome-ignore format: one line
}

/** What the tokens behind the global ones see. queries, keys, values: [G, N, d] → [G, N - globals, d]. */
function blockAttention(
  queries: tf.Tensor3D,
  keys: tf.Tensor3D,
  values: tf.Tensor3D,
  options: BigBirdOptions,
  mode: Mode,
  drop: (weights: tf.Tensor4D, name: string) => tf.Tensor4D,
): tf.Tensor3D {
  const { blockSize, globalTokens } = options;
  const [, tokens, size] = keys.shape;
  const count = tokens - globalTokens;
  const blocks = Math.ceil(count / blockSize);
  const padding = blocks * blockSize - count;

  const inBlocks = (x: tf.Tensor3D) => {
    const own = globalTokens === 0 ? x : tf.slice(x, [0, globalTokens, 0], [-1, -1, -1]);
    const even = padding === 0 ? own : tf.pad3d(own, [[0, 0], [0, padding], [0, 0]]); // biome-ignore format: one line
    return tf.reshape(even, [-1, blocks, blockSize, size]) as tf.Tensor4D; //                           [G, n, b, d]
  };
  const neighbours = blockNeighbours(blocks, options, Rng.of(options.seed, "bigbird", mode.path));
  const around = (x: tf.Tensor4D) =>
    tf.concat(
      neighbours.map((order) => permuteBlocks(x, order)),
      2,
    );
  const asking = inBlocks(queries);
  const near = tf.matMul(asking, around(inBlocks(keys)), false, true); //                               [G, n, b, k·b]
  const masked = padding === 0 ? near : tf.add(near, paddingMask(neighbours, blocks, blockSize, padding));
  const span = masked.shape[3]!;

  const globalPart = (x: tf.Tensor3D) => tf.slice(x, [0, 0, 0], [-1, globalTokens, -1]); //             [G, g, d]
  const byBlock = (x: tf.Tensor3D) => tf.reshape(x, [-1, blocks, blockSize, x.shape[2]]) as tf.Tensor4D;
  const flat = (x: tf.Tensor4D) => tf.reshape(x, [-1, blocks * blockSize, x.shape[3]]) as tf.Tensor3D;
  const scores =
    globalTokens === 0
      ? masked
      : tf.concat([masked, byBlock(tf.matMul(flat(asking), globalPart(keys), false, true))], 3);
  const weights = drop(tf.softmax(scores) as tf.Tensor4D, "block_drop"); //                             [G, n, b, k·b + g]

  const nearWeights = globalTokens === 0 ? weights : tf.slice(weights, [0, 0, 0, 0], [-1, -1, -1, span]);
  const fromNear = flat(tf.matMul(nearWeights, around(inBlocks(values)))); //                           [G, n·b, d]
  const fromGlobal = () => tf.matMul(flat(tf.slice(weights, [0, 0, 0, span], [-1, -1, -1, -1])), globalPart(values));
  const mixed = globalTokens === 0 ? fromNear : (tf.add(fromNear, fromGlobal()) as tf.Tensor3D);
  return padding === 0 ? mixed : tf.slice(mixed, [0, 0, 0], [-1, count, -1]);
}

/** Blocks in another order; the gradient puts them back. x: [G, n, b, d]. */
function permuteBlocks(x: tf.Tensor4D, order: readonly number[]): tf.Tensor4D {
  const inverse = order.map((_, i) => order.indexOf(i));
  const take = (y: tf.Tensor4D, indices: readonly number[]) => tf.gather(y, tf.tensor1d([...indices], "int32"), 1);
  return tf.customGrad((y) => ({
    value: take(y as tf.Tensor4D, order),
    gradFunc: (dy) => take(dy as tf.Tensor4D, inverse),
  }))(x) as tf.Tensor4D;
}

/** Keys that only fill up the last block are seen by nobody. → [1, n, 1, k·b]. */
function paddingMask(
  neighbours: readonly (readonly number[])[],
  blocks: number,
  blockSize: number,
  padding: number,
): tf.Tensor4D {
  const span = neighbours.length * blockSize;
  const values = new Float32Array(blocks * span);
  neighbours.forEach((order, slot) => {
    const end = order.indexOf(blocks - 1) * span + (slot + 1) * blockSize;
    values.fill(never, end - padding, end);
  });
  return tf.tensor4d(values, [1, blocks, 1, span]);
}
