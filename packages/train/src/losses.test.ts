import { tf } from "@vitrine/core";
import { beforeAll, describe, expect, test } from "vitest";
import { fixture, useCpu } from "../tests/fixtures.ts";
import { crossEntropy, distillation, distilledLoss, labelTargets } from "./losses.ts";

interface Losses {
  shape: [number, number];
  logits: number[];
  labels: number[];
  soft: number[];
  teacher: number[];
  cases: { loss: string; args: Record<string, number | string>; value: number; grad: number[] }[];
}

const given = fixture<Losses>("losses");
const [rows, classes] = given.shape;
const matrix = (values: ArrayLike<number>) => tf.tensor2d(Float32Array.from(values), [rows, classes]);

beforeAll(useCpu);

function lossOf(name: string, args: Record<string, number | string>): ((x: tf.Tensor2D) => tf.Scalar) | undefined {
  if ("weight" in args || "reduction" in args) return undefined;
  const smoothing = Number(args.label_smoothing ?? args.smoothing ?? 0);
  switch (name) {
    case "cross_entropy":
    case "LabelSmoothingCrossEntropy":
      return (x) => crossEntropy(x, matrix(labelTargets(Int32Array.from(given.labels), classes, smoothing)));
    case "cross_entropy_soft":
    case "SoftTargetCrossEntropy":
      return (x) => crossEntropy(x, matrix(given.soft));
    case "distill_soft":
      return (x) => distillation(x, matrix(given.teacher), { kind: "soft", temperature: Number(args.temperature) });
    case "distill_hard":
      return (x) => distillation(x, matrix(given.teacher), { kind: "hard" });
    default:
      return undefined;
  }
}

describe("equals the reference, with its gradient:", () => {
  const known = given.cases.flatMap((c) => {
    const loss = lossOf(c.loss, c.args);
    return loss === undefined ? [] : [[`${c.loss} ${JSON.stringify(c.args)}`, c, loss] as const];
  });
  test("seven losses are looked at", () => expect(known.length).toBe(7));
  test.each(known)("%s", (_name, { value, grad }, loss) => {
    const { value: found, grad: slope } = tf.valueAndGrad((x) => loss(x as tf.Tensor2D))(matrix(given.logits));
    expect(found.dataSync()[0]).toBeCloseTo(value, 5);
    [...slope.dataSync()].forEach((g, i) => {
      expect(Math.abs(g - grad[i]!)).toBeLessThanOrEqual(1e-6 + 1e-5 * Math.abs(grad[i]!));
    });
  });
});

test("blends the loss against labels with that against a teacher", () => {
  expect(distilledLoss(tf.scalar(2), tf.scalar(6), 0.25).dataSync()[0]).toBe(3);
});

test("refuses a label that is no class", () => {
  expect(() => labelTargets(Int32Array.of(0, 3), 3)).toThrow("label 3 does not lie in 0 … 2");
});
