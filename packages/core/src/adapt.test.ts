import "@tensorflow/tfjs-backend-cpu";
import { describe, expect, test } from "vitest";
import { adaptInputConv, adaptPositions, replaceHead } from "./adapt.ts";
import type { HostTensor, State } from "./state.ts";

const tensor = (shape: number[], value: (i: number) => number): HostTensor => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => value(i)),
});

describe("replaceHead", () => {
  const state = (): State =>
    new Map([
      ["head.weight", tensor([3, 2], (i) => i)],
      ["head.bias", tensor([3], (i) => i)],
    ]);
  const fresh = (): State =>
    new Map([
      ["head.weight", tensor([5, 2], () => 9)],
      ["head.bias", tensor([5], () => 9)],
    ]);

  test("takes the new layer where the number of classes differs", () => {
    const [adapted, notes] = [state(), [] as string[]];
    replaceHead("head", 5, fresh(), adapted, notes);
    expect(adapted).toEqual(fresh());
    expect(notes).toEqual(["head: new, for 5 classes (the checkpoint has 3 classes)"]);
  });

  test("leaves a layer of the right number alone", () => {
    const [adapted, notes] = [state(), [] as string[]];
    replaceHead("head", 3, fresh(), adapted, notes);
    expect([adapted, notes]).toEqual([state(), []]);
  });

  test("takes a layer away, puts one in, and passes over one that neither has", () => {
    const [headless, notes] = [state(), [] as string[]];
    replaceHead("head", 0, new Map(), headless, notes);
    expect(headless.size).toBe(0);
    replaceHead("head", 5, fresh(), headless, notes);
    expect(headless).toEqual(fresh());
    replaceHead("head_dist", 5, new Map(), headless, notes);
    expect(notes).toEqual([
      "head: left out (the checkpoint has 3 classes)",
      "head: new, for 5 classes (the checkpoint has none)",
    ]);
  });
});

describe("adaptInputConv", () => {
  const state = (): State => new Map([["proj.weight", tensor([1, 3, 1, 2], (i) => i + 1)]]); // 1 2 | 3 4 | 5 6

  test("sums the colours for grey images, which then give what three equal colours gave", () => {
    const [adapted, notes] = [state(), [] as string[]];
    adaptInputConv("proj.weight", 1, adapted, notes);
    expect(adapted.get("proj.weight")).toEqual({ shape: [1, 1, 1, 2], data: Float32Array.of(9, 12) });
    expect(notes).toEqual(["proj.weight: made for 1 channels from 3"]);
  });

  test("repeats the colours for more channels, and keeps the size of the sum", () => {
    const adapted = state();
    adaptInputConv("proj.weight", 6, adapted, []);
    const { shape, data } = adapted.get("proj.weight")!;
    expect(shape).toEqual([1, 6, 1, 2]);
    expect([...data]).toEqual([0.5, 1, 1.5, 2, 2.5, 3, 0.5, 1, 1.5, 2, 2.5, 3]);
  });

  test("leaves the right number of channels, and a layer that is not there, alone", () => {
    const [adapted, notes] = [state(), [] as string[]];
    adaptInputConv("proj.weight", 3, adapted, notes);
    adaptInputConv("conv1.weight", 1, adapted, notes);
    expect([adapted, notes]).toEqual([state(), []]);
  });
});

describe("adaptPositions", () => {
  const table = (cells: number): State =>
    new Map([["pos_embed", tensor([1, 1 + cells, 2], (i) => (i < 2 ? 100 + i : 3))]]);

  test("resamples the grid and keeps the entries of tokens", () => {
    const [adapted, notes] = [table(16), [] as string[]];
    adaptPositions("pos_embed", { prefix: 1 }, { prefix: 1, grid: [6, 3] }, adapted, notes);
    const { shape, data } = adapted.get("pos_embed")!;
    expect(shape).toEqual([1, 19, 2]);
    expect([...data.subarray(0, 2)]).toEqual([100, 101]);
    for (const value of data.subarray(2)) expect(value).toBeCloseTo(3, 5);
    expect(notes).toEqual(["pos_embed: 4x4 positions resampled to 6x3"]);
  });

  test("takes a table of the right length for one of the right grid, unless told its grid", () => {
    const [adapted, notes] = [table(16), [] as string[]];
    adaptPositions("pos_embed", { prefix: 1 }, { prefix: 1, grid: [2, 8] }, adapted, notes);
    expect([adapted, notes]).toEqual([table(16), []]);
    adaptPositions("pos_embed", { prefix: 1, grid: [4, 4] }, { prefix: 1, grid: [2, 8] }, adapted, notes);
    expect(notes).toEqual(["pos_embed: 4x4 positions resampled to 2x8"]);
  });

  test("leaves a table that is not a grid for the comparison of shapes to name", () => {
    const [adapted, notes] = [table(15), [] as string[]];
    adaptPositions("pos_embed", { prefix: 1 }, { prefix: 1, grid: [4, 4] }, adapted, notes);
    adaptPositions("absent", { prefix: 1 }, { prefix: 1, grid: [4, 4] }, adapted, notes);
    expect([adapted, notes]).toEqual([table(15), []]);
  });
});
