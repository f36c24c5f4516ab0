// Checkpoints as the authors published them, under timm's names.

import type { State } from "@vitrine/core";

/**
 * The authors halve the map at the end of a stage and timm at the beginning of the next one; timm's classifier is `head.fc`.
 * What can be computed from the configuration (`relative_position_index` and the like) is left out.
 */
export function fromAuthors(given: State, notes: string[]): State {
  const computed = /\.(relative_position_index|relative_coords_table|relative_coordinates_log|attn_mask)$/;
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
