// Checkpoints as they were published, under the names that timm has today.

import type { State } from "@vitrine/core";

/** What follows from the configuration. */
const computed = /\.(relative_position_index|relative_coords_table|relative_coordinates_log|attn_mask)$/;

/**
 * The authors halve the map at the end of a stage and timm at the beginning of the next one; timm's classifier is `head.fc`.
 */
export function fromAuthors(given: State, notes: string[]): State {
  const entries = [...given].filter(([key]) => !computed.test(key));
  if (!given.has("layers.0.downsample.reduction.weight")) return new Map(entries);
  notes.push("the authors' names were put into timm's");
  return new Map(
    entries.map(([key, value]) => {
      const moved = key.replace(
        /^layers\.(\d+)\.downsample\./,
        (_, stage: string) => `layers.${Number(stage) + 1}.downsample.`,
      );
      return [moved.replace(/^head\.(?!fc\.)/, "head.fc."), value];
    }),
  );
}

/** Earlier checkpoints of timm's v2 have what queries are divided by (`tau`), not the logarithm of what they are multiplied by. */
export function fromEarlierCr(given: State, notes: string[]): State {
  const entries = [...given].filter(([key]) => !computed.test(key));
  if (given.has("head.fc.weight") || ![...given.keys()].some((key) => /^head\.|\.tau$/.test(key)))
    return new Map(entries);
  notes.push("the names of timm's earlier checkpoints were put into today's");
  return new Map(
    entries.map(([key, { shape, data }]) => {
      const value = key.endsWith(".tau") ? Float32Array.from(data, (tau) => Math.log(1 / tau)) : data;
      return [key.replace(/\.tau$/, ".logit_scale").replace(/^head\./, "head.fc."), { shape, data: value }];
    }),
  );
}
