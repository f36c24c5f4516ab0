// One case on one backend.

import { tf } from "@vitrine/core";
import { readGolden } from "@vitrine/test-utils/golden";
import type { Report } from "./report.ts";
import { check } from "./subjects.ts";

/** Runs a case on the current backend (named for the row) and reports its row; never throws. */
export async function runCase(folder: string, backend: string, report: Report): Promise<void> {
  const tensors = tf.memory().numTensors;
  let name = folder;
  try {
    const golden = readGolden(folder);
    name = `${golden.about.family}/${golden.about.case}`;
    report.row(name, backend, await check(golden));
    const left = tf.memory().numTensors - tensors;
    if (left !== 0) report.failure(`${name} ${backend}`, `${left} tensors were left behind`);
  } catch (error) {
    report.failure(`${name} ${backend}`, error instanceof Error ? error.message : String(error));
  }
}
