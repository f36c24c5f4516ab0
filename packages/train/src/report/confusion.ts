// The confusion matrix as a picture, and the pairs of classes that are mixed up most.

import type { ConfusionMatrix } from "../metrics.ts";
import { type Html, html, table } from "./html.ts";

/** More classes than this make a picture nobody can read; the pairs and the table by class remain. */
const mostDrawn = 60;
/** Up to here the cells hold their counts and the rows their names. */
const mostLabelled = 20;

export function confusionSection(matrix: ConfusionMatrix, classes: readonly string[]): Html {
  const drawn = matrix.classes <= mostDrawn ? picture(matrix, classes) : undefined;
  return html`<div class="beside">${drawn}${pairs(matrix, classes)}</div>`;
}

function picture(matrix: ConfusionMatrix, classes: readonly string[]): Html {
  const count = matrix.classes;
  const labelled = count <= mostLabelled;
  const cell = labelled ? 34 : Math.max(8, Math.floor(620 / count));
  const left = labelled ? 30 + 7 * Math.min(18, Math.max(...classes.map((name) => name.length))) : 24;
  const top = 24;
  const width = left + count * cell + 8;
  const height = top + count * cell + (labelled ? 22 : 8);
  const cells: Html[] = [];
  matrix.perClass().forEach(({ support }, row) => {
    for (let column = 0; column < count; column++) {
      const found = matrix.at(row, column);
      const share = support === 0 ? 0 : found / support;
      const [x, y] = [left + column * cell, top + row * cell];
      const title = `${classes[row]} taken for ${classes[column]}: ${found} of ${support}`;
      const kind = row === column ? "right" : "wrong";
      cells.push(
        html`<rect class="${kind}" x="${x}" y="${y}" width="${cell - 1}" height="${cell - 1}" fill-opacity="${tone(share)}"><title>${title}</title></rect>
`,
      );
      if (labelled && found > 0)
        cells.push(
          html`<text class="${share > 0.5 ? "on" : "off"}" x="${x + cell / 2}" y="${y + cell / 2 + 4}" text-anchor="middle">${short(found)}</text>
`,
        );
    }
  });
  const names = labelled
    ? classes.map(
        (
          name,
          i,
        ) => html`<text x="${left - 6}" y="${top + i * cell + cell / 2 + 4}" text-anchor="end">${cut(name === String(i) ? name : `${name} ${i}`)}</text>
<text x="${left + i * cell + cell / 2}" y="${top + count * cell + 16}" text-anchor="middle">${i}<title>${name}</title></text>
`,
      )
    : [];
  return html`<figure class="matrix"><figcaption>Confusion matrix<span class="legend">rows: true class, columns: predicted class</span></figcaption>
<svg viewBox="0 0 ${width} ${height}" style="width:${width}px" role="img" aria-label="confusion matrix">
${cells}${names}</svg></figure>
`;
}

/** Small shares must still be seen. */
function tone(share: number): string {
  return share === 0 ? "0.05" : (0.12 + 0.88 * share).toFixed(2);
}

function short(count: number): string {
  return count < 10_000 ? String(count) : `${Math.round(count / 1000)}k`;
}

function cut(name: string): string {
  return name.length <= 19 ? name : `${name.slice(0, 15)}…${name.slice(name.lastIndexOf(" "))}`;
}

function pairs(matrix: ConfusionMatrix, classes: readonly string[]): Html | undefined {
  const found: { row: number; column: number; count: number }[] = [];
  for (let row = 0; row < matrix.classes; row++)
    for (let column = 0; column < matrix.classes; column++) {
      const count = matrix.at(row, column);
      if (row !== column && count > 0) found.push({ row, column, count });
    }
  if (found.length === 0) return undefined;
  found.sort((a, b) => b.count - a.count || a.row - b.row || a.column - b.column);
  const supports = matrix.perClass().map(({ support }) => support);
  const rows = found.slice(0, 10).map(({ row, column, count }) => {
    const share = `${((100 * count) / supports[row]!).toFixed(1)} %`;
    return [classes[row]!, classes[column]!, count, share];
  });
  return html`<div><h3>Most often mixed up</h3>${table(["true", "predicted", "#images", "#of the class"], rows)}</div>`;
}
