// `report.html`: how a run went, in one file that needs nothing else: no scripts, no fonts, no network.

import type { Evaluation } from "../evaluate.ts";
import { clock, exponential, general, grouped } from "../progress/format.ts";
import type { Best, EpochRecord } from "../records.ts";
import { lineChart } from "./chart.ts";
import { confusionSection } from "./confusion.ts";
import { type Html, html, table } from "./html.ts";
import { page } from "./page.ts";

export interface ReportData {
  model: string;
  classes: readonly string[];
  history: readonly EpochRecord[];
  best: Best | undefined;
  /** The last validation, where there was one. */
  evaluation: Evaluation | undefined;
  /** What the run was asked, as in `args.yaml`. */
  recipe: Readonly<Record<string, unknown>>;
}

/** The report as a whole page. Class names and options may hold anything. */
export function renderReport(data: ReportData): string {
  const { model, history, evaluation } = data;
  const done = history.length === 0 ? "No epoch is finished yet." : undefined;
  const body = html`<p>${done ?? `${history.length} epochs, ${clock(totalSeconds(history))}`}</p>
${facts(data)}
${curves(data)}
${evaluation && validation(evaluation, data.classes)}
${history.length > 0 ? html`<h2>Epochs</h2>${epochTable(history)}` : undefined}
<h2>Recipe</h2>
${table(["option", "value"], flatten(data.recipe))}`;
  return page(`${model}: training report`, model, body);
}

function totalSeconds(history: readonly EpochRecord[]): number {
  return history.reduce((sum, record) => sum + record.seconds, 0);
}

function facts({ history, best, classes }: ReportData): Html | undefined {
  const last = history.at(-1);
  if (last === undefined) return undefined;
  const found = best && history.find((record) => record.epoch === best.epoch);
  const percent = (value: number) => `${value.toFixed(2)} %`;
  const rows: [string, string][] = [];
  if (best !== undefined && found?.eval !== undefined) {
    rows.push([percent(found.eval.top1), `top-1, best (epoch ${best.epoch + 1})`]);
    if (classes.length > 5) rows.push([percent(found.eval.top5), "top-5"]);
    rows.push([general(found.eval.loss, 4), "validation loss"]);
  }
  rows.push([general(last.trainLoss, 4), "training loss, last"]);
  rows.push([`${general(last.imagesPerSecond, 4)}/s`.replace("./s", "/s"), "images, last epoch"]);
  const skipped = history.reduce((sum, record) => sum + record.skipped, 0);
  if (skipped > 0) rows.push([String(skipped), "steps skipped, not finite"]);
  return html`<div class="facts">${rows.map(([value, name]) => html`<div><b>${value}</b><span>${name}</span></div>`)}</div>`;
}

function curves({ history, best }: ReportData): Html | undefined {
  if (history.length === 0) return undefined;
  const averaged = history.some((record) => record.raw !== undefined);
  const measured = averaged ? "validation, average" : "validation";
  const mark = best === undefined ? {} : { mark: history.findIndex((record) => record.epoch === best.epoch) };
  const charts = [
    lineChart({
      title: "Loss",
      format: (v) => general(v, 3).replace(/\.$/, ""),
      series: [
        { name: "training", values: history.map((r) => r.trainLoss), color: 1 },
        { name: measured, values: history.map((r) => r.eval?.loss), color: 2 },
        { name: "validation", values: history.map((r) => r.raw?.loss), color: 3 },
      ],
      ...mark,
    }),
    lineChart({
      title: "Top-1 accuracy",
      format: (v) => `${Number(v.toFixed(2))} %`,
      series: [
        { name: "training", values: history.map((r) => r.trainTop1), color: 1 },
        { name: measured, values: history.map((r) => r.eval?.top1), color: 2 },
        { name: "validation", values: history.map((r) => r.raw?.top1), color: 3 },
      ],
      ...mark,
    }),
    lineChart({
      title: "Learning rate",
      format: (v) => (v === 0 ? "0" : exponential(v, 1)),
      series: [{ name: "at the epoch's end", values: history.map((r) => r.learningRate), color: 1 }],
    }),
    lineChart({
      title: "Gradient norm",
      format: (v) => general(v, 3).replace(/\.$/, ""),
      series: [{ name: "mean, before clipping", values: history.map((r) => r.gradNorm), color: 1 }],
    }),
  ];
  return html`<h2>Curves</h2><div class="charts">${charts}</div>`;
}

function validation(evaluation: Evaluation, classes: readonly string[]): Html {
  const { confusion, samples, top1, top5, loss, worst } = evaluation;
  const digits = (value: number) => value.toFixed(4);
  const rows = confusion
    .perClass()
    .map((m, i) => [classes[i]!, digits(m.precision), digits(m.recall), digits(m.f1), m.support]);
  const means = (["macro", "weighted"] as const).map((kind) => {
    const m = confusion.average(kind);
    return [`mean, ${kind}`, digits(m.precision), digits(m.recall), digits(m.f1), m.support];
  });
  const mistakes = worst.map((m) => [
    m.name,
    classes[m.label]!,
    classes[m.predicted]!,
    `${(100 * m.confidence).toFixed(1)} %`,
    general(m.loss),
  ]);
  return html`<h2>Validation, last</h2>
<p>${grouped(samples)} images: top-1 ${top1.toFixed(2)} %, top-5 ${top5.toFixed(2)} %, loss ${general(loss, 4)}</p>
${confusionSection(confusion, classes)}
<div class="beside"><div><h3>By class</h3>${table(["class", "#precision", "#recall", "#F1", "#images"], [...rows, ...means])}</div>
${mistakes.length > 0 ? html`<div><h3>Worst mistakes</h3>${table(["image", "true", "predicted", "#confidence", "#loss"], mistakes)}</div>` : undefined}</div>`;
}

function epochTable(history: readonly EpochRecord[]): Html {
  const rows = history.map((r) => [
    r.epoch + 1,
    general(r.trainLoss, 4),
    r.eval ? general(r.eval.loss, 4) : "",
    r.eval ? r.eval.top1.toFixed(2) : "",
    r.eval ? r.eval.top5.toFixed(2) : "",
    exponential(r.learningRate, 2),
    clock(r.seconds),
  ]);
  const columns = ["#epoch", "#train loss", "#val loss", "#top-1 %", "#top-5 %", "#rate", "#time"];
  return html`<details${rows.length <= 30 ? { html: " open" } : undefined}><summary>${rows.length} epochs</summary>${table(columns, rows)}</details>`;
}

/** Options as rows, with the names of nested ones joined by dots. */
function flatten(value: Readonly<Record<string, unknown>>, prefix = ""): [string, string][] {
  return Object.entries(value).flatMap(([key, item]): [string, string][] => {
    if (item === undefined) return [];
    if (typeof item === "object" && item !== null && !Array.isArray(item))
      return flatten(item as Record<string, unknown>, `${prefix}${key}.`);
    return [[prefix + key, Array.isArray(item) ? item.join(", ") : String(item)]];
  });
}
