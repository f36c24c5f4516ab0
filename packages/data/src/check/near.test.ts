import { Rng } from "@vitrine/core";
import { describe, expect, test } from "vitest";
import type { RawImage } from "../raw-image.ts";
import { colourDistance, type Fingerprint, fingerprint, hashDistance } from "./fingerprint.ts";
import { nearGroups } from "./near.ts";

const plain = (colour: readonly number[], width = 20, height = 10): RawImage => ({
  ...{ width, height, channels: 3 },
  data: Uint8Array.from({ length: width * height * 3 }, (_, i) => colour[i % 3]!),
});

function print(hash: readonly [number, number], colour = 0): Fingerprint {
  return { hash: [hash[0] >>> 0, hash[1] >>> 0], cells: new Uint8Array(216).fill(colour) };
}

/** By comparing each with each. */
function slowly(prints: readonly Fingerprint[], most: number): number[][] {
  const group = prints.map((_, i) => i);
  for (let i = 0; i < prints.length; i++)
    for (let j = i + 1; j < prints.length; j++) {
      const near =
        hashDistance(prints[i]!.hash, prints[j]!.hash) <= most && colourDistance(prints[i]!, prints[j]!) <= 20;
      if (near) for (const [k, g] of group.entries()) if (g === group[j]) group[k] = group[i]!;
    }
  const members = new Map<number, number[]>();
  for (const [i, g] of group.entries()) members.set(g, [...(members.get(g) ?? []), i]);
  return [...members.values()].filter((some) => some.length > 1).sort((a, b) => a[0]! - b[0]!);
}

describe("groups", () => {
  test.each([0, 1, 4, 7])("are those of comparing each with each, at %d bits", (most) => {
    const rng = Rng.of("near", most);
    const prints: Fingerprint[] = [];
    while (prints.length < 700) {
      // Families of hashes that differ in a few bits; many share their upper half.
      const hash: [number, number] = [rng.uniform() < 0.5 ? 0xabcd : rng.uint32(), rng.uint32()];
      for (let n = rng.int(4); n >= 0; n--) {
        const [a, b] = hash;
        prints.push(print([a, b], rng.int(2) * 100));
        for (let k = rng.int(5); k > 0; k--) hash[rng.int(2)]! ^= 1 << rng.int(32);
      }
    }
    expect(nearGroups(prints, most)).toEqual(slowly(prints, most));
  });

  test("of a hundred thousand hashes that share a half do not take each with each", () => {
    const rng = Rng.of("many");
    const prints = Array.from({ length: 100_000 }, () => print([7, rng.uint32()]));
    prints.push(print([7, prints[500]!.hash[1] ^ 0b1001]));
    expect(nearGroups(prints, 2).some((group) => group.includes(500) && group.includes(100_000))).toBe(true);
  });
});

describe("a fingerprint", () => {
  test("tells plain images of different colours apart, which have one hash", () => {
    const prints = [
      [255, 0, 0],
      [0, 0, 255],
      [250, 5, 0],
    ].map((colour) => fingerprint(plain(colour)));
    expect(new Set(prints.map(({ hash }) => hash.join())).size).toBe(1);
    expect(nearGroups(prints, 4)).toEqual([[0, 2]]);
  });

  test.each([
    [1, 1],
    [3, 200],
    [9, 8],
    [500, 1],
  ])("is made of images of %d x %d", (width, height) => {
    const { cells } = fingerprint(plain([10, 20, 30], width, height));
    expect([...cells.subarray(0, 3), ...cells.subarray(213)]).toEqual([10, 20, 30, 10, 20, 30]);
    expect(
      fingerprint({ ...plain([9], width, height), channels: 1, data: new Uint8Array(width * height).fill(9) }).cells[0],
    ).toBe(9);
  });
});
