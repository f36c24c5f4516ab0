// Lazy execution: computes pending values when one of them is read. Programs are kept by their structure, so a loop that
// records the same operators again runs the program it already has.

import { tf } from "@vitrine/core";
import { type Graph, graphOf, type HostData, type Value } from "./graph.ts";
import { createProgram, type Program, port } from "./program.ts";
import type { SessionOptions } from "./session.ts";

/** Programs kept for reuse; the one used longest ago goes first. */
const capacity = 128;
/** Below this many elements in the largest value, a second thread and a rewritten graph cost more than they give. */
const smallValue = 65_536;

export class Evaluator {
  readonly #programs = new Map<string, Program>();
  readonly #options: SessionOptions;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Computes `targets`, and keeps what lies on the way where a tensor outside still stands for it. */
  evaluate(targets: readonly Value[]): void {
    const pending = [...new Set(targets.filter((value) => value.data === undefined))];
    if (pending.length === 0) return;
    const reach = graphOf(
      [],
      pending.map((value, i) => port("y", i, value)),
    );
    const wanted = new Set(pending);
    for (const node of reach.nodes) for (const value of node.outputs) if (value.holders > 0) wanted.add(value);

    const outputs = [...wanted];
    const fed = reach.constants.filter((value) => !value.literal);
    const graph: Graph = {
      inputs: fed.map((value, i) => port("x", i, value)),
      outputs: outputs.map((value, i) => port("y", i, value)),
      nodes: reach.nodes,
      constants: reach.constants.filter((value) => value.literal),
    };
    const results = this.#program(graph).run(fed.map((value) => value.data!));
    outputs.forEach((value, i) => {
      value.resolve(results[i]!);
    });
  }

  dispose(): void {
    for (const program of this.#programs.values()) program.dispose();
    this.#programs.clear();
  }

  #program(graph: Graph): Program {
    const key = structure(graph);
    let program = this.#programs.get(key);
    if (program === undefined) {
      const small = graph.nodes.every((node) =>
        node.outputs.every((v) => tf.util.sizeFromShape([...v.shape]) < smallValue),
      );
      program = createProgram(
        graph,
        small ? { ...this.#options, threads: 1, optimization: "disabled" } : { ...this.#options },
      );
      if (this.#programs.size >= capacity) {
        const [oldest, stale] = this.#programs.entries().next().value!;
        stale.dispose();
        this.#programs.delete(oldest);
      }
    } else this.#programs.delete(key); // put back below, as the one used last
    this.#programs.set(key, program);
    return program;
  }
}

/** Text that is equal for graphs which differ only in the numbers they are fed. */
function structure(graph: Graph): string {
  const ids = new Map<Value, number>();
  const parts: string[] = [];
  for (const { value } of graph.inputs) {
    ids.set(value, ids.size);
    parts.push(`${value.dtype}[${value.shape}]`);
  }
  for (const value of graph.constants) {
    ids.set(value, ids.size);
    parts.push(`${value.dtype}[${value.shape}]${textOf(value.data!)}`);
  }
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((value) => (value === undefined ? "_" : ids.get(value)));
    for (const value of node.outputs) ids.set(value, ids.size);
    parts.push(`${node.op}(${inputs})${JSON.stringify(node.attributes)}`);
  }
  parts.push(graph.outputs.map(({ value }) => ids.get(value)).join());
  return parts.join(";");
}

function textOf(data: HostData): string {
  return data.join();
}
