// Bar charts as inline SVG: lying bars with names where there are few, standing ones without where there are many.

import { niceTicks } from "./chart.ts";
import { type Html, html } from "./html.ts";

export interface Bar {
  name: string;
  value: number;
}

export interface BarChartOptions {
  title: string;
  bars: readonly Bar[];
  /** What a bar's length means, beside the title. */
  legend: string;
  /** How a value is written. */
  format: (value: number) => string;
}

/** Up to here bars have names. */
const mostNamed = 40;
const width = 460;

/** Nothing where there are no bars. */
export function barChart(options: BarChartOptions): Html {
  if (options.bars.length === 0) return html``;
  const { title, legend, bars } = options;
  const [height, drawn] = bars.length <= mostNamed ? lying(options) : standing(options);
  return html`<figure><figcaption>${title}<span class="legend">${legend}</span></figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">
${drawn}</svg></figure>
`;
}

function lying({ bars, format }: BarChartOptions): [height: number, drawn: Html[]] {
  const [row, left, right] = [22, 16 + 7 * Math.min(20, Math.max(...bars.map(({ name }) => name.length))), 64];
  const most = Math.max(1e-9, ...bars.map(({ value }) => value));
  const drawn = bars.map(({ name, value }, i) => {
    const [y, length] = [i * row, (value / most) * (width - left - right)];
    return html`<text x="${left - 8}" y="${y + 15}" text-anchor="end">${cut(name)}<title>${name}</title></text>
<rect class="bar" x="${left}" y="${y + 3}" width="${px(length)}" height="${row - 6}" rx="2"><title>${name}: ${format(value)}</title></rect>
<text x="${px(left + length + 6)}" y="${y + 15}">${format(value)}</text>
`;
  });
  return [bars.length * row, drawn];
}

function standing({ bars, format }: BarChartOptions): [height: number, drawn: Html[]] {
  const [left, right, top, bottom] = [58, 8, 12, 220];
  const ticks = niceTicks(0, Math.max(1e-9, ...bars.map(({ value }) => value)));
  const y = (value: number) => bottom - (value / ticks.at(-1)!) * (bottom - top);
  const step = (width - left - right) / bars.length;
  const grid = ticks.map(
    (v) => html`<line class="grid" x1="${left}" x2="${width - right}" y1="${px(y(v))}" y2="${px(y(v))}"/>
<text x="${left - 8}" y="${px(y(v) + 4)}" text-anchor="end">${format(v)}</text>
`,
  );
  const gap = Math.min(1, step / 4);
  const columns = bars.map(
    ({ name, value }, i) =>
      html`<rect class="bar" x="${px(left + i * step)}" y="${px(y(value))}" width="${px(step - gap)}" height="${px(bottom - y(value))}"><title>${name}: ${format(value)}</title></rect>
`,
  );
  return [bottom + 8, [...grid, ...columns]];
}

function cut(name: string): string {
  return name.length <= 20 ? name : `${name.slice(0, 19)}…`;
}

function px(value: number): string {
  return String(Math.round(value * 100) / 100);
}
