// Tables of attention biases by offset, resampled for another window. Near offsets matter more than far ones, so the known
// points are taken to lie ever further apart (a geometric progression) on the way to the new window's edge, and values
// between them are interpolated linearly. timm's `resize_rel_pos_bias_table`, after BEiT, https://arxiv.org/abs/2106.08254.

import type { Grid } from "./layers/position.ts";
import type { HostTensor, State } from "./state.ts";

/**
 * A table for windows of `to` = [h, w]: [(2h-1)·(2w-1), heads], or [heads, 2h-1, 2w-1] as TensorFlow's MaxViT has it. A flat
 * table does not tell its window: it is `from`, or `to` where the length fits that, or else a square.
 */
export function adaptBiasTable(key: string, to: Grid, state: State, notes: string[], from?: Grid): void {
  const table = state.get(key);
  if (table === undefined) return;
  const flat = table.shape.length === 2;
  const wanted: Grid = [2 * to[0] - 1, 2 * to[1] - 1];
  const found = flat ? flatOffsets(table.shape[0]!, wanted, from) : ([table.shape[1]!, table.shape[2]!] as const);
  if (found === undefined || (found[0] === wanted[0] && found[1] === wanted[1])) return;
  const heads = flat ? table.shape[1]! : table.shape[0]!;
  const data = resample(table, found, wanted, { heads, flat });
  const shape = flat ? [wanted[0] * wanted[1], heads] : [heads, ...wanted];
  state.set(key, { shape, data });
  notes.push(`${key}: offsets of ${windowOf(found)} windows resampled to ${windowOf(wanted)}`);
}

const windowOf = (offsets: Grid) => offsets.map((side) => (side + 1) / 2).join("x");

/** Rows and columns of a flat table; undefined where nothing says. */
function flatOffsets(length: number, wanted: Grid, from: Grid | undefined): Grid | undefined {
  if (from !== undefined) return [2 * from[0] - 1, 2 * from[1] - 1];
  if (length === wanted[0] * wanted[1]) return wanted;
  const side = Math.round(Math.sqrt(length));
  return side * side === length ? [side, side] : undefined;
}

function resample(
  table: HostTensor,
  from: Grid,
  to: Grid,
  { heads, flat }: { heads: number; flat: boolean },
): Float32Array {
  const rows = neighbours(from[0], to[0]);
  const columns = neighbours(from[1], to[1]);
  const at = (size: Grid, head: number, y: number, x: number) =>
    flat ? (y * size[1] + x) * heads + head : (head * size[0] + y) * size[1] + x;
  const data = new Float32Array(to[0] * to[1] * heads);
  for (let head = 0; head < heads; head++)
    rows.forEach((row, y) => {
      columns.forEach((column, x) => {
        let value = 0;
        for (const [i, v] of row) for (const [j, w] of column) value += v * w * table.data[at(from, head, i, j)]!;
        data[at(to, head, y, x)] = value;
      });
    });
  return data;
}

type Weighted = readonly [index: number, weight: number];

/** For each of `to` offsets the points on its two sides among `from` known ones, with their weights. */
function neighbours(from: number, to: number): Weighted[][] {
  const points = progression(from, to);
  const last = points.length - 1;
  return Array.from({ length: to }, (_, i) => {
    const x = i - Math.floor(to / 2);
    const above = points.findIndex((point) => point >= x);
    const right = above === -1 ? last : above;
    const left = Math.max(0, right - 1);
    const toLeft = Math.max(0, x - points[left]!);
    const toRight = Math.max(0, points[right]! - x);
    const total = toLeft + toRight;
    return total === 0 ? [[right, 1]] : [[left, toRight / total] as const, [right, toLeft / total] as const];
  });
}

/** Where the known offsets lie: their distances grow by a factor such that the last reaches the new table's edge. */
function progression(from: number, to: number): number[] {
  const steps = Math.floor(from / 2);
  const reach = Math.floor(to / 2);
  let [low, high] = [1.01, 1.5];
  let factor = low;
  while (high - low > 1e-6) {
    factor = (low + high) / 2;
    if ((1 - factor ** steps) / (1 - factor) > reach) high = factor;
    else low = factor;
  }
  const distances: number[] = [];
  for (let i = 0, distance = 1; i < steps; i++) {
    distances.push(Math.fround(distance));
    distance += factor ** (i + 1);
  }
  return [...distances.map((distance) => -distance).reverse(), 0, ...distances];
}
