// Parameters as they lie in checkpoint files: by key, in the reference implementation's layout, on the host.

import { VitrineError } from "./errors.ts";
import { buildParams, type ParamSpec, type Spec, sizeOf, specLeaves } from "./params.ts";
import { tf } from "./tf.ts";

export interface HostTensor {
  shape: readonly number[];
  data: Float32Array | Int32Array;
}

/** A checkpoint in memory: tensors by key, in the file's layout. */
export type State = Map<string, HostTensor>;

// Axes of the tensor in memory, in the order of the file.
const fileAxes = { linear: [1, 0], conv: [3, 2, 0, 1], pixel: [3, 2, 0, 1], depthwise: [2, 3, 0, 1] } as const;

/** The shape a parameter has in checkpoint files. */
export function fileShape(spec: ParamSpec): number[] {
  if (spec.layout === "plain") return [...spec.shape];
  const shape = fileAxes[spec.layout].map((axis) => spec.shape[axis]!);
  return spec.layout === "depthwise" ? [shape[0]! * shape[1]!, 1, shape[2]!, shape[3]!] : shape;
}

/** From memory to the file's layout. */
export function toFile(spec: ParamSpec, data: Float32Array | Int32Array): HostTensor {
  const values = spec.layout === "plain" ? data : permute(data, spec.shape, fileAxes[spec.layout]);
  return { shape: fileShape(spec), data: values };
}

/** From the file's layout to memory; the shape has been checked. */
export function fromFile(spec: ParamSpec, values: HostTensor): Float32Array | Int32Array {
  if (spec.layout === "plain") return values.data;
  const axes = fileAxes[spec.layout];
  const inverse = axes.map((_, axis) => (axes as readonly number[]).indexOf(axis));
  return permute(
    values.data,
    axes.map((axis) => spec.shape[axis]!),
    inverse,
  );
}

/** Copies `data` with its axes in the order `perm`, as `tf.transpose` does. */
function permute<A extends Float32Array | Int32Array>(data: A, shape: readonly number[], perm: readonly number[]): A {
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const steps = perm.map((axis) => strides[axis]!);
  const sizes = perm.map((axis) => shape[axis]!);
  const result = data.slice() as A;
  let write = 0;
  const copy = (axis: number, offset: number): void => {
    const step = steps[axis]!;
    const size = sizes[axis]!;
    if (axis === sizes.length - 1) for (let i = 0; i < size; i++) result[write++] = data[offset + i * step]!;
    else for (let i = 0; i < size; i++) copy(axis + 1, offset + i * step);
  };
  copy(0, 0);
  return result;
}

/** The state of a tree of parameters, in the order of the spec. */
export async function stateOf(spec: object, params: object): Promise<State> {
  const tensors = specTensors(spec, params);
  const state: State = new Map();
  for (const [path, leaf, tensor] of tensors)
    state.set(path, toFile(leaf, (await tensor.data()) as Float32Array | Int32Array));
  return state;
}

/** Parameters from a state. @throws VitrineError that lists the keys and shapes which differ. */
export function paramsFrom<P extends object>(spec: Spec<P>, state: State, where: string): P {
  const difference = compareState(spec as object, state);
  if (difference !== undefined) throw new VitrineError(where, difference);
  return buildParams(spec, (path, leaf) =>
    tf.tensor(cast(fromFile(leaf, state.get(path)!), leaf), [...leaf.shape], leaf.dtype),
  );
}

function cast(values: Float32Array | Int32Array, leaf: ParamSpec): Float32Array | Int32Array {
  if (leaf.dtype === "int32") return values instanceof Int32Array ? values : Int32Array.from(values);
  return values instanceof Float32Array ? values : Float32Array.from(values);
}

/** In words, how a state differs from what a spec asks for; undefined where they fit. */
export function compareState(spec: object, state: State): string | undefined {
  const wanted = new Map(specLeaves(spec));
  const missing = [...wanted.keys()].filter((path) => !state.has(path));
  const unexpected = [...state.keys()].filter((path) => !wanted.has(path));
  const reshaped = [...wanted].flatMap(([path, leaf]) => {
    const found = state.get(path)?.shape;
    const expected = fileShape(leaf);
    return found === undefined || found.join() === expected.join()
      ? []
      : [`${path} [${expected}] expected, [${found}] found`];
  });
  const parts = [
    ["missing", missing],
    ["not of this model", unexpected],
    ["of another shape", reshaped],
  ] as const;
  const text = parts
    .filter(([, keys]) => keys.length > 0)
    .map(([what, keys]) => `${keys.length} ${what}: ${some(keys)}`);
  if (text.length === 0) return undefined;
  return `the checkpoint is of another model. Keys ${text.join("; ")}. With strict: false (--no-strict) what fits is taken`;
}

/** The first keys of a list, and how many more there are. */
export function some(keys: readonly string[], shown = 5): string {
  return keys.slice(0, shown).join(", ") + (keys.length > shown ? ` and ${keys.length - shown} more` : "");
}

function specTensors(spec: object, params: object): [string, ParamSpec, tf.Tensor][] {
  const found: [string, ParamSpec, tf.Tensor][] = [];
  for (const [path, leaf] of specLeaves(spec)) found.push([path, leaf, at(params, path)]);
  return found;
}

/** The leaf at a path of a parameter tree. */
export function at(params: object, path: string): tf.Tensor {
  let node: unknown = params;
  for (const key of path.split(".")) node = (node as Record<string, unknown> | undefined)?.[key];
  if (!(node instanceof tf.Tensor)) throw new VitrineError("params", `there is no parameter "${path}"`);
  return node;
}
