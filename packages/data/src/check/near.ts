// Groups of images that look alike, without comparing each with each. Two hashes that differ in d bits or fewer agree
// in one of any d + 1 parts, so only images that share a part are compared (multi-index hashing, Norouzi et al. 2012,
// https://doi.org/10.1109/CVPR.2012.6248043); a part that many share is divided again by the bits that are left.

import { colourDistance, type Fingerprint, hashDistance } from "./fingerprint.ts";

/** Mean difference of colours, of 255, above which two images are not taken for copies whatever their hashes say. */
const mostColour = 20;
/** Up to here all pairs of a bucket are compared. */
const small = 48;
/** Different looks under one hash (plain images mostly) that an image is compared with. */
const mostLeaders = 64;

/** Groups of two and more positions, each in order. `most`: bits of 64 in which two hashes may differ. */
export function nearGroups(prints: readonly Fingerprint[], most: number): number[][] {
  const parents = Uint32Array.from(prints, (_, i) => i);
  const rootOf = (i: number): number => {
    while (parents[i] !== i) {
      parents[i] = parents[parents[i]!]!;
      i = parents[i]!;
    }
    return i;
  };
  const join = (a: number, b: number) => {
    const [x, y] = [rootOf(a), rootOf(b)];
    parents[Math.max(x, y)] = Math.min(x, y);
  };
  const alike = (a: number, b: number) => colourDistance(prints[a]!, prints[b]!) <= mostColour;

  // Images of the same hash; what differs in colour stays apart.
  const byHash = new Map<string, number[]>();
  for (const [i, { hash }] of prints.entries()) {
    const leaders = byHash.get(hash.join()) ?? [];
    const leader = leaders.find((other) => alike(other, i));
    if (leader !== undefined) join(leader, i);
    else if (leaders.length < mostLeaders) byHash.set(hash.join(), [...leaders, i]);
  }
  const distinct = [...byHash.values()];

  const compare = (a: readonly number[], b: readonly number[]) => {
    if (hashDistance(prints[a[0]!]!.hash, prints[b[0]!]!.hash) > most) return;
    for (const i of a) for (const j of b) if (alike(i, j)) join(i, j);
  };
  const search = (groups: readonly number[][], bits: readonly number[]) => {
    if (groups.length <= small || bits.length <= most + 1) {
      for (let i = 0; i < groups.length; i++)
        for (let j = i + 1; j < groups.length; j++) compare(groups[i]!, groups[j]!);
      return;
    }
    for (let part = 0; part <= most; part++) {
      const own = bits.filter((_, i) => i % (most + 1) === part).slice(0, 24);
      const rest = bits.filter((bit) => !own.includes(bit));
      const buckets = new Map<number, number[][]>();
      for (const group of groups) {
        const { hash } = prints[group[0]!]!;
        const key = own.reduce((word, bit) => (word << 1) | ((hash[bit >> 5]! >>> (bit & 31)) & 1), 0);
        const bucket = buckets.get(key);
        if (bucket === undefined) buckets.set(key, [group]);
        else bucket.push(group);
      }
      for (const bucket of buckets.values()) if (bucket.length > 1) search(bucket, rest);
    }
  };
  if (most > 0)
    search(
      distinct,
      Array.from({ length: 64 }, (_, i) => i),
    );

  const groups = new Map<number, number[]>();
  for (let i = 0; i < prints.length; i++) {
    const root = rootOf(i);
    const group = groups.get(root);
    if (group === undefined) groups.set(root, [i]);
    else group.push(i);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}
