// From the labels that shards hold to indices of classes.

import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { VitrineError } from "@vitrine/core";
import { type ClassMap, classMapOf, readClassMap } from "../datasets/class-map.ts";
import { sortNaturally } from "../datasets/natural-sort.ts";
import { labelRefusal } from "../datasets/stream.ts";
import type { RawLabel } from "./shard-format.ts";

export interface LabelOptions {
  /** Names of the classes in the order of their indices. */
  classes?: readonly string[];
  /** A file with the names of the classes: see `readClassMap`. */
  classMap?: string;
  /** The index that shards give to the first class (0; ImageNet's TFRecord files begin at 1). */
  firstLabel?: number;
}

/** More classes than any data set has: a label beyond is damage. */
const mostClasses = 1_000_000;
const classFiles = /^(classes|class_names|labels)\.txt$|^classes\.json$|\.labels\.txt$/i;

/** The classes that the user or a file beside the shards names, or undefined. */
export async function knownClasses(options: LabelOptions, shard: string): Promise<ClassMap | undefined> {
  if (options.classes !== undefined) return classMapOf(options.classes);
  if (options.classMap !== undefined) return readClassMap(options.classMap);
  const folder = dirname(shard);
  const beside = (await readdir(folder)).filter((name) => classFiles.test(name)).sort();
  return beside[0] === undefined ? undefined : readClassMap(join(folder, beside[0]));
}

/** The index of a label among known classes, or why it has none. A known name counts more than an index beside it. */
export function resolveLabel(label: RawLabel, map: ClassMap, firstLabel = 0): number | { refused: string } {
  const named = label.name === undefined ? undefined : map.indexOf.get(label.name);
  if (named !== undefined) return named;
  if (label.index === undefined)
    return { refused: `class "${label.name}" is none of the ${map.classes.length} classes` };
  // Some sets mark images without a label by -1; so does everything here.
  const index = label.index === -1 ? -1 : label.index - firstLabel;
  const refused =
    index < -1 ? `label ${label.index} comes before the first, ${firstLabel}` : labelRefusal(index, map.classes.length);
  return refused === undefined ? index : { refused };
}

/** The classes that labels tell of: their names, ordered by their indices where both are given; else the indices themselves. */
export function classesOfLabels(where: string, labels: Iterable<RawLabel>, firstLabel = 0): ClassMap {
  const names = new Map<number, string>();
  const loose = new Set<string>();
  let highest = -1;
  for (const { index, name } of labels) {
    if (index === undefined) loose.add(name!);
    else {
      const own = index - firstLabel;
      if (own >= mostClasses) continue;
      highest = Math.max(highest, own);
      if (name !== undefined && own >= 0 && !names.has(own)) names.set(own, name);
    }
  }
  if (loose.size > 0 && highest >= 0)
    throw new VitrineError(where, "some labels are names and some are numbers; name the classes with a class map", {
      usage: true,
    });
  if (loose.size > 0) return classMapOf(sortNaturally(loose, (name) => name));
  const classes = Array.from({ length: highest + 1 }, (_, i) => names.get(i) ?? String(i));
  // A name that two indices share says nothing.
  return new Set(classes).size === classes.length ? classMapOf(classes) : classMapOf(classes.map((_, i) => String(i)));
}
