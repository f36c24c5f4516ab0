// The judge of golden cases, by a case of one weight a channel: the sum of ReLUs of weighted inputs.

import { param, type Spec, tf } from "@vitrine/core";
import { beforeAll, describe, expect, test } from "vitest";
import { useBackend } from "./backends.ts";
import { checkCase, type Subject } from "./check-case.ts";
import type { CaseDescription, Golden } from "./golden.ts";

type Params = { w: tf.Tensor1D };

/** The second channel lies at the kink: whether `w - 1` is above 0 is a matter of rounding. */
const x = [2, 1, 3];
const w = [0.5, 1, 0.25];

function golden(grad: readonly number[]): Golden {
  const stored: Record<string, number[]> = { out: [0.5], loss: [0.5], "grad.w": [...grad] };
  const about = {
    train: true,
    grad_norm: Math.hypot(...grad),
    tolerance: {
      ...{ logits: { atol: 1e-5 }, features: { atol: 1e-5 }, inter: { atol: 1e-5 }, loss: { atol: 1e-5 } },
      ...{ grad: { rel_l2: 1e-3 }, bn: { atol: 1e-5 }, step1: { atol: 1e-5 } },
    },
  } as CaseDescription;
  const header = new Map(
    Object.keys(stored).map((name) => [name, { dtype: "F32", shape: name === "grad.w" ? [3] : [] }]),
  );
  const io = { header, readFloat32: (name: string) => Float32Array.from(stored[name]!) };
  return { folder: "case", about, weights: new Map(), io: io as unknown as Golden["io"] };
}

function subject(mistake = 1): Subject<Params, { x: tf.Tensor1D }> {
  const out = (params: Params, { x }: { x: tf.Tensor1D }) => {
    const kinked = tf.relu(tf.sub(tf.mul(params.w, x), tf.tensor1d([0.5, 1, 2])));
    return tf.sum(tf.mul(kinked, tf.tensor1d([mistake, mistake, mistake]))) as tf.Scalar;
  };
  return {
    spec: { w: param([3]) } as Spec<Params>,
    params: { w: tf.tensor1d(w) },
    inputs: { x: tf.tensor1d(x) },
    infer: (params, inputs) => ({ out: out(params, inputs) }),
    train: (params, inputs) => ({ loss: out(params, inputs), outputs: {} }),
  };
}

describe("checkCase", () => {
  beforeAll(() => useBackend("cpu"));
  const misses = async (made: Subject<Params, { x: tf.Tensor1D }>, grad: readonly number[]) => {
    const before = tf.memory().numTensors;
    const checks = await checkCase(made, golden(grad));
    return {
      checks,
      missed: checks.filter(({ ok }) => !ok).map(({ name }) => name),
      left: tf.memory().numTensors - before,
    };
  };

  test("meets a reference that took the same side of a kink", async () => {
    const { missed, checks } = await misses(subject(), [2, 0, 0]);
    expect([missed, checks.some(({ nudged }) => nudged)]).toEqual([[], false]);
  });

  test("meets one that took the other side, with the weights moved by a unit in the last place, and says so", async () => {
    const { missed, checks, left } = await misses(subject(), [2, 1, 0]);
    expect([missed, checks.some(({ nudged }) => nudged)]).toEqual([[], true]);
    expect(left).toBeLessThanOrEqual(0);
  });

  test("takes a mistake for a mistake, at a kink too", async () => {
    expect((await misses(subject(), [2, 0.1, 0])).missed).toEqual(["grad.w"]);
    expect((await misses(subject(), [2, 1, 0.5])).missed).toEqual(["grad.w"]);
    expect((await misses(subject(3), [2, 1, 0])).missed).toContain("grad.w");
  });
});
