// A graph that can be run: encoded, loaded into ONNX Runtime, fed with host arrays.

import { type Graph, graphOf, type HostData, type Port, type Value } from "./graph.ts";
import { encodeModel, type ModelInfo } from "./proto.ts";
import { type FeedArray, openSession, type SessionOptions } from "./session.ts";

export interface Program {
  readonly graph: Graph;
  /**
   * Runs once. `feeds` has an array an input of the graph, in order. `results`, where given, has an array an output into
   * which the result is written; without one a new array is made. Returns the arrays of the outputs, in order.
   */
  run(feeds: readonly HostData[], results?: readonly (HostData | undefined)[]): HostData[];
  dispose(): void;
}

/** Loads a graph whose dimensions are all known. */
export function createProgram(graph: Graph, options: SessionOptions & ModelInfo = {}): Program {
  const session = openSession(encodeModel(graph, options), options);
  const array = ({ value }: Port, data: HostData): FeedArray => ({ data, shape: value.shape, dtype: value.dtype });
  // ONNX Runtime keeps every declared input; one that nothing reads must still be fed.
  return {
    graph,
    run(feeds, results = []) {
      const inputs = new Map(graph.inputs.map((port, i) => [port.name, array(port, feeds[i]!)]));
      const outputs = new Map(
        graph.outputs.map((port, i) => [port.name, results[i] === undefined ? undefined : array(port, results[i])]),
      );
      const found = session.run(inputs, outputs);
      return graph.outputs.map((port) => found.get(port.name)!);
    },
    dispose: () => session.dispose(),
  };
}

/** Constants larger than this many elements are fed at each run rather than copied into the program. */
const largestBaked = 4096;

/**
 * A graph from inputs to outputs in which large constants that the traced function read from outside are inputs too, and
 * the arrays to feed them with.
 */
export function closeOver(
  inputs: readonly Port[],
  outputs: readonly Port[],
  largest = largestBaked,
): { graph: Graph; captured: HostData[] } {
  const open = graphOf(inputs, outputs);
  const large = open.constants.filter((value) => !value.literal && value.data!.length > largest);
  const ports: Port[] = large.map((value, i) => ({ name: `captured${i}`, value }));
  const graph: Graph = {
    ...open,
    inputs: [...inputs, ...ports],
    constants: open.constants.filter((value) => !large.includes(value)),
  };
  return { graph, captured: large.map((value) => value.data!) };
}

/** Names a value as the nth input or output. */
export function port(kind: string, index: number, value: Value): Port {
  return { name: `${kind}${index}`, value };
}
