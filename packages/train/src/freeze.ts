// Which parameters stay as they are, from a short text: `backbone`, `stages:0-2`, `blocks:0-5`, `patch_embed, blocks.0`.

import { didYouMean, type Model, specLeaves, VitrineError } from "@vitrine/core";

/** Names of the lists of layers, from the coarse to the fine; `stages` stands for the first that a model has. */
const lists = ["stages", "layers", "blocks"] as const;

/**
 * Reads what to freeze: parts separated by commas, each one of
 * - `backbone`: all but the layers that give class scores;
 * - `stages:A-B` or `<list>:A-B` (or `:A`): entries A to B of a list of layers. From 0 on, also what comes before the list.
 *   `stages` means the model's coarsest list, whatever its name;
 * - a path (`patch_embed`, `blocks.0.attn`): everything below it.
 *
 * @throws VitrineError for a part that fits nothing in the model, and where nothing is left to train.
 */
export function freezing(
  model: Pick<Model, "name" | "spec" | "depth" | "classifier">,
  text: string | readonly string[],
): (path: string) => boolean {
  const parts = (typeof text === "string" ? text.split(",") : text).map((part) => part.trim()).filter(Boolean);
  const trainable = specLeaves(model.spec).flatMap(([path, leaf]) => (leaf.trainable ? [path] : []));
  const frozen = new Set<string>();
  for (const part of parts) {
    const found = trainable.filter(matcher(model, part, trainable));
    if (found.length === 0) throw unknownPart(model.name, part, trainable);
    for (const path of found) frozen.add(path);
  }
  if (frozen.size === trainable.length)
    throw new VitrineError("freeze", `"${parts.join(", ")}" leaves nothing of ${model.name} to train`, { usage: true });
  return (path) => frozen.has(path);
}

function matcher(
  model: Pick<Model, "name" | "depth" | "classifier">,
  part: string,
  paths: readonly string[],
): (path: string) => boolean {
  if (part === "backbone") {
    if (model.classifier.length === 0)
      throw new VitrineError("freeze", `${model.name} has no classifier to train on a frozen backbone`, {
        usage: true,
      });
    return (path) => !model.classifier.some((layer) => below(path, layer));
  }
  const range = /^([\w.]+):(\d+)(?:-(\d+))?$/.exec(part);
  if (range === null) return (path) => below(path, part);
  const [from, to] = [Number(range[2]), Number(range[3] ?? range[2])];
  const first = (list: string) => paths.filter((path) => path.startsWith(`${list}.`));
  const list = range[1] === "stages" ? (lists.find((name) => first(name).length > 0) ?? "stages") : range[1]!;
  const entry = (path: string) =>
    path.startsWith(`${list}.`) ? Number(path.slice(list.length + 1).split(".")[0]) : NaN;
  const last = Math.max(...paths.map(entry).filter((index) => index >= 0), -1);
  if (from > to || to > last) throw outOfRange(model.name, part, list, last, from, to);
  const start = Math.min(...paths.filter((path) => entry(path) === 0).map((path) => model.depth(path)));
  return (path) => (entry(path) >= from && entry(path) <= to) || (from === 0 && model.depth(path) < start);
}

function below(path: string, parent: string): boolean {
  return path === parent || path.startsWith(`${parent}.`);
}

function outOfRange(model: string, part: string, list: string, last: number, from: number, to: number): VitrineError {
  const message =
    last < 0
      ? `${model} has no list "${list}", asked for by "${part}"`
      : from > to
        ? `"${part}" runs backwards; write ${list}:${to}-${from}`
        : `"${part}" goes beyond ${list}:0-${last}, which is what ${model} has`;
  return new VitrineError("freeze", message, { usage: true });
}

function unknownPart(model: string, part: string, paths: readonly string[]): VitrineError {
  const tops = [...new Set(paths.map((path) => path.split(".")[0]!))];
  const known = ["backbone", ...tops];
  const message = `"${part}" fits no parameter of ${model}${didYouMean(part, known)}. Known are backbone, stages:A-B and ${tops.join(", ")}`;
  return new VitrineError("freeze", message, { usage: true });
}
