import { expect, test } from "vitest";
import type { EpochRecord } from "../records.ts";
import { barReporter } from "./bar.ts";
import type { StepEvent, TrainEvent } from "./events.ts";
import { clock, exponential, fixed, general } from "./format.ts";
import { jsonReporter } from "./json.ts";
import { plainReporter } from "./plain.ts";

const step: StepEvent = {
  type: "step",
  epoch: 0,
  epochs: 3,
  update: 50,
  updates: 312,
  loss: { val: 6.911, avg: 6.9349 },
  learningRate: 1e-5,
  gradNorm: 2,
  applied: true,
  samples: 128,
  stepSeconds: { val: 0.412, avg: 0.43 },
  dataSeconds: { val: 0.01, avg: 0.0214 },
  imagesPerSecond: { val: 310.68, avg: 297.674 },
  etaSeconds: 3723,
};
const both = (val: number, avg: number) => ({ val, avg });
const validation: TrainEvent = {
  type: "validation",
  epoch: 0,
  name: "Test",
  batch: 11,
  batches: 40,
  samples: 1408,
  loss: both(1.234, 1.3),
  top1: both(70.3125, 69.1),
  top5: both(90.625, 89.5),
  seconds: 2.53,
};
const record: EpochRecord = {
  epoch: 1,
  trainLoss: 1.5,
  eval: { loss: 1.25, top1: 71.2, top5: 90, samples: 100 },
  learningRate: 0.001,
  gradNorm: 1,
  skipped: 0,
  samples: 100,
  seconds: 61,
  imagesPerSecond: 50,
};
const best = { epoch: 1, metric: "top1", value: 71.2 } as const;
const epoch: TrainEvent = { type: "epoch", record, epochs: 3, best, isBest: true };
const end: TrainEvent = {
  type: "end",
  history: [{ ...record, epoch: 0, eval: { ...record.eval!, top1: 60 } }, record],
  best,
  stopped: undefined,
  seconds: 125,
};

function written(report: (write: { write(text: string): void; columns?: number }) => void, columns?: number): string {
  let text = "";
  const write = (more: string) => {
    text += more;
  };
  const output = { write, ...(columns === undefined ? {} : { columns }) };
  report(output);
  return text;
}

test("writes numbers as Python does", () => {
  expect([6.911, 0.5, 1234, 0.00001234, 99.96, 0, NaN].map((v) => general(v))).toEqual([
    "6.91",
    "0.500",
    "1.23e+03",
    "1.23e-05",
    "100.",
    "0.00",
    "nan",
  ]);
  expect([1e-5, 0.1, 123456].map((v) => exponential(v))).toEqual(["1.000e-05", "1.000e-01", "1.235e+05"]);
  expect([70.3125, 70.4375, 4.35, -0.5, 2.5].map((v, i) => fixed(v, i < 2 ? 3 : i < 3 ? 1 : 0))).toEqual([
    "70.312",
    "70.438",
    "4.3",
    "-0",
    "2",
  ]);
  expect([3.2, 151, 3723, NaN].map(clock)).toEqual(["0:03", "2:31", "1:02:03", "-:--"]);
});

test("writes timm's lines to a pipe", () => {
  const text = written((output) => {
    const reporter = plainReporter(output);
    for (const event of [step, { ...step, update: 51 }, validation, epoch, end]) reporter.event(event);
  });
  const lines = text.split("\n");
  expect(lines[0]).toBe(
    "Train: 0 [  50/312 ( 16%)]  Loss: 6.91 (6.93)  Time: 0.412s,  310.68/s  (0.430s,  297.67/s)  LR: 1.000e-05  Data: 0.010 (0.021)",
  );
  expect(lines[1]).toBe("*** Best metric: 71.2 (epoch 1)");
  expect(lines.slice(2, 5)).toEqual(["Trained for 2:05", "*** Best metric: 71.2 (epoch 1)", "--result"]);
  const results = JSON.parse(lines.slice(5).join("\n"));
  expect(results.map(({ epoch }: { epoch: number }) => epoch)).toEqual([1, 0]);
  expect(results[0].validation).toEqual({ loss: 1.25, top1: 71.2, top5: 90 });
});

test("writes a line of validation every so many batches and at the end", () => {
  const text = written((output) => plainReporter(output, { logInterval: 10 }).event(validation));
  expect(text).toBe(
    "Test: [  10/39]  Time: 0.230 (0.230)  Loss:   1.234 ( 1.300)  Acc@1:  70.312 ( 69.100)  Acc@5:  90.625 ( 89.500)\n",
  );
  expect(written((output) => plainReporter(output).event({ ...validation, batch: 40 }))).toContain("[  39/39]");
});

test("writes each event as one line of JSON", () => {
  const text = written((output) => {
    const reporter = jsonReporter(output, { logInterval: 50 });
    for (const event of [step, { ...step, update: 51 }, epoch]) reporter.event(event);
  });
  const events = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(events).toEqual([step, epoch]);
});

test("draws one live line on a terminal, never wider than it, and leaves a line an epoch", () => {
  for (const columns of [120, 60, 20]) {
    const text = written((output) => {
      const reporter = barReporter(output, { color: false, every: 0 });
      reporter.event(step);
      reporter.event(validation);
      reporter.event(epoch);
    }, columns);
    const [drawn, validating, rest] = text.split("\r\u001b[2K").slice(1);
    expect(drawn!.length).toBeLessThan(columns);
    expect(validating!.length).toBeLessThan(columns);
    expect(rest).toBe("Epoch 2/3  train loss 1.500  val loss 1.250  acc 71.20%  lr 1.00e-03  1:01  best\n");
    if (columns === 120) {
      expect(drawn).toMatch(/^Epoch 1\/3 ━━━━━─+ 16% {2}loss 6\.93 {2}298 img\/s {2}ETA 1:02:03 {2}\d+ MB$/);
      expect(text.split("\n")).toHaveLength(2);
    }
  }
});

test("uses colours unless NO_COLOR is set", () => {
  const draw = () => written((output) => barReporter(output).event(epoch));
  const before = process.env.NO_COLOR;
  try {
    process.env.NO_COLOR = "1";
    expect(draw()).not.toContain("\u001b[32m");
    delete process.env.NO_COLOR;
    expect(draw()).toContain("\u001b[32mbest\u001b[0m");
  } finally {
    if (before === undefined) delete process.env.NO_COLOR;
    else process.env.NO_COLOR = before;
  }
});
