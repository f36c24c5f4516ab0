// The full table. Leaving a kernel of `Kernels` out does not compile.

import type { Lowerings } from "../kernels.ts";
import { activation } from "./activation.ts";
import { arithmetic } from "./arithmetic.ts";
import { batchNorm } from "./batch-norm.ts";
import { conv } from "./conv.ts";
import { convGrad } from "./conv-grad.ts";
import { create } from "./create.ts";
import { depthwise } from "./depthwise.ts";
import { dilation } from "./dilation.ts";
import { gather } from "./gather.ts";
import { groupedConv } from "./grouped-conv.ts";
import { host } from "./host.ts";
import { geometry } from "./image.ts";
import { logic } from "./logic.ts";
import { math } from "./math.ts";
import { matmul } from "./matmul.ts";
import { movement } from "./movement.ts";
import { normalize } from "./normalize.ts";
import { pool } from "./pool.ts";
import { poolGrad } from "./pool-grad.ts";
import { random } from "./random.ts";
import { reductions } from "./reduce.ts";
import { resize } from "./resize.ts";
import { scan } from "./scan.ts";
import { scatter } from "./scatter.ts";
import { slices } from "./slice.ts";
import { sorts } from "./sort.ts";
import { space } from "./space.ts";
import { sparse } from "./sparse.ts";

export const lowerings: Lowerings = {
  ...arithmetic,
  ...math,
  ...logic,
  ...activation,
  ...matmul,
  ...reductions,
  ...scan,
  ...sorts,
  ...create,
  ...movement,
  ...slices,
  ...space,
  ...gather,
  ...scatter,
  ...conv,
  ...convGrad,
  ...depthwise,
  ...dilation,
  ...pool,
  ...poolGrad,
  ...resize,
  ...geometry,
  ...batchNorm,
  ...normalize,
  ...random,
  ...groupedConv,
  ...host,
  ...sparse,
};
