import { expect, test } from "vitest";
import { AverageMeter, argMax, ConfusionMatrix, rowLoss, topK } from "./metrics.ts";

test("averages by counts", () => {
  const meter = new AverageMeter();
  meter.update(1, 3);
  meter.update(5);
  expect([meter.val, meter.sum, meter.count, meter.avg]).toEqual([5, 8, 4, 2]);
  meter.reset();
  expect(meter.avg).toBe(0);
});

test("counts labels among the best scores; equal scores go by the order of classes", () => {
  const logits = Float32Array.of(3, 2, 1, 0, 1, 1, 1, 1, 0, 5, 5, 1);
  expect(topK(logits, Int32Array.of(1, 3, 2), 4, [1, 2, 3, 4])).toEqual([0, 2, 2, 3]);
  expect(argMax(logits, 2, 4)).toBe(1);
});

test("counts scores that are not numbers as wrong", () => {
  expect(topK(Float32Array.of(NaN, 1, 2), Int32Array.of(2), 3, [1, 3])).toEqual([0, 0]);
});

test("takes the loss of huge scores without overflow", () => {
  expect(rowLoss(Float32Array.of(1e4, 0), 0, 2, 1)).toBe(1e4);
  expect(rowLoss(Float32Array.of(0, 0), 0, 2, 1)).toBeCloseTo(Math.LN2, 12);
});

test("gives precision, recall and F1 of each class and their means", () => {
  // scikit-learn 1.5: classification_report([0,0,0,1,1,2], [0,0,1,1,0,1])
  const matrix = new ConfusionMatrix(3);
  [0, 0, 0, 1, 1, 2].forEach((label, i) => {
    matrix.add(label, [0, 0, 1, 1, 0, 1][i]!);
  });
  const [a, b, c] = matrix.perClass();
  expect(a).toEqual({ precision: 2 / 3, recall: 2 / 3, f1: 2 / 3, support: 3 });
  expect(b).toEqual({ precision: 1 / 3, recall: 1 / 2, f1: 0.4, support: 2 });
  expect(c).toEqual({ precision: 0, recall: 0, f1: 0, support: 1 });
  expect(matrix.accuracy).toBe(0.5);
  expect(matrix.average("macro").f1).toBeCloseTo((2 / 3 + 0.4) / 3, 12);
  expect(matrix.average("weighted").recall).toBeCloseTo((2 + 1) / 6, 12);
});
