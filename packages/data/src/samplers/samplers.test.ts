import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Dataset } from "../datasets/dataset.ts";
import { shareLength, shareOf } from "./ranks.ts";
import { balancedSampler, orderedSampler, repeatedSampler, shuffledSampler, weightedSampler } from "./sampler.ts";
import { foldOf, stratifiedFolds, subsetOf, takePart } from "./subset.ts";

const counts = (order: Iterable<number>, length: number) => {
  const out = new Array<number>(length).fill(0);
  for (const i of order) out[i]!++;
  return out;
};
const labelled = (labels: readonly number[]): Dataset => ({
  name: "set",
  classes: ["a", "b", "c"],
  length: labels.length,
  label: (i) => labels[i]!,
  path: (i) => `${i}.jpg`,
  load: () => new Uint8Array(1),
  place: (i) => ({ file: "shard", offset: i, length: 1 }),
});

describe("orders", () => {
  test("are functions of seed and epoch", () => {
    const weights = [1, 2, 3, 4, 5, 6, 7, 8];
    for (const sampler of [
      shuffledSampler(8),
      repeatedSampler(8),
      weightedSampler(weights),
      weightedSampler(weights, { replacement: false }),
      balancedSampler([0, 0, 0, 1, 1, 2, 2, 2]),
    ]) {
      expect(sampler.order(1, 5)).toEqual(sampler.order(1, 5));
      const others = [2, 3, 4].map((epoch) => String(sampler.order(epoch, 5)));
      expect(new Set([...others, String(sampler.order(1, 5)), String(sampler.order(1, 6))]).size).toBeGreaterThan(3);
    }
  });

  test("repeat as timm's RepeatAugSampler does", () => {
    // length, repeats: draws of an epoch and whether they are cut to whole rounds
    expect(repeatedSampler(600).length).toBe(512);
    expect(repeatedSampler(600, { round: 0 }).length).toBe(600);
    expect(repeatedSampler(100).length).toBe(100);
    const order = repeatedSampler(300).order(0, 1);
    expect(order).toHaveLength(900);
    expect(counts(order, 300)).toEqual(new Array(300).fill(3));
    for (let i = 0; i < 900; i += 3) expect(new Set(order.subarray(i, i + 3)).size).toBe(1);
    // 2.5: positions floor(i / 2.5)
    const half = repeatedSampler(4, { repeats: 2.5 }).order(0, 1);
    expect([...half].map((value, i) => value === half[i - 1])).toEqual(
      [0, 0, 0, 1, 1, 2, 2, 2, 3, 3].map((row, i, all) => row === all[i - 1]),
    );
    expect(() => repeatedSampler(4, { repeats: 0.5 })).toThrow("repeats must be a number from 1 to 1000, found 0.5");
  });

  test("repeat on ranks as timm's RepeatAugSampler does: as many draws, and neighbours on different ranks", () => {
    for (const [length, worldSize, expected] of [
      [600, 3, 170], // floor(512 / 3)
      [100, 3, 34], // ceil(100 / 3)
    ] as const) {
      const sampler = repeatedSampler(length);
      const shares = Array.from({ length: worldSize }, (_, rank) =>
        shareOf(sampler, length, 2, 9, { rank, worldSize, uneven: sampler.uneven! }),
      );
      for (const { indices } of shares) expect(indices).toHaveLength(expected);
      expect(shares[1]!.indices).toEqual(shares[0]!.indices);
      expect(shares.map(({ repeats }) => repeats?.[0] ?? 0)).toEqual([0, 1, 2]);
    }
  });

  test("draw by weight", () => {
    const weights = [0, 1, 3, 6];
    const drawn = counts(weightedSampler(weights, { draws: 20_000 }).order(0, 1), 4);
    expect(drawn[0]).toBe(0);
    for (const [i, weight] of weights.entries()) expect(drawn[i]! / 20_000).toBeCloseTo(weight / 10, 1);
    // Without replacement the first draw has the weights as chances.
    const firsts = Array.from({ length: 4000 }, (_, epoch) =>
      weightedSampler(weights, { draws: 3, replacement: false }).order(epoch, 1),
    );
    for (const order of firsts) expect(new Set(order).size).toBe(3);
    const first = counts(
      firsts.map((order) => order[0]!),
      4,
    );
    for (const [i, weight] of weights.entries()) expect(first[i]! / 4000).toBeCloseTo(weight / 10, 1);
    expect(() => weightedSampler([1, 0], { draws: 2, replacement: false })).toThrow(
      "2 draws without replacement need as many weights above 0, found 1",
    );
    expect(() => weightedSampler([1, Number.NaN])).toThrow("weights must be finite and 0 or more, found NaN");
    expect(() => weightedSampler([0, 0])).toThrow("weights must hold a number above 0");
  });

  test("balance classes, and use all of a class before anything twice", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -1, max: 4 }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 100 }),
        (labels, draws) => {
          fc.pre(labels.some((label) => label >= 0));
          const order = balancedSampler(labels, draws).order(3, 1);
          expect(order).toHaveLength(draws);
          const bySample = counts(order, labels.length);
          const classes = [...new Set(labels)].filter((label) => label >= 0);
          const byClass = classes.map((c) => [...order].filter((i) => labels[i] === c).length);
          expect(Math.max(...byClass) - Math.min(...byClass)).toBeLessThanOrEqual(1);
          for (const c of classes) {
            const own = bySample.filter((_, i) => labels[i] === c);
            expect(Math.max(...own) - Math.min(...own)).toBeLessThanOrEqual(1);
          }
          for (const [i, label] of labels.entries()) if (label === -1) expect(bySample[i]).toBe(0);
        },
      ),
    );
  });
});

describe("ranks", () => {
  test("share an order as DistributedSampler does", () => {
    const of = (length: number, worldSize: number, uneven: "pad" | "drop" | "leave") =>
      Array.from({ length: worldSize }, (_, rank) => {
        const how = { rank, worldSize, uneven };
        const { indices, repeats } = shareOf(orderedSampler(length), length, 0, 0, how);
        expect(indices).toHaveLength(shareLength(length, how));
        return [[...indices], repeats && [...repeats]];
      });
    expect(of(7, 3, "pad")).toEqual([
      [[0, 3, 6], undefined],
      [
        [1, 4, 0],
        [0, 0, 1],
      ],
      [
        [2, 5, 1],
        [0, 0, 1],
      ],
    ]);
    expect(of(7, 3, "drop").map(([indices]) => indices)).toEqual([
      [0, 3],
      [1, 4],
      [2, 5],
    ]);
    expect(of(7, 3, "leave").map(([indices]) => indices)).toEqual([
      [0, 3, 6],
      [1, 4],
      [2, 5],
    ]);
    // More ranks than twice the samples: the list comes again and again.
    expect(of(1, 3, "pad").map(([indices]) => indices)).toEqual([[0], [0], [0]]);
    expect(of(1, 3, "leave").map(([indices]) => indices)).toEqual([[0], [], []]);
  });
});

describe("parts", () => {
  const labels = [...new Array(50).fill(0), ...new Array(30).fill(1), ...new Array(20).fill(2)];
  const set = labelled(labels);
  const kept = (part: Dataset) => Array.from({ length: part.length }, (_, i) => Number.parseInt(part.path(i), 10));

  test("keep the share of every class", () => {
    const part = takePart(set, { fraction: 0.1, seed: 3 });
    expect(
      counts(
        kept(part).map((i) => labels[i]),
        3,
      ),
    ).toEqual([5, 3, 2]);
    expect(kept(part)).toEqual(kept(part).toSorted((a, b) => a - b));
    expect(part.label(9)).toBe(2);
    expect(part.place!(0)).toEqual({ file: "shard", offset: kept(part)[0], length: 1 });
    expect(kept(takePart(set, { fraction: 0.1, seed: 4 }))).not.toEqual(kept(part));
    for (const i of kept(part)) expect(kept(takePart(set, { limit: 40, seed: 3 }))).toContain(i);
    expect(takePart(set, { limit: 7 }).length).toBe(7);
    expect(takePart(set, { limit: 7, stratified: false, fraction: 0.05 }).length).toBe(5);
    expect(takePart(set, { limit: 1000 })).toBe(set);
    expect(() => takePart(set, { limit: 0 })).toThrow("limit must be a positive integer, found 0");
    expect(() => takePart(set, { fraction: 1.5 })).toThrow("fraction must lie in (0, 1], found 1.5");
    expect(() => subsetOf(set, [100])).toThrow("positions must be whole numbers below 100, found 100");
  });

  test("folds hold every sample once, and of each class as many", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 6, maxLength: 80 }),
        fc.integer({ min: 2, max: 6 }),
        (labels, folds) => {
          const set = labelled(labels);
          const of = stratifiedFolds(set, folds, 1);
          for (const c of [0, 1, 2]) {
            const own = counts(
              [...of].filter((_, i) => labels[i] === c),
              folds,
            );
            expect(Math.max(...own) - Math.min(...own)).toBeLessThanOrEqual(1);
          }
          const all = Array.from({ length: folds }, (_, fold) => foldOf(set, { folds, fold, seed: 1 }));
          expect(all.flatMap(({ val }) => kept(val)).sort((a, b) => a - b)).toEqual([...labels.keys()]);
          for (const { train, val } of all) expect(train.length + val.length).toBe(labels.length);
        },
      ),
    );
    expect(() => foldOf(set, { folds: 5, fold: 5 })).toThrow("fold must lie in 0 ... 4, found 5");
    expect(() => stratifiedFolds(set, 1)).toThrow("folds must be a whole number from 2 to the 100 samples, found 1");
  });
});
