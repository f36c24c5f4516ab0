// Every size in one place: those of the authors' code, axial26s to axial50l.

import type { AxialConfig } from "./model.ts";

export const sizes = {
  axial_resnet26_s: { layers: [1, 2, 4, 1] },
  axial_resnet50_s: {},
  axial_resnet50_m: { s: 0.75 },
  axial_resnet50_l: { s: 1 },
} satisfies Record<string, Partial<AxialConfig>>;
