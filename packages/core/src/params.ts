// Parameter trees. A model's parameters are a plain typed tree of tensors; the path of a leaf is its key in the reference
// implementation's checkpoint (`blocks.0.attn.qkv.weight`). A spec is the same tree with a description at each leaf, so a
// model can be counted, checked against a file, initialised or traced before any number exists.

import { VitrineError } from "./errors.ts";
import { type Initializer, zeros } from "./init.ts";
import type { Rng } from "./rng.ts";
import { tf } from "./tf.ts";

/**
 * How a parameter lies in checkpoint files (PyTorch's way) against in memory (TensorFlow's way):
 * `linear` [out, in] / [in, out]; `conv` OIHW / HWIO; `depthwise` [C·M, 1, H, W] / [H, W, C, M]; `plain` the same in both.
 * `pixel` is a `conv` of one pixel that is used as a matrix product: compiled steps keep it as [in, out].
 */
export type Layout = "plain" | "linear" | "conv" | "depthwise" | "pixel";

export interface ParamSpec {
  /** Shape in memory. */
  readonly shape: readonly number[];
  readonly init: Initializer;
  readonly layout: Layout;
  /** Weight decay applies: by timm's rule, to matrices and convolutions, not to vectors and position tables. */
  readonly decay: boolean;
  /** False for buffers such as running statistics: saved and loaded, never optimised. */
  readonly trainable: boolean;
  readonly dtype: "float32" | "int32";
}

/** The tree of descriptions of a tree of tensors. */
export type Spec<P> = P extends tf.Tensor
  ? ParamSpec
  : P extends readonly (infer E)[]
    ? Spec<E>[]
    : { [K in keyof P]: Spec<P[K]> };

/** A description of one parameter; options default to what its shape suggests. */
export function param(
  shape: readonly number[],
  init: Initializer = zeros,
  options: Partial<Pick<ParamSpec, "layout" | "decay" | "trainable" | "dtype">> = {},
): ParamSpec {
  return { shape, init, layout: "plain", decay: shape.length > 1, trainable: true, dtype: "float32", ...options };
}

/** A buffer: kept with the parameters, not trained. */
export function buffer(shape: readonly number[], init: Initializer, dtype: ParamSpec["dtype"] = "float32"): ParamSpec {
  return param(shape, init, { decay: false, trainable: false, dtype });
}

type Leaf = ParamSpec | tf.Tensor;

function isLeaf(node: unknown): node is Leaf {
  return node instanceof tf.Tensor || Array.isArray((node as { shape?: unknown }).shape);
}

/** Leaves of a tree with their paths, in the order of the tree. Absent (undefined) branches are passed over. */
export function leaves<T = tf.Tensor>(tree: object): [path: string, leaf: T][] {
  const found: [string, T][] = [];
  const visit = (node: object, path: string): void => {
    if (isLeaf(node)) found.push([path, node as T]);
    else
      for (const [key, child] of Object.entries(node))
        if (child !== undefined) visit(child as object, path === "" ? key : `${path}.${key}`);
  };
  visit(tree, "");
  return found;
}

/** Leaves of a spec with their paths. */
export function specLeaves(spec: object): [path: string, leaf: ParamSpec][] {
  return leaves<ParamSpec>(spec);
}

/** The tree with each leaf replaced by `make(leaf, path)`. */
export function mapLeaves<R extends object>(tree: object, make: (leaf: never, path: string) => unknown, path = ""): R {
  if (isLeaf(tree)) return make(tree as never, path) as R;
  const at = (key: string) => (path === "" ? key : `${path}.${key}`);
  if (Array.isArray(tree)) return tree.map((child, i) => mapLeaves(child, make, at(String(i)))) as unknown as R;
  return Object.fromEntries(
    Object.entries(tree)
      .filter(([, child]) => child !== undefined)
      .map(([key, child]) => [key, mapLeaves(child as object, make, at(key))]),
  ) as R;
}

/** A tree shaped like `spec` whose leaves come from `get(path, spec)`. */
export function buildParams<P extends object>(spec: Spec<P>, get: (path: string, spec: ParamSpec) => unknown): P {
  return mapLeaves<P>(spec as object, (leaf: ParamSpec, path) => get(path, leaf));
}

/** A tree shaped like `spec` with the tensors of `values`. */
export function fromLeaves<P extends object>(spec: Spec<P>, values: ReadonlyMap<string, tf.Tensor>): P {
  return buildParams(spec, (path) => {
    const value = values.get(path);
    if (value === undefined) throw new VitrineError("params", `no value for "${path}"`);
    return value;
  });
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, d) => product * d, 1);
}

/** Number of trainable elements, as papers count them. */
export function countParams(spec: object): number {
  return specLeaves(spec).reduce((sum, [, leaf]) => sum + (leaf.trainable ? sizeOf(leaf.shape) : 0), 0);
}

/** New parameters. Each is drawn from a stream keyed by its path, so adding a layer leaves the others' values alone. */
export function initParams<P extends object>(spec: Spec<P>, rng: Rng): P {
  return buildParams(spec, (path, leaf) => {
    const values = leaf.init(leaf.shape, rng.fold(path));
    return tf.tensor(leaf.dtype === "int32" ? Int32Array.from(values) : values, [...leaf.shape], leaf.dtype);
  });
}

/** @throws VitrineError that names the first parameters which one tree has and the other has not, or in another shape. */
export function requireSameShapes(name: string, present: object, wanted: object): void {
  const shapes = (spec: object) => new Map(specLeaves(spec).map(([path, leaf]) => [path, `[${leaf.shape}]`]));
  const [have, need] = [shapes(present), shapes(wanted)];
  const paths = [...new Set([...have.keys(), ...need.keys()])].filter((path) => have.get(path) !== need.get(path));
  if (paths.length === 0) return;
  const told = paths
    .slice(0, 3)
    .map((path) => `${path} ${have.get(path) ?? "(absent)"} → ${need.get(path) ?? "(absent)"}`);
  const more = paths.length > 3 ? ` and ${paths.length - 3} more` : "";
  const next = "make a model of that configuration, with `state` to take over what fits";
  throw new VitrineError(name, `these options change parameters: ${told.join(", ")}${more}; ${next}`, { usage: true });
}
