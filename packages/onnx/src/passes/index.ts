// The passes that every traced graph goes through, in order. Each is Graph → Graph and keeps the numbers.

import type { Graph } from "../graph.ts";
import { absorbAffine } from "./absorb-affine.ts";
import { foldAffine } from "./fold-affine.ts";
import { foldConstants } from "./fold-constants.ts";
import { mergeMoves } from "./merge-moves.ts";
import { mergeNorms } from "./merge-norms.ts";
import { plainPools } from "./plain-pools.ts";

export function optimise(graph: Graph): Graph {
  return foldConstants(mergeNorms(mergeMoves(graph)));
}

/**
 * The rewrites for graphs that only predict, whose parameters are constants. What they make of the parameters is left to
 * `foldConstants`.
 */
export function foldParameters(graph: Graph): Graph {
  return mergeNorms(plainPools(foldAffine(absorbAffine(foldAffine(mergeMoves(graph))))));
}

/** For graphs that only predict. */
export function optimiseInference(graph: Graph): Graph {
  return foldConstants(foldParameters(graph));
}
