// Changes that make a checkpoint fit a model of another number of classes, channels or positions.

import { VitrineError } from "./errors.ts";
import { resampleGrid } from "./ops/resample.ts";
import { type ParamSpec, specLeaves } from "./params.ts";
import { fileShape, type HostTensor, type State, some } from "./state.ts";
import { tf } from "./tf.ts";

/** Swaps a layer that gives class scores for a new one where the number differs; `fresh` is empty where the model has none. */
export function replaceHead(layer: string, numClasses: number, fresh: State, state: State, notes: string[]): void {
  const found = state.get(`${layer}.weight`)?.shape[0] ?? 0;
  if (found === numClasses || (found === 0 && fresh.size === 0)) return;
  for (const key of [`${layer}.weight`, `${layer}.bias`]) state.delete(key);
  for (const [key, value] of fresh) state.set(key, value);
  const now = numClasses === 0 ? "left out" : `new, for ${numClasses} classes`;
  notes.push(`${layer}: ${now} (the checkpoint has ${found === 0 ? "none" : `${found} classes`})`);
}

/**
 * The first convolution for another number of input channels, as timm does it: the colours are summed for grey images;
 * otherwise they are repeated, and scaled to keep the size of the sum. Weight: [O, I, H, W].
 */
export function adaptInputConv(key: string, inChans: number, state: State, notes: string[]): void {
  const weight = state.get(key);
  if (weight === undefined || weight.shape.length !== 4 || weight.shape[1] === inChans) return;
  const [outputs, from, height, width] = weight.shape as [number, number, number, number];
  const area = height * width;
  const data = new Float32Array(outputs * inChans * area);
  for (let o = 0; o < outputs; o++)
    for (let c = 0; c < inChans; c++)
      for (let i = 0; i < area; i++) {
        let value = 0;
        if (inChans === 1) for (let f = 0; f < from; f++) value += weight.data[(o * from + f) * area + i]!;
        else value = (weight.data[(o * from + (c % from)) * area + i]! * from) / inChans;
        data[(o * inChans + c) * area + i] = value;
      }
  state.set(key, { shape: [outputs, inChans, height, width], data });
  notes.push(`${key}: made for ${inChans} channels from ${from}`);
}

/**
 * A position table for another grid: the first `prefix` entries (class token, registers) stay, the rest is resampled
 * bicubically with antialias, as timm's `resample_abs_pos_embed`. Table: [1, prefix + H·W, D].
 */
export function adaptPositions(
  key: string,
  from: { prefix: number; grid?: readonly [number, number] },
  to: { prefix: number; grid: readonly [number, number] },
  state: State,
  notes: string[],
): void {
  const table = state.get(key);
  if (table === undefined) return;
  const [, length, dim] = table.shape as [number, number, number];
  // A table of the right length is taken to be of the right grid where nobody says otherwise: 4x4 and 2x8 look the same.
  if (from.grid === undefined && length === to.prefix + to.grid[0] * to.grid[1]) return;
  const cells = length - from.prefix;
  const side = Math.round(Math.sqrt(cells));
  const grid = from.grid ?? ([side, side] as const);
  if (from.prefix === to.prefix && grid[0] === to.grid[0] && grid[1] === to.grid[1]) return;
  if (grid[0] * grid[1] !== cells) return; // left as it is: the comparison of shapes will name it
  state.set(key, resampleTable(table, from.prefix, grid, to, dim));
  notes.push(`${key}: ${grid.join("x")} positions resampled to ${to.grid.join("x")}`);
}

function resampleTable(
  table: HostTensor,
  prefix: number,
  grid: readonly [number, number],
  to: { prefix: number; grid: readonly [number, number] },
  dim: number,
): HostTensor {
  const resampled = tf.tidy(() => {
    const cells = tf.tensor2d(table.data.slice(prefix * dim) as Float32Array, [grid[0] * grid[1], dim]);
    return resampleGrid(cells, grid, to.grid);
  });
  const length = to.prefix + to.grid[0] * to.grid[1];
  const data = new Float32Array(length * dim);
  data.set(table.data.subarray(0, Math.min(prefix, to.prefix) * dim));
  data.set(resampled.dataSync<"float32">(), to.prefix * dim);
  resampled.dispose();
  return { shape: [1, length, dim], data };
}

/**
 * What of a checkpoint fits a model by name and shape, and new values for the rest. `where` names the checkpoint.
 * @throws VitrineError where nothing fits.
 */
export function takeWhatFits(
  spec: object,
  state: State,
  fresh: (path: string, leaf: ParamSpec) => HostTensor,
  where: string,
  notes: string[],
): State {
  const started: string[] = [];
  const taken = new Map(
    specLeaves(spec).map(([path, leaf]): [string, HostTensor] => {
      const found = state.get(path);
      if (found !== undefined && found.shape.join() === fileShape(leaf).join()) return [path, found];
      started.push(path);
      return [path, fresh(path, leaf)];
    }),
  );
  if (started.length === taken.size) {
    const keys = some([...state.keys()], 3);
    throw new VitrineError(where, `nothing of this checkpoint fits the model: its keys are ${keys}`);
  }
  if (started.length > 0) notes.push(`${started.length} of ${taken.size} start new: ${some(started)}`);
  const unused = [...state.keys()].filter((path) => !taken.has(path));
  if (unused.length > 0) notes.push(`${unused.length} of the checkpoint are not used: ${some(unused)}`);
  return taken;
}
