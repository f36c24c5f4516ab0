// Every size in one place, under the reference's names. What a row leaves out is the tiny one, which is the default.

import type { GroupMambaConfig } from "./model.ts";

export const sizes = {
  groupmamba_tiny: {},
  groupmamba_small: { stemHiddenDim: 64, embedDims: [64, 128, 348, 512], depths: [3, 4, 16, 3] },
  groupmamba_base: { stemHiddenDim: 64, embedDims: [96, 192, 424, 512], depths: [3, 6, 21, 3] },
} satisfies Record<string, Partial<GroupMambaConfig>>;
