// The graph's constants computed as far as they can be, and named by the parameters they come from, so that a reader of the
// file finds `blocks.0.attn.qkv.weight` in it.

import { foldConstants, foldParameters, type Graph, type Value } from "@vitrine/onnx";

/**
 * The graph without moves that undo each other, with batch norms as part of the weights beside them, and without work that
 * depends on constants alone. Names may be given for constants; one that was made from several is called by all of them,
 * `cls_token+pos_embed`.
 */
export function nameConstants(
  graph: Graph,
  given: ReadonlyMap<Value, string>,
): { graph: Graph; names: Map<Value, string> } {
  const origins = new Map<Value, ReadonlySet<Value>>();
  const folded = foldConstants(foldParameters(graph), (made, sources) => origins.set(made, sources));
  const names = new Map<Value, string>();
  const uses = new Map<string, number>();
  for (const constant of folded.constants) {
    const sources = origins.get(constant) ?? new Set([constant]);
    const keys = [...given].filter(([source]) => sources.has(source)).map(([, key]) => key);
    if (keys.length === 0) continue;
    const key = keys.join("+");
    const count = uses.get(key) ?? 0;
    uses.set(key, count + 1);
    names.set(constant, count === 0 ? key : `${key}.${count}`);
  }
  return { graph: folded, names };
}
