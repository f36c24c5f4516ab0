// What `vitrine data stats` says, as text and as a page.

import { type DataStats, sizeBins } from "@vitrine/data";
import { type Bar, barChart, html, page, table } from "@vitrine/train";
import { count, textBars } from "../text.ts";

const decimals = (values: readonly number[]) => values.map((value) => value.toFixed(4)).join(" ");

/** Images by shorter edge: `128 … 255`. */
function sizeBars(stats: DataStats): Bar[] {
  return sizeBins(stats.sizes).map(({ from, to, count }) => ({ name: `${from} … ${to}`, value: count }));
}

function classBars(stats: DataStats): Bar[] {
  return stats.classes.map(({ name, count }) => ({ name, value: count }));
}

function facts(name: string, stats: DataStats): [string, string][] {
  const [first, ...others] = stats.sizes;
  const more = others.length > 0 ? ` and ${others.length} other sizes` : "";
  const rows: [string, string][] = [
    ["data", name],
    ["images", count(stats.count)],
    ["--mean", decimals(stats.mean)],
    ["--std", decimals(stats.std)],
    ["mean of images", decimals(stats.imageMean)],
    ["std of images", decimals(stats.imageStd)],
  ];
  if (first !== undefined)
    rows.push(["sizes", `${first.width} x ${first.height} (${count(first.count)} images)${more}`]);
  return rows;
}

export function statsText(name: string, stats: DataStats): string[] {
  return [
    ...facts(name, stats).map(([key, value]) => `${key.padEnd(14)} ${value}`),
    "",
    "images by class",
    ...textBars(classBars(stats)),
    "",
    "images by shorter edge, in pixels",
    ...textBars(sizeBars(stats)),
  ];
}

export function statsPage(name: string, stats: DataStats): string {
  const format = (value: number) => count(Math.round(value));
  const classes = barChart({ title: "Classes", legend: "images", bars: classBars(stats), format });
  const sizes = barChart({
    title: "Sizes",
    legend: "images by shorter edge, in pixels",
    bars: sizeBars(stats),
    format,
  });
  const shown = stats.sizes.slice(0, 20).map((size) => [`${size.width} x ${size.height}`, format(size.count)]);
  const more = stats.sizes.length - shown.length;
  const bad = stats.bad.map(({ path, reason }) => [path, reason]);
  const body = html`<div class="facts"><div><b>${count(stats.count)}</b><span>images</span></div><div><b>${stats.classes.length}</b><span>classes</span></div><div><b>${stats.sizes.length}</b><span>sizes</span></div><div><b>${stats.bad.length}</b><span>unreadable</span></div></div>
<h2>Numbers</h2>${table(["", "value"], facts(name, stats))}
<h2>Histograms</h2><div class="charts">${classes}${sizes}</div>
<div class="beside"><div><h2>Sizes</h2>${table(["width x height", "#images"], shown)}${more > 0 ? html`<p>and ${more} more</p>` : undefined}</div>
${bad.length > 0 ? html`<div><h2>Unreadable</h2>${table(["image", "reason"], bad)}</div>` : undefined}</div>`;
  return page(`${name}: statistics`, name, body);
}
