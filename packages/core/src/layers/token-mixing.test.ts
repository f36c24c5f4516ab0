import "@tensorflow/tfjs-backend-cpu";
import { describe, expect, test } from "vitest";
import { inference, scope, trainingMode } from "../mode.ts";
import { initParams } from "../params.ts";
import { Rng } from "../rng.ts";
import { tf } from "../tf.ts";
import { type Attention, attention, attentionSpec } from "./attention.ts";
import { type AttentionChoice, checkAttention } from "./token-mixing.ts";

const params = initParams<Attention>(attentionSpec(16, 2), Rng.of(1));
const x = tf.tensor3d(
  Float32Array.from({ length: 2 * 30 * 16 }, (_, i) => Math.sin(i * i)),
  [2, 30, 16],
);
const run = (kind: AttentionChoice, path = "blocks.0.attn", queries = 30) =>
  attention(params, x, scope(inference, path), { heads: 2, kind, queries });
const numbers = async (tensor: tf.Tensor) => Array.from(await tensor.data());

const bigbird = { kind: "bigbird", blockSize: 2, globalTokens: 2 } as const;
const kinds: AttentionChoice[] = ["softmax", "performer", bigbird, "linear", { kind: "performer", kernel: "relu" }];

describe("attention of another kind", () => {
  test.each(kinds)("reads the same parameters: %j", async (kind) => {
    const found = await numbers(run(kind));
    expect(found.every(Number.isFinite)).toBe(true);
    if (kind !== "softmax") expect(found).not.toEqual(await numbers(run("softmax")));
  });

  test.each(kinds)("answers the first token alone as among all: %j", async (kind) => {
    const all = await numbers(tf.slice(run(kind), [0, 0, 0], [-1, 1, -1]));
    const first = await numbers(run(kind, "blocks.0.attn", 1));
    first.forEach((value, i) => {
      expect(value).toBeCloseTo(all[i]!, 5);
    });
  });

  test("draws anew for each block of a model, and the same each time", async () => {
    for (const kind of ["performer", bigbird] as AttentionChoice[]) {
      expect(await numbers(run(kind))).toEqual(await numbers(run(kind)));
      expect(await numbers(run(kind, "blocks.1.attn"))).not.toEqual(await numbers(run(kind)));
    }
  });

  test.each(kinds)("gives a gradient to every part of the projection: %j", async (kind) => {
    const gradient = tf.grad((weight) => {
      const own = { ...params, qkv: { ...params.qkv, weight: weight as tf.Tensor2D } };
      return tf.sum(tf.square(attention(own, x, trainingMode(), { heads: 2, kind })));
    })(params.qkv.weight);
    for (const part of tf.split(gradient, 3, 1)) expect((await tf.norm(part).data())[0]).toBeGreaterThan(1e-6);
  });
});

describe("checkAttention", () => {
  test("names what it does not know", () => {
    expect(() => checkAttention("performr" as "performer", 0)).toThrow('unknown kind "performr"');
    expect(() => checkAttention({ kind: "bigbird", block: 8 } as never, 0)).toThrow('unknown option "block"');
    expect(() => checkAttention({ kind: "bigbird", windowBlocks: 2 }, 0)).toThrow("windowBlocks must be odd");
  });

  test("refuses dropout of weights that there are not", () => {
    expect(() => checkAttention("linear", 0.1)).toThrow('"linear" has no weights for attnDropRate to drop');
    expect(() => checkAttention("bigbird", 0.1)).not.toThrow();
  });
});
