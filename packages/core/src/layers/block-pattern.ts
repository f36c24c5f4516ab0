// Which blocks of tokens see which: a window around each, and random ones. Static, drawn once from a key.

import type { Rng } from "../rng.ts";

export interface BlockPatternOptions {
  windowBlocks: number;
  randomBlocks: number;
}

/**
 * The blocks that each block sees, a permutation a slot: block `i` sees `slots[s][i]` for every s, all different. The window
 * goes round: the last block is a neighbour of the first. Random slots are perfect matchings of blocks with blocks not yet
 * seen, which exist as long as there are more blocks than slots.
 */
export function blockNeighbours(
  blocks: number,
  { windowBlocks, randomBlocks }: BlockPatternOptions,
  rng: Rng,
): number[][] {
  const half = (windowBlocks - 1) / 2;
  const slots = Array.from({ length: windowBlocks }, (_, s) =>
    Array.from({ length: blocks }, (_, i) => (i + s - half + blocks) % blocks),
  );
  for (let r = 0; r < randomBlocks; r++) slots.push(randomMatching(blocks, slots, rng));
  return slots;
}

/** A random permutation that gives no block a neighbour it has: augmenting paths, over candidates in random order. */
function randomMatching(blocks: number, taken: readonly (readonly number[])[], rng: Rng): number[] {
  const seenBy = new Array<number>(blocks).fill(-1); // the block that sees this one
  const candidates = Array.from({ length: blocks }, (_, i) => {
    const known = new Set(taken.map((order) => order[i]));
    return [...rng.permutation(blocks)].filter((other) => !known.has(other));
  });
  const place = (block: number, visited: Set<number>): boolean => {
    for (const other of candidates[block]!)
      if (seenBy[other] === -1) {
        seenBy[other] = block;
        return true;
      }
    for (const other of candidates[block]!) {
      if (visited.has(other)) continue;
      visited.add(other);
      if (place(seenBy[other]!, visited)) {
        seenBy[other] = block;
        return true;
      }
    }
    return false;
  };
  for (let block = 0; block < blocks; block++) place(block, new Set());
  const order = new Array<number>(blocks);
  seenBy.forEach((block, other) => {
    order[block] = other;
  });
  return order;
}
