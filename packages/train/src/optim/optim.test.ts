import { tf } from "@vitrine/core";
import { beforeAll, describe, expect, test } from "vitest";
import { fixture, useCpu } from "../../tests/fixtures.ts";
import type { OptimizerConfig } from "../step.ts";
import { clipByGlobalNorm } from "./clip.ts";
import { buildOptimizer, resolveOptimizer } from "./index.ts";

type Flat = Record<string, number[]>;

interface Case {
  optimizer: string;
  groups: string;
  args: {
    lr: number;
    momentum?: number;
    nesterov?: boolean;
    weight_decay?: number;
    betas?: [number, number];
    eps?: number;
  };
  shapes: Record<string, number[]>;
  init: Flat;
  grads: Flat[];
  params: Flat[];
}

const { cases } = fixture<{ cases: Case[] }>("optimizers");

function configOf({ optimizer, args }: Case): OptimizerConfig {
  if (optimizer === "SGD")
    return {
      name: "sgd",
      momentum: args.momentum ?? 0,
      nesterov: args.nesterov ?? false,
      weightDecay: args.weight_decay ?? 0,
    };
  const { betas, eps: epsilon, weight_decay: weightDecay } = args;
  return { name: "adamw", ...(betas && { betas }), ...(epsilon && { epsilon }), ...(weightDecay && { weightDecay }) };
}

beforeAll(useCpu);

describe("equals PyTorch's", () => {
  const known = cases.filter(({ optimizer }) => optimizer === "SGD" || optimizer === "AdamW");
  test.each(known.map((c) => [`${c.optimizer} ${JSON.stringify(c.args)}, ${c.groups}`, c] as const))(
    "%s",
    (_n, one) => {
      const tensors = (flat: Flat) =>
        new Map(Object.entries(flat).map(([path, data]) => [path, tf.tensor(data, one.shapes[path])]));
      const optimizer = buildOptimizer(configOf(one));
      let params = tensors(one.init);
      let state = optimizer.init(params);
      one.grads.forEach((grads, t) => {
        const context = {
          learningRate: tf.scalar(one.args.lr),
          count: tf.scalar(t + 1),
          decays: (path: string) => one.groups.startsWith("one") || path === "weight",
          rateScale: () => 1,
        };
        ({ params, state } = optimizer.update(tensors(grads), state, params, context));
        for (const [path, wanted] of Object.entries(one.params[t]!))
          [...params.get(path)!.dataSync()].forEach((value, i) => {
            expect(Math.abs(value - wanted[i]!)).toBeLessThanOrEqual(1e-6 + 1e-5 * Math.abs(wanted[i]!));
          });
      });
    },
  );
});

test("scales the rate of a parameter, decay included", () => {
  const optimizer = buildOptimizer({ name: "sgd", momentum: 0, nesterov: false, weightDecay: 0.1 });
  const params = new Map([["w", tf.tensor1d([1])]]);
  const context = {
    learningRate: tf.scalar(1),
    count: tf.scalar(1),
    decays: () => true,
    rateScale: () => 0.5,
  };
  const { params: next } = optimizer.update(
    new Map([["w", tf.tensor1d([2])]]),
    optimizer.init(params),
    params,
    context,
  );
  expect(next.get("w")!.dataSync()[0]).toBeCloseTo(1 - 0.5 * (2 + 0.1), 6);
});

describe("clipping by norm", () => {
  interface Clip {
    kind: string;
    value: number;
    grads: Flat;
    total_norm: number;
    clipped: Flat;
  }
  const clips = fixture<{ cases: Clip[] }>("clipping").cases.filter(({ kind }) => kind === "norm");
  test.each(clips.map((c) => [c.value, c] as const))("to %d equals PyTorch's", (value, one) => {
    const grads = new Map(Object.entries(one.grads).map(([path, data]) => [path, tf.tensor1d(data)]));
    const { grads: clipped, norm } = clipByGlobalNorm(grads, value);
    expect(norm.dataSync()[0]).toBeCloseTo(one.total_norm, 5);
    for (const [path, wanted] of Object.entries(one.clipped))
      [...clipped.get(path)!.dataSync()].forEach((found, i) => {
        expect(found).toBeCloseTo(wanted[i]!, 6);
      });
  });
});

test("has timm's defaults", () => {
  expect(resolveOptimizer({ name: "sgd" })).toEqual({ name: "sgd", momentum: 0.9, nesterov: true, weightDecay: 2e-5 });
  expect(resolveOptimizer({ name: "adamw" })).toEqual({
    name: "adamw",
    betas: [0.9, 0.999],
    epsilon: 1e-8,
    weightDecay: 2e-5,
  });
});

test("says what is wrong with a configuration", () => {
  expect(() => resolveOptimizer({ name: "adanw" } as never)).toThrow(
    'unknown optimizer "adanw" (did you mean "adamw"?)',
  );
  expect(() => resolveOptimizer({ name: "sgd", momentum: 1 })).toThrow("momentum must lie in [0, 1), found 1");
  expect(() => resolveOptimizer({ name: "adamw", weightDecay: -1 })).toThrow("weightDecay must be 0 or more, found -1");
});
