import "@tensorflow/tfjs-backend-cpu";
import { expect, test } from "vitest";
import { inference, trainingMode } from "../mode.ts";
import { tf } from "../tf.ts";
import {
  checkRotaryJitter,
  type RotaryLayout,
  type RotaryPlaces,
  rotaryAngles,
  rotaryTable,
  rotate,
} from "./rotary.ts";

const places: RotaryPlaces = { temperature: 100, offset: 0, indexing: "ij", normalize: "separate" };

/** Angle of the lowest frequency over 2π: the coordinates themselves, by cell. */
function coordinates(rows: number, columns: number, options: Partial<RotaryPlaces> = {}): number[][] {
  const angles = rotaryAngles([rows, columns], 4, { ...places, ...options }, inference).arraySync();
  return angles.map((row) => row.map((angle) => angle / (2 * Math.PI)));
}

function expectRows(found: number[][], expected: number[][]): void {
  expect(found).toHaveLength(expected.length);
  expected.flat().forEach((value, i) => {
    expect(found.flat()[i], `element ${i}`).toBeCloseTo(value, 5);
  });
}

test("places cells from -1 to 1, each axis by its own size", () => {
  const middle = [-0.75, -0.25, 0.25, 0.75];
  const expected = [-0.5, 0.5].flatMap((row) => middle.map((column) => [row, column]));
  expectRows(coordinates(2, 4), expected);
  expectRows(coordinates(2, 4, { indexing: "xy" }), expected.map(([row, column]) => [column!, row!])); // biome-ignore format: one line
});

test("places cells by the longer or the shorter axis", () => {
  expectRows(coordinates(1, 2, { normalize: "max" }), [[-0.5, -0.5], [-0.5, 0.5]]); // biome-ignore format: one line
  expectRows(coordinates(1, 2, { normalize: "min" }), [[0, 0], [0, 2]]); // biome-ignore format: one line
  expectRows(coordinates(1, 2, { offset: 0.5 }), [[1, 0], [1, 1]]); // biome-ignore format: one line
});

test("has periods from 1 towards the temperature", () => {
  const [first] = rotaryAngles([1, 2], 8, places, inference).arraySync();
  expectRows([first!.slice(2)], [[-0.5 * 2 * Math.PI, (-0.5 * 2 * Math.PI) / 10]]);
});

test.each<[RotaryLayout, number[]]>([
  ["half", [-3, -4, 1, 2]],
  ["interleaved", [-2, 1, -4, 3]],
])("turns pairs by a quarter: %s", (layout, expected) => {
  const quarter = rotaryTable(tf.fill<tf.Rank.R2>([1, 2], Math.PI / 2), layout);
  expectRows([Array.from(rotate(tf.tensor2d([[1, 2, 3, 4]]), quarter).dataSync())], [expected]);
});

test.each<RotaryLayout>(["half", "interleaved"])("makes products depend on distance alone: %s", (layout) => {
  const at = (place: number) => rotaryTable(tf.tensor2d([[place, 0.3 * place]]), layout);
  const product = (q: number, k: number) => {
    const query = rotate(tf.tensor2d([[1, -2, 0.5, 3]]), at(q));
    return tf.sum(tf.mul(query, rotate(tf.tensor2d([[2, 1, -1, 0.25]]), at(k)))).dataSync()[0]!;
  };
  expect(product(0.5, 2)).toBeCloseTo(product(1.5, 3), 5);
  expect(product(0.5, 2)).not.toBeCloseTo(product(0.5, 3), 2);
});

test("leaves tokens before the grid alone", () => {
  const x = tf.randomNormal<tf.Rank.R3>([2, 5, 4]);
  const turned = rotate(x, rotaryTable(rotaryAngles([1, 3], 4, places, inference), "half", 2));
  const first = (t: tf.Tensor3D) => Array.from(tf.slice(t, [0, 0, 0], [-1, 2, -1]).dataSync());
  expect(first(turned)).toEqual(first(x));
  expect(turned.dataSync()).not.toEqual(x.dataSync());
});

test("moves the grid in training, by the key, within its bounds", () => {
  const jitter = { shift: 0.5, jitter: 2, rescale: 2 };
  const still = coordinates(2, 2);
  const seen = new Set<number>();
  for (let step = 0; step < 20; step++) {
    const mode = trainingMode(tf.tensor1d([7, step], "int32"));
    const found = rotaryAngles([2, 2], 4, places, mode, jitter).arraySync();
    const again = rotaryAngles([2, 2], 4, places, mode, jitter).arraySync();
    expect(again).toEqual(found);
    const [top, bottom] = [found[0]![0]! / (2 * Math.PI), found[2]![0]! / (2 * Math.PI)];
    // Two cells are 1 apart; a shift moves both, the factors change what lies between them.
    expect(bottom - top).toBeGreaterThan(0.25);
    expect(bottom - top).toBeLessThan(4);
    seen.add(bottom - top);
    expect(Math.abs((top + bottom) / (bottom - top))).toBeLessThanOrEqual(2 * 0.5 + 1e-5);
  }
  expect(seen.size).toBe(20);
  for (const mode of [inference, trainingMode()])
    expectRows(
      rotaryAngles([2, 2], 4, places, mode, jitter).arraySync().map((row) => row.map((a) => a / (2 * Math.PI))), // biome-ignore format: one line
      still,
    );
});

test("refuses jitter out of range and heads that axes cannot share", () => {
  expect(() => checkRotaryJitter({ shift: -1, jitter: null, rescale: null })).toThrow("shift must be 0 or more");
  expect(() => checkRotaryJitter({ shift: null, jitter: 0.5, rescale: null })).toThrow("jitter must be 1 or more");
  expect(() => checkRotaryJitter({ shift: null, jitter: null, rescale: Number.NaN })).toThrow("rescale must be 1");
  expect(() => rotaryAngles([2, 2], 6, places, inference)).toThrow("multiple of 4");
});
