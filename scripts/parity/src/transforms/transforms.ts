// Transforms of images and batches, against a folder with `transforms.json` and what it lists. Each list in the JSON has its
// own check; a list that none knows is a miss, so that nothing is left out unseen.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeImage, type RawImage } from "@vitrine/data";
import type { Report } from "../report.ts";
import type { Comparison } from "./compare.ts";
import { checkEvaluation } from "./evaluation.ts";
import { checkInterpolate } from "./interpolate.ts";
import { checkLevels } from "./levels.ts";
import { checkBoxes, checkMixing } from "./mixing.ts";
import { checkPilOps, checkResize, checkTorchvision } from "./pixels.ts";

/** What a check is given: its list, the folder, and the image that all results were made of. */
export interface TransformCases {
  folder: string;
  photo: RawImage;
  /** The list (or object) of the JSON under the check's name. */
  listed: unknown;
}

const checks: Readonly<Record<string, (cases: TransformCases) => Promise<Comparison[]>>> = {
  ops: checkPilOps,
  torchvision: checkTorchvision,
  resize: checkResize,
  interpolate: checkInterpolate,
  eval: checkEvaluation,
  levels: checkLevels,
  mixup: checkMixing,
  cutmix_boxes: checkBoxes,
};

/** Keys of the JSON that say how it was made, beside those that hold a text. */
const about = new Set(["size_wh", "tolerance"]);

export const transformsFile = "transforms.json";

/** Every entry of the folder's list, a row each. */
export async function checkTransforms(folder: string, report: Report): Promise<void> {
  const listed = JSON.parse(readFileSync(join(folder, transformsFile), "utf8")) as Record<string, unknown>;
  const photo = await decodeImage(join(folder, String(listed.photo ?? "photo.png")));
  console.log(
    `${"transform".padEnd(44)}${["largest", "mean", "beyond"].map((cell) => cell.padStart(11)).join("")}  bound`,
  );
  for (const [name, list] of Object.entries(listed)) {
    if (about.has(name) || typeof list === "string") continue;
    const check = checks[name];
    if (check === undefined) {
      report.failure(join(folder, transformsFile), `nothing compares the list "${name}" yet`);
      continue;
    }
    try {
      for (const row of await check({ folder, photo, listed: list })) print(row, report);
    } catch (error) {
      report.failure(name, (error as Error).message);
    }
  }
}

function print({ name, ok, largest, mean, beyond, bound }: Comparison, report: Report): void {
  const cells = [largest.toPrecision(3), mean.toPrecision(3), `${(100 * beyond).toFixed(3)} %`];
  console.log(`${name.padEnd(44)}${cells.map((cell) => cell.padStart(11)).join("")}  ${bound}${ok ? "" : " !"}`);
  report.compared(ok, `${name}: off by ${largest}, ${mean} in the mean; the bound is ${bound}`);
}
