// The ways in which tokens attend to each other in a block of a plain vision transformer. All of them read the same
// queries, keys and values, so a checkpoint of one loads into another.

import { didYouMean, VitrineError } from "../errors.ts";
import { type Mode, scope, tap } from "../mode.ts";
import { dropout } from "../ops/drop.ts";
import { Rng } from "../rng.ts";
import { tf } from "../tf.ts";
import { type BigBirdOptions, bigBirdAttention, bigBirdDefaults } from "./bigbird.ts";
import { type FavorKernel, favorAttention, favorFeatures, favorProjection } from "./favor.ts";
import { eluFeatures, featureAttention } from "./linear-attention.ts";

export interface PerformerOptions {
  kernel: FavorKernel;
  /** Random features of each head; null for d ln d, of heads d wide. */
  features: number | null;
  /** The directions of features are drawn from it, anew for each block; they are no part of a checkpoint. */
  seed: number;
}

/** The kinds of attention, each with its options. */
interface Kinds {
  softmax: object;
  performer: PerformerOptions;
  bigbird: BigBirdOptions;
  linear: object;
}

export type AttentionKind = keyof Kinds;

/** A kind by its name, or with options of its own: `{ kind: "bigbird", blockSize: 64 }`. */
export type AttentionChoice = AttentionKind | { [K in AttentionKind]: { kind: K } & Partial<Kinds[K]> }[AttentionKind];

interface Mixer<O> {
  defaults: O;
  /** Whether there are weights of each token on each other, which dropout could be of. */
  weights: boolean;
  /** q: [B, h, n, d], of the first n tokens; k, v: [B, h, N, d] → [B, h, n, d]. */
  mix(q: tf.Tensor4D, k: tf.Tensor4D, v: tf.Tensor4D, mode: Mode, options: O, dropRate: number): tf.Tensor4D;
}

const mixers: { [K in AttentionKind]: Mixer<Kinds[K]> } = {
  softmax: {
    defaults: {},
    weights: true,
    mix: (q, k, v, mode, _, dropRate) => {
      const weights = tf.softmax(tf.matMul(tf.mul(q, q.shape[3] ** -0.5), k, false, true)); //          [B, h, n, N]
      return tf.matMul(dropout(tap(mode, weights, "weights"), dropRate, scope(mode, "attn_drop")), v);
    },
  },
  performer: {
    defaults: { kernel: "softmax", features: null, seed: 0 },
    weights: false,
    mix: (q, k, v, mode, { kernel, features, seed }) => {
      const size = q.shape[3];
      const count = features ?? favorFeatures(size);
      const directions = favorProjection(count, size, Rng.of(seed, "performer", mode.path));
      return favorAttention(q, k, v, tf.tensor2d(directions, [count, size]), kernel);
    },
  },
  bigbird: { defaults: bigBirdDefaults, weights: true, mix: bigBirdAttention },
  linear: {
    defaults: {},
    weights: false,
    // ε as in the authors' fast-transformers.
    mix: (q, k, v) => featureAttention(eluFeatures(q), eluFeatures(k), v, 1e-6),
  },
};

/** What tokens take from each other. q: [B, h, n, d], of the first n tokens; k, v: [B, h, N, d] → [B, h, n, d]. */
export function mixTokens(
  q: tf.Tensor4D,
  k: tf.Tensor4D,
  v: tf.Tensor4D,
  mode: Mode,
  choice: AttentionChoice,
  dropRate = 0,
): tf.Tensor4D {
  return mixAs(kindOf(choice), q, k, v, mode, choice, dropRate);
}

function mixAs<K extends AttentionKind>(
  kind: K,
  q: tf.Tensor4D,
  k: tf.Tensor4D,
  v: tf.Tensor4D,
  mode: Mode,
  choice: AttentionChoice,
  dropRate: number,
): tf.Tensor4D {
  const mixer = mixers[kind];
  const own = typeof choice === "string" ? {} : choice;
  return mixer.mix(q, k, v, mode, { ...mixer.defaults, ...own }, dropRate);
}

const kindOf = (choice: AttentionChoice) => (typeof choice === "string" ? choice : choice.kind);

/** @throws VitrineError for an unknown kind or option of it, and for dropout of weights that a kind does not have. */
export function checkAttention(choice: AttentionChoice, dropRate: number): void {
  const refuse = (message: string) => new VitrineError("attention", message, { usage: true });
  const kind = kindOf(choice);
  const kinds = Object.keys(mixers);
  if (!kinds.includes(kind))
    throw refuse(`unknown kind "${kind}"${didYouMean(String(kind), kinds)}. Kinds are ${kinds.join(", ")}`);
  const { defaults, weights } = mixers[kind];
  const known = Object.keys(defaults);
  for (const key of Object.keys(typeof choice === "string" ? {} : choice))
    if (key !== "kind" && !known.includes(key))
      throw refuse(
        `unknown option "${key}" of "${kind}"${didYouMean(key, known)}. Options are ${known.join(", ") || "none"}`,
      );
  if (dropRate > 0 && !weights)
    throw refuse(`"${kind}" has no weights for attnDropRate to drop; take projDropRate, or "softmax" or "bigbird"`);
  if (typeof choice === "object" && choice.kind === "bigbird") checkBigBird({ ...bigBirdDefaults, ...choice }, refuse);
}

function checkBigBird(o: BigBirdOptions, refuse: (message: string) => VitrineError): void {
  if (!(o.windowBlocks % 2 === 1)) throw refuse(`windowBlocks must be odd (1, 3, 5, ...), found ${o.windowBlocks}`);
  if (!(o.blockSize >= 1)) throw refuse(`blockSize must be 1 or more, found ${o.blockSize}`);
  if (!(o.randomBlocks >= 0)) throw refuse(`randomBlocks must be 0 or more, found ${o.randomBlocks}`);
  if (!(o.globalTokens >= 0)) throw refuse(`globalTokens must be 0 or more, found ${o.globalTokens}`);
}
