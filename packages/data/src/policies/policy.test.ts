import { isVitrineError } from "@vitrine/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { augmentPolicy, type PolicyOp } from "./policy.ts";
import { augMixTransforms, namedSets, randSet } from "./sets.ts";

const look = { fill: [128], interpolation: "random", reach: { translateConst: 250, translatePct: 0.45 } };
const rand = { op: "randAugment", ...randSet(false), layers: 2, prob: 0.5, level: 10, noise: 0, maxLevel: 10, ...look };
const mix = { op: "augMix", transforms: augMixTransforms, level: 3, width: 3, depth: 0, alpha: 1, blended: false };

describe("reads timm's strings", () => {
  test.for([
    ["rand", rand],
    ["rand-m9-mstd0.5-inc1", { ...rand, ...randSet(true), level: 9, noise: 0.5 }],
    ["rand-inc1-mstd0.5-m9", { ...rand, ...randSet(true), level: 9, noise: 0.5 }],
    ["rand-m7-n3-p0.25", { ...rand, level: 7, layers: 3, prob: 0.25 }],
    ["rand-n0-p.5", { ...rand, layers: 0 }],
    // In timm 1.0.31, unlike before, inc0 is off.
    ["rand-inc0", rand],
    ["rand-m15-mmax20", { ...rand, level: 15, maxLevel: 20 }],
    ["rand-mmax0", rand],
    ["rand-mstd101", { ...rand, noise: "uniform" }],
    ["rand-mstd100", { ...rand, noise: 100 }],
    ["rand-tweights", { ...rand, ...namedSets.weights }],
    ["rand-t3aw-inc1", { ...rand, ...namedSets["3aw"] }],
    ["rand-t3a-n1", { ...rand, ...namedSets["3a"], layers: 1 }],
    ["rand-m3-m5", { ...rand, level: 5 }],
    ["rand-mstd1-mstd2", { ...rand, noise: 1 }],
    ["augmix", { ...mix, noise: "uniform", ...look }],
    ["augmix-m5-w4-d2", { ...mix, level: 5, width: 4, depth: 2, noise: "uniform", ...look }],
    ["augmix-a0.5-b1-mstd0", { ...mix, alpha: 0.5, blended: true, noise: 0, ...look }],
    ["augmix-mstd200", { ...mix, noise: 200, ...look }],
    ["ta_wide", { op: "trivialAugment", bins: 31, interpolation: "nearest", fill: [0] }],
  ])("%s", ([text, expected]) => {
    expect(augmentPolicy(text as string)).toEqual(expected);
  });

  test.for(["original", "originalr", "v0", "v0r", "3a"])("%s, with a deviation", (name) => {
    expect(augmentPolicy(name)).toMatchObject({ op: "autoAugment", noise: 0, ...look });
    expect(augmentPolicy(`${name}-mstd0.5`)).toMatchObject({ op: "autoAugment", noise: 0.5 });
  });

  test("takes what the string does not say from the settings", () => {
    const settings = {
      fill: [1, 2, 3],
      interpolation: "bilinear",
      reach: { translateConst: 9, translatePct: 0.1 },
    } as const;
    for (const name of ["rand", "v0", "augmix"]) expect(augmentPolicy(name, settings)).toMatchObject(settings);
    expect(augmentPolicy("ta_wide", settings)).toMatchObject({ fill: [1, 2, 3], interpolation: "bilinear" });
  });
});

describe("marks what it cannot read", () => {
  test.for([
    ["rnd-m9", "^^^", 'unknown policy "rnd" (did you mean "rand"?); policies are rand, augmix, ta_wide, original,'],
    ["", "^", "no policy; policies are"],
    [
      "rand-m9-mst0.5",
      "        ^^^",
      'unknown key "mst" (did you mean "mstd"?); rand has the keys m, n, p, mstd, mmax, inc, t',
    ],
    ["rand-x1", "     ^", 'unknown key "x"; rand has'],
    ["rand-M9", "     ^", 'unknown key "M" (did you mean "m"?)'],
    ["rand-m9-inc", "           ^", "inc takes 0 or 1, found nothing (for example inc1)"],
    ["rand-inc2", "        ^", 'inc takes 0 or 1, found "2"'],
    ["rand-m9.5", "      ^^^", 'm takes a whole number, found "9.5"'],
    ["rand-mstdx", "     ^^^^^", 'unknown key "mstdx" (did you mean "mstd"?)'],
    ["rand-mstd0.5x", "         ^^^^", 'mstd takes a number, found "0.5x"'],
    ["rand-p1.5", "      ^^^", 'p takes a number from 0 to 1, found "1.5"'],
    ["rand-tweight", "      ^^^^^^", 't takes one of 3a, 3aw, weights, found "weight" (did you mean "weights"?)'],
    ["rand-m9-w0", "        ^", "choices by weight are tweights"],
    ["rand--m9", "     ^", "nothing after a dash"],
    ["rand-", "     ^", "nothing after a dash"],
    ["rand-n15-t3aw", "     ^^^", "has 14 operations and takes none twice"],
    ["v0-m9", "   ^", 'unknown key "m"; v0 has the keys mstd'],
    ["augmix-w0", "        ^", 'w takes a whole number from 1 to 100, found "0"'],
    ["augmix-d-1", "        ^", "d takes a whole number from 0 to 100, found nothing"],
    ["rand-n2000000", "      ^^^^^^^", 'n takes a whole number from 0 to 100, found "2000000"'],
    [`rand-mstd${"9".repeat(400)}`, `${" ".repeat(9)}${"^".repeat(400)}`, "mstd takes a number, found"],
    ["augmix-a0", "        ^", 'a takes a number above 0, found "0"'],
    ["ta_wide-m3", "        ^", "ta_wide takes no keys"],
  ])("%s", ([text, mark, message]) => {
    let error: unknown;
    try {
      augmentPolicy(text!);
    } catch (thrown) {
      error = thrown;
    }
    expect(isVitrineError(error) && error.usage).toBe(true);
    const [first, second, third] = (error as Error).message.split("\n");
    expect(first).toContain(message);
    expect(second).toBe(`  ${text}`);
    expect(third).toBe(`  ${mark}`);
  });

  test("any string is read or refused with a mark inside of it, and never anything else", () => {
    const key = fc.constantFrom("m", "n", "p", "mstd", "mmax", "inc", "t", "w", "d", "a", "b", "x", "");
    const value = fc.oneof(
      fc.nat(30).map(String),
      fc.double({ min: 0, max: 2 }).map(String),
      fc.string({ maxLength: 4 }),
    );
    const section = fc.tuple(key, value).map((parts) => parts.join(""));
    const name = fc.constantFrom("rand", "augmix", "v0", "3a", "ta_wide", "constructor", "");
    const texts = fc
      .tuple(name, fc.array(section, { maxLength: 4 }))
      .map(([first, rest]) => [first, ...rest].join("-"));
    fc.assert(
      fc.property(fc.oneof(texts, fc.string()), (text) => {
        let op: PolicyOp | undefined;
        try {
          op = augmentPolicy(text);
        } catch (error) {
          if (!isVitrineError(error)) throw error;
          const mark = error.message.split("\n").at(-1)!;
          expect(mark.trim()).toMatch(/^\^+$/);
          expect(mark.length).toBeLessThanOrEqual(text.length + 3);
          return;
        }
        expect(JSON.parse(JSON.stringify(op))).toEqual(op);
      }),
    );
  });
});
