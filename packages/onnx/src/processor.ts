// Programs made for the processor they run on.

import { type Graph, type Node, Value } from "./graph.ts";
import { bareOutputs } from "./passes/bare-outputs.ts";
import { blockConvs } from "./passes/block-convs.ts";
import { broadcastLate } from "./passes/broadcast-late.ts";
import { splitWeights } from "./passes/split-weights.ts";
import { createProgram, type Program } from "./program.ts";
import type { SessionOptions } from "./session.ts";

/**
 * As `createProgram`, for programs that are run often: with what suits ONNX Runtime's CPU kernels where they run on those.
 * The program's graph is the changed one; its outputs hold the same elements in the same order, maybe in another shape.
 */
export function createLocalProgram(graph: Graph, options: SessionOptions = {}): Program {
  const { providers = ["cpu"] } = options;
  const late = bareOutputs(splitWeights(broadcastLate(graph)));
  const local = providers.every((name) => name === "cpu") && late.nodes.some((node) => node.op === "Conv");
  return createProgram(local ? blockConvs(late, channelBlock()) : late, options);
}

let known: number | undefined;

/**
 * Channels that the CPU kernels of convolutions take together: 8 or 16, as wide as the processor's vectors; 1 where there
 * are no such kernels. ONNX Runtime does not tell, so an image is reordered and looked at.
 */
export function channelBlock(): number {
  known ??= probe();
  return known;
}

function probe(): number {
  const shape = [1, 32, 1, 2];
  const x = new Value(shape, "float32");
  const outputs: Value[] = [];
  const node: Node = { op: "com.microsoft.nchwc.ReorderInput", inputs: [x], attributes: {}, outputs };
  const y = new Value(shape, "float32", { from: node });
  outputs.push(y);
  const graph: Graph = {
    inputs: [{ name: "x", value: x }],
    outputs: [{ name: "y", value: y }],
    nodes: [node],
    constants: [],
  };
  try {
    const program = createProgram(graph, { threads: 1, optimization: "disabled" });
    try {
      // Each channel has two pixels; the second one of the first channel lies behind the first ones of its block.
      const [reordered] = program.run([Float32Array.from({ length: 64 }, (_, i) => i)]);
      const block = (reordered as Float32Array).indexOf(1);
      return block === 8 || block === 16 ? block : 1;
    } finally {
      program.dispose();
    }
  } catch {
    return 1; // No such operator for this processor.
  }
}
