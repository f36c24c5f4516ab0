// GroupMamba, in the authors' three sizes.

import { defineFamily, variantsOf } from "@vitrine/core";
import {
  adaptGroupMamba,
  defaults,
  type GroupMambaConfig,
  groupMambaDepth,
  groupMambaFeatures,
  groupMambaHead,
  groupMambaHeads,
  groupMambaSpec,
  groupMambaStages,
} from "./model.ts";
import { sizes } from "./variants.ts";
import { preparation, weights } from "./weights.ts";

export type { GroupMamba, GroupMambaConfig } from "./model.ts";

/** Group visual state space models, https://arxiv.org/abs/2407.13772 */
export const groupmamba = defineFamily({
  name: "groupmamba",
  title: "GroupMamba",
  paper: "https://arxiv.org/abs/2407.13772",
  defaults,
  variants: variantsOf<GroupMambaConfig, keyof typeof sizes>(sizes, weights, preparation),
  classifier: ["head", "dist_head"],
  spec: groupMambaSpec,
  features: groupMambaFeatures,
  head: groupMambaHead,
  heads: groupMambaHeads,
  stages: groupMambaStages,
  adapt: adaptGroupMamba,
  depth: groupMambaDepth,
});

/** Names of the variants. */
export type GroupMambaName = keyof typeof groupmamba.variants;
