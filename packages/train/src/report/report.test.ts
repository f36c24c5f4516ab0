import { describe, expect, test } from "vitest";
import { summaryCsv } from "../csv.ts";
import { ConfusionMatrix } from "../metrics.ts";
import type { EpochRecord } from "../records.ts";
import { barChart } from "./bars.ts";
import { niceTicks } from "./chart.ts";
import { type ReportData, renderReport } from "./index.ts";

const history = Array.from(
  { length: 4 },
  (_, epoch): EpochRecord => ({
    epoch,
    trainLoss: 2 / (epoch + 1),
    eval: { loss: 2.5 / (epoch + 1), top1: 60 + 8 * epoch, top5: 99, samples: 40 },
    learningRate: 0.001 / (epoch + 1),
    gradNorm: 1.5,
    skipped: epoch === 2 ? 1 : 0,
    samples: 100,
    seconds: 30,
    imagesPerSecond: 250,
  }),
);

function data(more: Partial<ReportData> = {}): ReportData {
  const confusion = new ConfusionMatrix(3);
  confusion.add(0, 0, 20);
  confusion.add(1, 1, 9);
  confusion.add(1, 2, 4);
  confusion.add(2, 2, 7);
  return {
    model: "vit_tiny_patch16_224",
    classes: ["cat", "dog", '<img src=x onerror="alert(1)">'],
    history,
    best: { epoch: 3, metric: "top1", value: 84 },
    evaluation: {
      ...{ loss: 0.62, top1: 90, top5: 100, samples: 40, confusion },
      worst: [{ index: 17, name: "val/cat/17.jpg", label: 1, predicted: 2, confidence: 0.93, loss: 4.1 }],
    },
    recipe: { optimizer: { name: "adamw", betas: [0.9, 0.999] }, clipNorm: undefined, epochs: 4 },
    ...more,
  };
}

describe("the report", () => {
  const page = renderReport(data());

  test("needs nothing from outside and runs nothing", () => {
    expect(page).not.toMatch(/<script|<link|<iframe|@import|url\(|https?:|\ssrc="/);
    expect(page).not.toContain("<img");
    expect(page).toContain("&lt;img src=x onerror=&quot;alert(1)&quot;&gt;");
  });

  test("shows curves with every epoch's value", () => {
    for (const title of ["Loss", "Top-1 accuracy", "Learning rate", "Gradient norm"])
      expect(page).toContain(`aria-label="${title} by epoch"`);
    expect(page).toContain("<title>validation, epoch 4: 84 %</title>");
    expect(page.match(/<polyline/g)).toHaveLength(5);
  });

  test("says what was best, what was skipped, and how it was made", () => {
    expect(page).toContain("<b>84.00 %</b><span>top-1, best (epoch 4)</span>");
    expect(page).toContain("<b>1</b><span>steps skipped, not finite</span>");
    expect(page).toContain('<td class="text">optimizer.betas</td><td class="text">0.9, 0.999</td>');
    expect(page).not.toContain("clipNorm");
  });

  test("holds the confusion matrix, the classes' numbers and the worst mistakes", () => {
    expect(page).toContain("dog taken for &lt;img");
    expect(page).toContain(": 4 of 13</title>");
    expect(page).toMatch(/<td class="text">dog<\/td><td class="number">1\.0000<\/td><td class="number">0\.6923<\/td>/);
    expect(page).toContain('<td class="text">val/cat/17.jpg</td>');
  });

  test("is well formed", () => {
    const open: string[] = [];
    for (const [, close, name, rest] of page.matchAll(/<(\/?)([a-z0-9]+)([^>]*)>/g)) {
      if (name === "meta" || rest!.endsWith("/")) continue;
      if (close === "") open.push(name!);
      else expect(open.pop()).toBe(name);
    }
    expect(open).toEqual([]);
  });

  test("draws no picture of a thousand classes, and survives a run without numbers", () => {
    const classes = Array.from({ length: 1000 }, (_, i) => `class ${i}`);
    const confusion = new ConfusionMatrix(1000);
    confusion.add(3, 4, 2);
    const many = renderReport(data({ classes, evaluation: { ...data().evaluation!, confusion, worst: [] } }));
    expect(many).not.toContain('aria-label="confusion matrix"');
    expect(many).toContain("Most often mixed up");
    const empty = renderReport(data({ history: [], best: undefined, evaluation: undefined }));
    expect(empty).toContain("No epoch is finished yet.");
    const nan = history.map((record) => ({ ...record, trainLoss: NaN }));
    expect(renderReport(data({ history: nan }))).not.toContain("NaN,");
  });
});

test("puts round numbers on the axes", () => {
  expect(niceTicks(0, 100)).toEqual([0, 20, 40, 60, 80, 100]);
  expect(niceTicks(0.37, 2.2)).toEqual([0, 0.5, 1, 1.5, 2, 2.5]);
  const flat = niceTicks(3, 3);
  expect(flat[0]).toBeLessThanOrEqual(3);
  expect(flat.at(-1)).toBeGreaterThan(3);
});

test("writes a row an epoch in timm's columns, the unaveraged behind them", () => {
  const [first] = history as [EpochRecord];
  expect(summaryCsv([first])).toBe("epoch,train_loss,eval_loss,eval_top1,eval_top5,lr\n0,2,2.5,60,99,0.001\n");
  const { eval: measured, ...unmeasured } = first;
  const raw = { loss: 3, top1: 50, top5: 90, samples: 40 };
  expect(summaryCsv([unmeasured, { ...first, eval: measured!, raw }])).toBe(
    "epoch,train_loss,eval_loss,eval_top1,eval_top5,lr,raw_loss,raw_top1,raw_top5\n0,2,,,,0.001,,,\n0,2,2.5,60,99,0.001,3,50,90\n",
  );
});

describe("bars", () => {
  const bars = (count: number) => Array.from({ length: count }, (_, i) => ({ name: `<${i}>`, value: i }));
  const chart = (count: number) =>
    barChart({ title: "Classes", legend: "images", bars: bars(count), format: String }).html;

  test("have names where there are few, and stand side by side where there are many", () => {
    expect(chart(3)).toContain("&lt;2&gt;");
    expect(chart(3).match(/<rect class="bar"/g)).toHaveLength(3);
    const many = chart(1000);
    expect(many.match(/<rect class="bar"/g)).toHaveLength(1000);
    expect(many).toContain("<title>&lt;999&gt;: 999</title>");
    expect(many).not.toMatch(/NaN|Infinity/);
  });

  test("are drawn where all values are zero, and left out where there are none", () => {
    const zero = barChart({ title: "Classes", legend: "", bars: [{ name: "a", value: 0 }], format: String }).html;
    expect(zero).toContain('width="0"');
    expect(zero).not.toMatch(/NaN|Infinity/);
    expect(chart(0)).toBe("");
  });
});
