import { describe, expect, test } from "vitest";
import { hashString, philox, Rng } from "./rng.ts";

describe("Rng", () => {
  test("gives the same numbers for the same key, others for another", () => {
    const draw = (...key: (string | number)[]) => {
      const rng = Rng.of(...key);
      return [rng.uint32(), rng.uint32(), rng.uint32(), rng.uint32(), rng.uint32()];
    };
    expect(draw(1, 2, "crop")).toEqual(draw(1, 2, "crop"));
    expect(draw(1, 2, "crop")).not.toEqual(draw(1, 2, "flip"));
    expect(draw(1, 2)).not.toEqual(draw(2, 1));
    expect(draw(1)).not.toEqual(draw("1"));
  });

  test("a fold depends on the key, not on what was drawn", () => {
    const a = Rng.of(7);
    const before = a.fold("x").uint32();
    a.uint32();
    expect(a.fold("x").uint32()).toBe(before);
  });

  test("is uniform, normal and beta distributed as it says", () => {
    const rng = Rng.of(3);
    const n = 40_000;
    const moments = (draw: () => number) => {
      const xs = Array.from({ length: n }, draw);
      const mean = xs.reduce((s, x) => s + x, 0) / n;
      return [mean, xs.reduce((s, x) => s + (x - mean) ** 2, 0) / n] as const;
    };
    const [um, uv] = moments(() => rng.uniform());
    expect(um).toBeCloseTo(0.5, 2);
    expect(uv).toBeCloseTo(1 / 12, 2);
    const [nm, nv] = moments(() => rng.normal());
    expect(Math.abs(nm)).toBeLessThan(0.02);
    expect(Math.abs(nv - 1)).toBeLessThan(0.03);
    const [bm, bv] = moments(() => rng.beta(0.2, 0.6)); // mean a/(a+b), variance ab/((a+b)²(a+b+1))
    expect(bm).toBeCloseTo(0.25, 2);
    expect(bv).toBeCloseTo((0.2 * 0.6) / (0.64 * 1.8), 2);
  });

  test("permutes without loss and draws integers in range", () => {
    const order = Rng.of("order").permutation(1000);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    const rng = Rng.of(9);
    const counts = new Array(3).fill(0);
    for (let i = 0; i < 30_000; i++) counts[rng.int(3)]++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);
  });
});

test("hashString is FNV-1a", () => {
  expect(hashString("")).toBe(0x811c9dc5);
  expect(hashString("a")).toBe(0xe40c292c);
});

test("philox gives the known answers of its authors", () => {
  const answer = (key: [number, number], counter: [number, number, number, number]) => {
    const out = new Uint32Array(4);
    philox(out, ...key, ...counter);
    return [...out].map((word) => word.toString(16).padStart(8, "0")).join(" ");
  };
  expect(answer([0, 0], [0, 0, 0, 0])).toBe("6627e8d5 e169c58d bc57ac4c 9b00dbd8");
  expect(answer([-1, -1], [-1, -1, -1, -1])).toBe("408f276d 41c83b0e a20bc7c6 6d5451fd");
});
