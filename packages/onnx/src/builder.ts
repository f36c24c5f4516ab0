// What a lowering writes with: nodes, literals, and tensors in the order of axes it needs.

import { tf } from "@vitrine/core";
import { type Attributes, type DType, type HostData, type Node, Value } from "./graph.ts";
import { identity, inverse, isReshape, type Perm, permuteShape, Sym } from "./sym.ts";

export type Operand = Sym | Value;
export interface OutputType {
  shape: readonly number[];
  dtype?: DType;
}

export interface BuilderOptions {
  /** Only operators of ONNX itself: for files that others read. */
  portable?: boolean;
  /** Operator set of ONNX. */
  opset?: number;
  /** Give the node already made where the same one is asked for again. Keeps all nodes alive: for recordings that end. */
  merge?: boolean;
}

export class Builder {
  readonly portable: boolean;
  readonly opset: number;
  /** Nodes made so far. */
  count = 0;
  readonly #known: Map<string, Value[]> | undefined;
  readonly #ids = new Map<Value, number>();

  constructor(options: BuilderOptions = {}) {
    this.portable = options.portable ?? false;
    this.opset = options.opset ?? 20;
    this.#known = options.merge ? new Map() : undefined;
  }

  /** A node with one output. `shape` is the output's physical shape. Tensors among the inputs are taken in logical order. */
  node(
    op: string,
    inputs: readonly (Operand | undefined)[],
    attributes: Attributes,
    shape: readonly number[],
    dtype: DType = "float32",
  ): Value {
    return this.nodes(op, inputs, attributes, [{ shape, dtype }])[0]!;
  }

  /** A node with several outputs. */
  nodes(
    op: string,
    inputs: readonly (Operand | undefined)[],
    attributes: Attributes,
    types: readonly OutputType[],
  ): Value[] {
    const values = inputs.map((input) => (input === undefined ? undefined : this.value(input)));
    const key = this.#known && `${op}(${values.map((value) => this.#id(value))})${JSON.stringify(attributes)}`;
    const known = key === undefined ? undefined : this.#known!.get(key);
    if (known !== undefined) return known;
    this.count++;
    const outputs: Value[] = [];
    if (key !== undefined) this.#known!.set(key, outputs);
    const node: Node = { op, inputs: values, attributes, outputs };
    for (const { shape, dtype } of types) outputs.push(new Value([...shape], dtype ?? "float32", { from: node }));
    return outputs;
  }

  /** A text that two values share only where they hold the same. */
  #id(value: Value | undefined): string {
    if (value === undefined) return "_";
    if (value.literal && value.data!.length <= 16) return `${value.dtype}[${value.shape}]${value.data}`;
    let id = this.#ids.get(value);
    if (id === undefined) {
      id = this.#ids.size;
      this.#ids.set(value, id);
    }
    return String(id);
  }

  /** A one-dimensional int64 literal: axes, shapes, starts. */
  ints(values: readonly number[]): Value {
    const data = BigInt64Array.from(values, (v) => BigInt(v));
    return new Value([values.length], "int64", { data, literal: true });
  }

  /** A literal of any shape. */
  literal(data: HostData, shape: readonly number[], dtype: DType): Value {
    return new Value(shape, dtype, { data, literal: true });
  }

  /** A literal number without dimensions. */
  scalar(value: number, dtype: DType = "float32"): Value {
    return this.literal(hostArray(dtype, [value]), [], dtype);
  }

  /** A tensor whose elements are all `value`. */
  splat(value: number, shape: readonly number[], dtype: DType = "float32"): Sym {
    const one = this.scalar(value, dtype);
    const full = shape.length === 0 ? one : this.node("Expand", [one, this.ints(shape)], {}, shape, dtype);
    return new Sym(shape, dtype, full, undefined, value);
  }

  /** A value as a tensor held in the order `perm`; logical order when left out. */
  sym(value: Value, perm?: Perm): Sym {
    if (perm === undefined) return new Sym(value.shape, value.dtype, value);
    return new Sym(permuteShape(value.shape, inverse(perm)), value.dtype, value, perm);
  }

  /** The value of an operand in logical order. */
  value(operand: Operand): Value {
    return operand instanceof Value ? operand : this.as(operand, identity(operand.rank));
  }

  /** The value of a tensor in the order `perm`, moving elements only where that form is not there yet. */
  as(x: Sym, perm: Perm): Value {
    const ready = x.form(perm);
    if (ready !== undefined) return ready;
    const { perm: from, value } = x.origin;
    const moved = this.permute(
      value,
      perm.map((axis) => from.indexOf(axis)),
    );
    x.add(perm, moved);
    return moved;
  }

  /** Changes the order of a value's physical axes. */
  permute(value: Value, perm: Perm): Value {
    const shape = permuteShape(value.shape, perm);
    if (perm.every((axis, i) => axis === i)) return value;
    return isReshape(value.shape, perm)
      ? this.reshape(value, shape)
      : this.node("Transpose", [value], { perm: [...perm] }, shape, value.dtype);
  }

  reshape(value: Value, shape: readonly number[]): Value {
    if (shape.length === value.shape.length && shape.every((d, i) => d === value.shape[i])) return value;
    // Zero would mean "copy from the input": allowzero makes it a size.
    const attributes: Attributes = shape.includes(0) ? { allowzero: 1 } : {};
    return this.node("Reshape", [value, this.ints(shape)], attributes, shape, value.dtype);
  }

  /** A value in another type; itself where it has that type. */
  cast(operand: Operand, dtype: DType): Value {
    const value = this.value(operand);
    if (value.dtype === dtype) return value;
    // Bytes seen as int32 and used as float32 need one conversion, not two.
    const before = value.from?.op === "Cast" ? value.from.inputs[0] : undefined;
    if (before?.dtype === "uint8") return this.cast(before, dtype);
    return this.node("Cast", [value], { to: onnxType[dtype] }, value.shape, dtype);
  }

  /**
   * An operator that works element by element, with broadcasting. Where an input of full rank is held in another order
   * than the logical one, the others are brought to that order, and so is the result.
   */
  elementwise(
    op: string | ((values: Value[], shape: number[]) => Value),
    inputs: readonly Sym[],
    dtype: DType = inputs[0]!.dtype,
    attributes: Attributes = {},
  ): Sym {
    const shape = inputs.reduce<number[]>((s, x) => tf.backend_util.assertAndGetBroadcastShape(s, x.shape), []);
    const apply = (values: Value[], physical: number[]) =>
      typeof op === "function" ? op(values, physical) : this.node(op, values, attributes, physical, dtype);

    const leader = inputs
      .filter((x) => x.rank === shape.length && x.perm !== undefined)
      .sort((a, b) => tf.util.sizeFromShape(b.shape) - tf.util.sizeFromShape(a.shape))[0];
    if (leader === undefined)
      return new Sym(
        shape,
        dtype,
        apply(
          inputs.map((x) => this.value(x)),
          shape,
        ),
      );

    const perm = leader.perm!;
    const values = inputs.map((x) => {
      if (x.rank === shape.length) return this.as(x, perm);
      if (x.rank === 0) return this.value(x);
      const padded = [...new Array<number>(shape.length - x.rank).fill(1), ...x.shape];
      return this.permute(this.reshape(this.value(x), padded), perm);
    });
    return new Sym(shape, dtype, apply(values, permuteShape(shape, perm)), perm);
  }
}

/** ONNX' numbers for element types (TensorProto.DataType). */
export const onnxType: Record<DType, number> = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  uint32: 12,
};

/** A host array of a type from numbers. */
export function hostArray(dtype: DType, values: ArrayLike<number>): HostData {
  switch (dtype) {
    case "float32":
      return Float32Array.from(values);
    case "int32":
      return Int32Array.from(values);
    case "bool":
    case "uint8":
      return Uint8Array.from(values);
    case "uint32":
      return Uint32Array.from(values);
    case "int64":
      return BigInt64Array.from(Array.from(values, (v) => BigInt(v)));
    case "string":
      throw new Error("strings have no host array");
    default:
      return dtype satisfies never;
  }
}
