// Line charts as inline SVG. Colours come from the page's style, so a chart follows the light and the dark form.

import { type Html, html } from "./html.ts";

export interface Series {
  name: string;
  /** Undefined where an epoch has no value. */
  values: readonly (number | undefined)[];
  /** Position among the page's colours, from 1. */
  color: 1 | 2 | 3;
}

export interface ChartOptions {
  title: string;
  series: readonly Series[];
  /** How a value is written. */
  format: (value: number) => string;
  /** An epoch to mark, by its index. */
  mark?: number;
}

const [width, height] = [460, 250];
const margin = { left: 58, right: 14, top: 12, bottom: 30 };

/** A chart over epochs (counted from 1), with a legend and the values in tooltips. */
export function lineChart({ title, series, format, mark }: ChartOptions): Html {
  const shown = series.filter(({ values }) => values.some(finite));
  if (shown.length === 0) return html``;
  const all = shown.flatMap(({ values }) => values.filter(finite));
  const ticks = niceTicks(Math.min(...all), Math.max(...all));
  const [low, high] = [ticks[0]!, ticks.at(-1)!];
  const count = Math.max(...shown.map(({ values }) => values.length));
  const x = (i: number) => margin.left + (count === 1 ? 0.5 : i / (count - 1)) * (width - margin.left - margin.right);
  const y = (v: number) => margin.top + (1 - (v - low) / (high - low)) * (height - margin.top - margin.bottom);
  const bottom = height - margin.bottom;

  const grid = ticks.map(
    (v) => html`<line class="grid" x1="${margin.left}" x2="${width - margin.right}" y1="${px(y(v))}" y2="${px(y(v))}"/>
<text x="${margin.left - 8}" y="${px(y(v) + 4)}" text-anchor="end">${format(v)}</text>
`,
  );
  const epochs = epochTicks(count).map(
    (i) => html`<text x="${px(x(i))}" y="${bottom + 20}" text-anchor="middle">${i + 1}</text>
`,
  );
  const best =
    mark === undefined
      ? undefined
      : html`<line class="mark" x1="${px(x(mark))}" x2="${px(x(mark))}" y1="${margin.top}" y2="${bottom}"><title>best epoch: ${mark + 1}</title></line>`;
  const lines = shown.map(({ name, values, color }) => {
    const points = values.flatMap((v, i) => (finite(v) ? [{ i, v }] : []));
    const path = points.map(({ i, v }) => `${px(x(i))},${px(y(v))}`).join(" ");
    const dots = points.map(
      ({ i, v }) =>
        html`<circle class="dot c${color}" cx="${px(x(i))}" cy="${px(y(v))}" r="${points.length > 40 ? 2 : 3}"><title>${name}, epoch ${i + 1}: ${format(v)}</title></circle>
`,
    );
    return html`<polyline class="line c${color}" points="${path}"/>
${dots}`;
  });
  const legend = shown.map(({ name, color }) => html`<span><i class="c${color}"></i>${name}</span>`);
  return html`<figure><figcaption>${title}<span class="legend">${legend}</span></figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${title} by epoch">
${grid}${epochs}${best}${lines}</svg></figure>
`;
}

function finite(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value);
}

function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** Round numbers from below `low` to above `high`. */
export function niceTicks(low: number, high: number, wanted = 5): number[] {
  const range = high > low ? high - low : Math.abs(high) || 1;
  const rough = range / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const unit = [1, 2, 2.5, 5, 10].map((f) => f * power).find((step) => step >= rough)!;
  const first = Math.floor(low / unit + 1e-9);
  const last = Math.max(first + 1, Math.ceil(high / unit - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * unit);
}

/** Which epochs to write under the axis: at most about eight, the first and the last among them. */
function epochTicks(count: number): number[] {
  const every = Math.max(1, Math.ceil((count - 1) / 7));
  const ticks = Array.from({ length: count }, (_, i) => i).filter((i) => i % every === 0);
  if (ticks.at(-1) !== count - 1) {
    if (count - 1 - ticks.at(-1)! < every / 2) ticks.pop();
    ticks.push(count - 1);
  }
  return ticks;
}
