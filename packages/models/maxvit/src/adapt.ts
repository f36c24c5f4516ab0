// Makes a checkpoint fit another image size or number of channels, and the other way in which its weights may lie.

import { adaptBiasTable, adaptInputConv, fileShape, type State, specLeaves } from "@vitrine/core";
import { type MaxViTConfig, partitions } from "./config.ts";
import { maxvitSpec } from "./model.ts";
import { tableSize } from "./sizes.ts";

const TABLE = ".rel_pos.relative_position_bias_table";

export function adaptMaxViT(c: MaxViTConfig, given: State, notes: string[]): State {
  const state = new Map(given);
  adaptInputConv("stem.conv1.weight", c.inChans, state, notes);
  const { window, grid } = partitions(c);
  for (const [path, leaf] of specLeaves(maxvitSpec(c))) {
    if (path.endsWith(TABLE)) {
      const map = tableSize(c, Number(path.split(".")[1]));
      adaptBiasTable(path, /attn_block/.test(path) ? window : /attn_grid/.test(path) ? grid : map, state, notes);
    } else reshape(path, fileShape(leaf), state);
  }
  return state;
}

/** A linear layer is a 1x1 convolution: the same numbers, in a checkpoint of the other form. */
function reshape(path: string, shape: number[], state: State): void {
  const found = state.get(path);
  const flat = (sizes: readonly number[]) => sizes.filter((_, i) => i < 2 || sizes.length !== 4).join();
  if (found === undefined || found.shape.length === shape.length || flat(found.shape) !== flat(shape)) return;
  if ([found.shape, shape].some((sizes) => sizes.slice(2).some((size) => size !== 1))) return;
  state.set(path, { ...found, shape });
}
