// The full table. Leaving a kernel of `Kernels` out does not compile.

import type { Lowerings } from "../kernels.ts";
import { activation } from "./activation.ts";
import { elementwise } from "./elementwise.ts";
import { gather } from "./gather.ts";
import { matmul } from "./matmul.ts";
import { movement } from "./movement.ts";
import { normalize } from "./normalize.ts";
import { random } from "./random.ts";
import { reductions } from "./reduce.ts";

export const lowerings: Lowerings = {
  ...elementwise,
  ...matmul,
  ...reductions,
  ...movement,
  ...gather,
  ...normalize,
  ...activation,
  ...random,
};
