// A golden case: a small model made with a reference implementation, its weights, an input, and what came out. Three files
// in a folder: case.json, weights.safetensors, io.safetensors (scripts/fixtures/README.md tells what is in them).

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type State, tf, VitrineError } from "@vitrine/core";
import { type Checkpoint, parseSafetensors } from "@vitrine/core/node";

export interface Bound {
  rtol?: number;
  atol: number;
}

/** What of case.json is read. */
export interface CaseDescription {
  reference: string;
  family: string;
  case: string;
  model: string;
  /** Overrides of the reference's constructor, under its own names. */
  kwargs: Record<string, unknown>;
  img_size: [number, number];
  /** The size that the position table is stored for, where it is not `img_size`. */
  weights_img_size?: [number, number];
  in_chans: number;
  num_classes: number;
  params: number;
  train: boolean;
  loss?: string;
  grad_norm: number;
  tolerance: {
    logits: Bound;
    features: Bound;
    inter: Bound;
    loss: Bound;
    grad: { rel_l2: number };
    bn: Bound;
    step1: Bound;
  };
  zero_grad_params?: string[];
  noisy_grad_params?: Record<string, number>;
  params_without_grad?: string[];
  /** Modules whose output is another's, stored once: name → the other. */
  inter_same_as?: Record<string, string>;
  step1?: {
    lr: number;
    weight_decay: number;
    betas: [number, number];
    eps: number;
    params: string[];
    compare_where_abs_grad_at_least: number;
  };
}

export interface Golden {
  folder: string;
  about: CaseDescription;
  weights: State;
  io: Checkpoint<"sync">;
}

export function isGolden(folder: string): boolean {
  return existsSync(join(folder, "case.json"));
}

/** Golden cases of a folder, by name. */
export function goldenFolders(url: URL): [name: string, folder: string][] {
  const root = fileURLToPath(url);
  return readdirSync(root)
    .map((name): [string, string] => [name, join(root, name)])
    .filter(([, folder]) => isGolden(folder));
}

/** Reads a case. @throws VitrineError where a file is absent or broken. */
export function readGolden(folder: string): Golden {
  const read = (name: string) => {
    const file = join(folder, name);
    if (!existsSync(file)) throw new VitrineError(file, "a golden case needs this file");
    return readFileSync(file);
  };
  const about = JSON.parse(read("case.json").toString()) as CaseDescription;
  const weights = stateFrom(parseSafetensors(read("weights.safetensors"), join(folder, "weights.safetensors")));
  const io = parseSafetensors(read("io.safetensors"), join(folder, "io.safetensors"));
  return { folder, about, weights, io };
}

/** Every tensor of a checkpoint: floats as float32, integers as int32. */
export function stateFrom(checkpoint: Checkpoint<"sync">): State {
  const isFloat = (dtype: string) => /^B?F/.test(dtype);
  return new Map(
    [...checkpoint.header].map(([name, { dtype, shape }]) => {
      const data = isFloat(dtype) ? checkpoint.readFloat32(name) : Int32Array.from(checkpoint.readNumbers(name));
      return [name, { shape, data }];
    }),
  );
}

/** The constructor's arguments as options of our model: the same names in camel case, inside nested objects too. */
export function optionsOf(about: CaseDescription): Record<string, unknown> {
  const { in_chans: inChans, num_classes: numClasses } = about;
  // timm's create_model leaves out arguments that are None, so that the variant's own stand.
  const ofTimm = about.reference.startsWith("timm ");
  const given = Object.entries(about.kwargs).filter(([, value]) => !(ofTimm && value === null));
  const kwargs = camelCased(Object.fromEntries(given)) as Record<string, unknown>;
  return { inChans, numClasses, imgSize: about.weights_img_size ?? about.img_size, ...kwargs };
}

function camelCased(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelCased);
  if (typeof value !== "object" || value === null) return value;
  const camel = (key: string) => key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [camel(key), camelCased(inner)]));
}

/** The input images, [B, H, W, C]. */
export function imagesOf(golden: Pick<Golden, "io">): tf.Tensor4D {
  return tf.tidy(() => tf.transpose(tensorOf(golden, "x"), [0, 2, 3, 1]) as tf.Tensor4D);
}

/** A stored tensor as it is: floats as float32, integers as int32. @throws VitrineError where the case does not hold it. */
export function tensorOf({ io }: Pick<Golden, "io">, name: string): tf.Tensor {
  const info = io.header.get(name);
  if (info === undefined) throw new VitrineError("golden", `the case holds no "${name}"`);
  return /^B?F/.test(info.dtype)
    ? tf.tensor(io.readFloat32(name), [...info.shape])
    : tf.tensor(Int32Array.from(io.readNumbers(name)), [...info.shape], "int32");
}

/** The labels as one-hot rows, [B, classes]. */
export function labelsOf({ io, about }: Pick<Golden, "io" | "about">): tf.Tensor2D {
  const labels = Int32Array.from(io.readNumbers("labels"));
  return tf.tidy(() => tf.oneHot(tf.tensor1d(labels, "int32"), about.num_classes, 1, 0, "float32") as tf.Tensor2D);
}
