// Numbers: timm 1.0.31, resize_rel_pos_bias_table of tables that hold sin(0), sin(1), sin(2) and so on.

import { describe, expect, test } from "vitest";
import { adaptBiasTable } from "./adapt-bias.ts";
import type { Grid } from "./layers/position.ts";
import type { State } from "./state.ts";

function adapt(shape: number[], to: Grid, from?: Grid) {
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i));
  const state: State = new Map([["table", { shape, data }]]);
  const notes: string[] = [];
  adaptBiasTable("table", to, state, notes, from);
  return { ...state.get("table")!, notes };
}

describe("adaptBiasTable", () => {
  test("resamples a flat table", () => {
    const { shape, data, notes } = adapt([9, 2], [3, 3]);
    expect(shape).toEqual([25, 2]);
    const first = [0, 0.841471, 0, 0.841471, 0.909297, 0.14112, -0.756802, -0.958924];
    first.forEach((value, i) => {
      expect(data[i]).toBeCloseTo(value, 5);
    });
    expect(Array.from(data).reduce((sum, value) => sum + value, 0)).toBeCloseTo(-4.508629, 4);
    expect(notes).toEqual(["table: offsets of 2x2 windows resampled to 3x3"]);
  });

  test("resamples a table by heads, each axis by itself", () => {
    const { shape, data } = adapt([2, 5, 5], [2, 5]);
    expect(shape).toEqual([2, 3, 9]);
    const middle = [-0.54402113, -0.54402113, -0.6960106, -0.9999902, -0.53657293, 0.42016703, 0.80046088, 0.99060738];
    middle.forEach((value, i) => {
      expect(data[9 + i]).toBeCloseTo(value, 5);
    });
    expect(data.at(-1)).toBeCloseTo(0.01770193, 5);
  });

  test("leaves a table that fits alone, also where its length is that of a square", () => {
    for (const found of [adapt([9, 1], [1, 5]), adapt([2, 3, 5], [2, 3])]) expect(found.notes).toEqual([]);
  });

  test("goes by the window it is told", () => {
    expect(adapt([9, 1], [1, 5], [2, 2]).notes).toEqual(["table: offsets of 2x2 windows resampled to 1x5"]);
    expect(adapt([15, 1], [3, 3], [2, 3]).shape).toEqual([25, 1]);
  });

  test("leaves a table whose window nothing tells to the comparison of shapes", () => {
    expect(adapt([15, 1], [3, 3]).shape).toEqual([15, 1]);
  });
});
