// The recorded program: values, the nodes that make them, and a graph from inputs to outputs. A value knows the node it
// comes from, so a graph is whatever its outputs reach; work that no output needs is never part of it.

export type DType = "float32" | "int32" | "bool" | "int64" | "uint8" | "uint32" | "string";
export type HostData = Float32Array | Int32Array | Uint8Array | BigInt64Array | Uint32Array;

/** An attribute of a node. Numbers are ONNX integers; `float()` marks the others. */
export type Attribute = number | Float | string | readonly number[];
export type Attributes = Readonly<Record<string, Attribute>>;
export interface Float {
  readonly float: number;
}

/** Marks a number as an ONNX float attribute. */
export function float(value: number): Float {
  return { float: value };
}

/** A tensor of the program, in ONNX's terms: `shape` is the physical one. */
export class Value {
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** The node that computes it; none for inputs, constants and values already computed. */
  from: Node | undefined;
  /** Numbers known on the host. */
  data: HostData | undefined;
  /** Made by a lowering (an axis, a shape, an epsilon), not given by the user: part of the program, never fed. */
  readonly literal: boolean;
  /** Tensors alive outside the program that stand for this value. */
  holders = 0;

  constructor(
    shape: readonly number[],
    dtype: DType,
    source: { from?: Node; data?: HostData; literal?: boolean } = {},
  ) {
    this.shape = shape;
    this.dtype = dtype;
    this.from = source.from;
    this.data = source.data;
    this.literal = source.literal ?? false;
  }

  /** Becomes a known value; what led to it may be forgotten. */
  resolve(data: HostData): void {
    this.data = data;
    this.from = undefined;
  }
}

export interface Node {
  /** ONNX operator, with its domain in front where that is not ONNX's own: `com.microsoft.FusedMatMul`. */
  readonly op: string;
  readonly inputs: readonly (Value | undefined)[];
  readonly attributes: Attributes;
  readonly outputs: readonly Value[];
}

/** A program from named inputs to named outputs, nodes in an order in which they can run. */
export interface Graph {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly nodes: readonly Node[];
  /** Constants the nodes read, in order of first use. */
  readonly constants: readonly Value[];
}

export interface Port {
  readonly name: string;
  readonly value: Value;
  /** Names of the dimensions that may vary, by axis. */
  readonly symbols?: Readonly<Record<number, string>>;
}

/** The nodes and constants that `outputs` need, with `inputs` as the places where the walk stops. */
export function graphOf(inputs: readonly Port[], outputs: readonly Port[]): Graph {
  const stops = new Set(inputs.map((port) => port.value));
  const constants = new Set<Value>();
  const nodes: Node[] = [];
  const seen = new Set<Node>();
  // Depth first without recursion: graphs of thousands of nodes are deep.
  const stack: (Value | Node)[] = [];
  const open = (value: Value | undefined): void => {
    if (value === undefined || stops.has(value)) return;
    if (value.data !== undefined) constants.add(value);
    else stack.push(value);
  };
  for (const { value } of outputs) {
    open(value);
    while (stack.length > 0) {
      const top = stack.pop()!;
      if (!(top instanceof Value)) {
        nodes.push(top);
        continue;
      }
      const node = top.from;
      if (node === undefined) throw new Error(`a value of shape [${top.shape}] has neither data nor a node`);
      if (seen.has(node)) continue;
      if (!ready(node)) {
        stack.push(top);
        for (let i = node.inputs.length - 1; i >= 0; i--) {
          const input = node.inputs[i];
          if (input !== undefined && input.data === undefined && !stops.has(input) && !seen.has(input.from!))
            stack.push(input);
        }
        continue;
      }
      seen.add(node);
      for (const input of node.inputs) if (input?.data !== undefined && !stops.has(input)) constants.add(input);
      nodes.push(node);
    }
  }
  return { inputs, outputs, nodes, constants: [...constants] };

  function ready(node: Node): boolean {
    return node.inputs.every(
      (input) => input === undefined || input.data !== undefined || stops.has(input) || seen.has(input.from!),
    );
  }
}

/** Names for all values of a graph: ports keep theirs, the others are numbered in order. */
export function nameValues(graph: Graph): Map<Value, string> {
  const names = new Map<Value, string>();
  for (const port of graph.inputs) names.set(port.value, port.name);
  for (const constant of graph.constants) names.set(constant, `c${names.size}`);
  for (const node of graph.nodes)
    for (const output of node.outputs) if (!names.has(output)) names.set(output, `v${names.size}`);
  return names;
}

/** The graph as text, a node a line: what reviews and snapshots look at. */
export function printGraph(graph: Graph): string {
  const names = nameValues(graph);
  const type = (value: Value) => `${value.dtype}[${value.shape}]`;
  const lines = graph.inputs.map(({ name, value }) => `input ${name}: ${type(value)}`);
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((value) => {
      if (value === undefined) return "_";
      const small = value.data !== undefined && value.data.length <= 8 && !graph.inputs.some((p) => p.value === value);
      return small ? `${value.shape.length === 0 ? value.data![0] : `[${value.data!.join(",")}]`}` : names.get(value)!;
    });
    const attributes = Object.entries(node.attributes).map(
      ([key, v]) => `${key}=${typeof v === "object" && "float" in v ? v.float : Array.isArray(v) ? `[${v}]` : v}`,
    );
    const results = node.outputs.map((value) => `${names.get(value)}: ${type(value)}`);
    lines.push(`${results.join(", ")} = ${node.op}(${[...inputs, ...attributes].join(", ")})`);
  }
  for (const { name, value } of graph.outputs) lines.push(`output ${name} = ${names.get(value)}`);
  return `${lines.join("\n")}\n`;
}
