// timm's tables from the level of a policy to what an operation takes, with the coin of signed ones on plus.

import { VitrineError } from "@vitrine/core";
import { augmentArgs, augmentNames } from "@vitrine/data";
import { type Comparison, compare } from "./compare.ts";
import type { TransformCases } from "./transforms.ts";

type Table = Readonly<Record<string, readonly { level: number; args: readonly number[] }[]>>;

export async function checkLevels({ listed }: TransformCases): Promise<Comparison[]> {
  return Object.entries(listed as Table).map(([name, rows]) => {
    const known = augmentNames.find((each) => each === name);
    if (known === undefined) throw new VitrineError("levels", `no operation "${name}" yet`);
    // The level stands before its arguments, so that one too many or too few is seen as well.
    const found = rows.flatMap(({ level }) => [level, ...augmentArgs(known, level, false)]);
    const expected = rows.flatMap(({ level, args }) => [level, ...args]);
    return compare(`levels ${name}`, found, expected, { kind: "exact" });
  });
}
