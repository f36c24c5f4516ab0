import { describe, expect, test } from "vitest";
import { constant, fanInUniform, type Initializer, normal, ones, truncNormal, uniform, zeros } from "./init.ts";
import { Rng } from "./rng.ts";

const draw = (init: Initializer, n = 20_000) => [...init([n / 10, 10], Rng.of(1))];

function moments(values: number[]) {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return { mean, std: Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length) };
}

describe("init", () => {
  test("fills with a constant", () => {
    expect([zeros, ones, constant(3)].map((init) => draw(init, 20).every((x, _, [first]) => x === first))).toEqual([
      true,
      true,
      true,
    ]);
    expect([zeros, ones, constant(3)].map((init) => draw(init, 20)[0])).toEqual([0, 1, 3]);
  });

  test("draws normal values", () => {
    const { mean, std } = moments(draw(normal(0.5)));
    expect(Math.abs(mean)).toBeLessThan(0.015);
    expect(std).toBeCloseTo(0.5, 1);
  });

  test("cuts a wide normal off at ±2, and leaves a narrow one alone", () => {
    const wide = draw(truncNormal(3));
    expect(Math.max(...wide.map(Math.abs))).toBeLessThanOrEqual(2);
    expect(Math.max(...wide)).toBeGreaterThan(1.9);
    expect(draw(truncNormal(0.02))).toEqual(draw(normal(0.02)));
  });

  test("draws uniform values up to the bound, for a layer 1/√fanIn", () => {
    const values = draw(uniform(0.25));
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(0.25);
    expect(moments(values).std).toBeCloseTo(0.25 / Math.sqrt(3), 2);
    expect(draw(fanInUniform(16))).toEqual(values);
  });
});
