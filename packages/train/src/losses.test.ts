import { tf } from "@vitrine/core";
import { beforeAll, describe, expect, test } from "vitest";
import { fixture, useCpu } from "../tests/fixtures.ts";
import { crossEntropy, distillation, distilledLoss, jsdCrossEntropy, labelTargets } from "./losses.ts";

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

interface Jsd {
  classes: number;
  cases: (Record<"splits" | "alpha" | "smoothing" | "value", number> &
    Record<"logits" | "labels" | "grad", number[]>)[];
}

describe("the consistency loss", () => {
  const jsd = fixture<Jsd>("jsd");
  const rowsOf = (values: ArrayLike<number>) =>
    tf.tensor2d(Float32Array.from(values), [values.length / jsd.classes, jsd.classes]);

  test.each(jsd.cases)("equals timm's, with its gradient: $splits splits, alpha $alpha", (one) => {
    const { splits, alpha, smoothing, labels, logits, value, grad } = one;
    const targets = rowsOf(labelTargets(Int32Array.from(labels), jsd.classes, smoothing));
    const { value: found, grad: slope } = tf.valueAndGrad((x) =>
      jsdCrossEntropy(x as tf.Tensor2D, targets, { splits, alpha }),
    )(rowsOf(logits));
    expect(Math.abs(found.dataSync()[0]! - value)).toBeLessThanOrEqual(1e-6 * Math.max(1, value));
    [...slope.dataSync()].forEach((g, i) => {
      expect(Math.abs(g - grad[i]!)).toBeLessThanOrEqual(2e-6 + 1e-5 * Math.abs(grad[i]!));
    });
  });

  test("is finite where a class has no share left, and 12 times the divergence unless told otherwise", () => {
    const far = [200, 0, 0, 0, 200, 0];
    const targets = tf.tensor2d([1, 0, 0, 1, 0, 0], [2, 3]);
    const slopes = tf.grad((x) => jsdCrossEntropy(x as tf.Tensor2D, targets, { splits: 2 }))(tf.tensor2d(far, [2, 3]));
    expect([...slopes.dataSync()].every(Number.isFinite)).toBe(true);
    const value = jsdCrossEntropy(tf.tensor2d(far, [2, 3]), targets, { splits: 2 });
    expect(value.dataSync()[0]).toBeCloseTo(12 * Math.log(2), 5);
  });

  test("refuses rows that are no whole number of samples", () => {
    const x = tf.zeros([4, 3]) as tf.Tensor2D;
    expect(() => jsdCrossEntropy(x, x, { splits: 3 })).toThrow(
      "loss: expected the scores of 3 images of each sample, found 4 rows",
    );
    expect(() => jsdCrossEntropy(x, x, { splits: 1 })).toThrow("expected the scores of 1 images");
  });
});

test("blends the loss against labels with that against a teacher", () => {
  expect(distilledLoss(tf.scalar(2), tf.scalar(6), 0.25).dataSync()[0]).toBe(3);
});

test("refuses a label that is no class", () => {
  expect(() => labelTargets(Int32Array.of(0, 3), 3)).toThrow("label 3 does not lie in 0 … 2");
});
