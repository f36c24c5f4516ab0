// The passes that every traced graph goes through, in order. Each is Graph → Graph and keeps the numbers.

import type { Graph } from "../graph.ts";
import { foldConstants } from "./fold-constants.ts";
import { mergeMoves } from "./merge-moves.ts";

export function optimise(graph: Graph): Graph {
  return foldConstants(mergeMoves(graph));
}
