// Runs a model on a golden case and measures how far it is from the reference: logits, features, intermediates, loss, all
// gradients, running statistics, and one step of AdamW.

import {
  type BaseConfig,
  createModel,
  type Family,
  inference,
  jit,
  leaves,
  type Model,
  type ModelOptions,
  type ParamSpec,
  specLeaves,
  tf,
  toFile,
  trainingMode,
  VitrineError,
} from "@vitrine/core";
import { type Bound, type Golden, imagesOf, labelsOf, optionsOf } from "./golden.ts";
import { meanCrossEntropy } from "./train-batch.ts";

export type Quantity = "logits" | "features" | "inter" | "loss" | "gradients" | "statistics" | "step";

/** One comparison. */
export interface Check {
  quantity: Quantity;
  /** The stored tensor. */
  name: string;
  /** Largest absolute difference; of gradients the relative L2 distance. */
  error: number;
  ok: boolean;
  /** Why there is nothing to compare. */
  note?: string;
}

export type AnyFamily = Family<BaseConfig, object>;

/** All comparisons that a case holds, on the current backend. */
export async function checkGolden(family: AnyFamily, golden: Golden): Promise<Check[]> {
  const model = modelOf(family, golden);
  const images = imagesOf(golden);
  const checks = [...(await checkInference(model, golden, images)), ...(await checkTraining(model, golden, images))];
  tf.dispose([images, model.params as tf.TensorContainer]);
  return checks;
}

function modelOf(family: AnyFamily, { about, weights, folder, io }: Golden): Model {
  const options = { ...optionsOf(about), state: weights, stateName: folder } as ModelOptions<BaseConfig>;
  // timm switches this on by a method, so it is not among the constructor's arguments.
  const apart = io.header.has("train_logits.1") && "distilledTraining" in family.defaults;
  return createModel(family, about.model, apart ? Object.assign(options, { distilledTraining: true }) : options);
}

async function checkInference(model: Model, { about, io }: Golden, images: tf.Tensor4D): Promise<Check[]> {
  const same = about.inter_same_as ?? {};
  const kept: tf.Tensor[] = [];
  const forward = jit((params: object, x: tf.Tensor4D) => {
    const taps = new Map<string, tf.Tensor>();
    const features = model.features(x, { ...inference, taps }, params);
    const stored = [...taps].filter(([path]) => io.header.has(`inter.${path}`) || path in same);
    const wanted = new Set([features, ...stored.map(([, tensor]) => tensor)]);
    tf.dispose([...taps.values()].filter((tensor) => !wanted.has(tensor)));
    kept.push(...wanted);
    return {
      features,
      logits: model.logits(x, inference, params),
      logitsOfFeatures: model.head(features, inference, {}, params),
      preLogits: model.head(features, inference, { preLogits: true }, params),
      inter: Object.fromEntries(stored),
    };
  });
  const out = forward(model.params, images);
  const { tolerance } = about;

  const checks = [
    await compare("logits", "logits", out.logits, io, tolerance.logits),
    await compare("logits", "logits", out.logitsOfFeatures, io, tolerance.logits),
    ...(io.header.has("features") ? [await compare("features", "features", out.features, io, tolerance.features)] : []),
    ...(io.header.has("pre_logits")
      ? [await compare("features", "pre_logits", out.preLogits, io, tolerance.features)]
      : []),
  ];
  for (const stored of [...io.header.keys()].filter((name) => name.startsWith("inter."))) {
    const tensor = out.inter[stored.slice("inter.".length)];
    const note = "the model keeps no such intermediate";
    checks.push(tensor ? await compare("inter", stored, tensor, io, tolerance.inter) : missing("inter", stored, note));
  }
  // The same numbers under another name: compared where the model keeps them under it too.
  for (const [name, other] of Object.entries(same))
    if (out.inter[name]) checks.push(await compare("inter", `inter.${other}`, out.inter[name], io, tolerance.inter));
  // Where the function was traced, what it kept is not what it gave back.
  tf.dispose([out as unknown as tf.TensorContainer, kept]);
  return checks;
}

async function checkTraining(model: Model, golden: Golden, images: tf.Tensor4D): Promise<Check[]> {
  const { about, io } = golden;
  if (!about.train) return [];
  if (!/^cross entropy/.test(about.loss ?? "")) throw new VitrineError(golden.folder, `unknown loss "${about.loss}"`);
  const labels = labelsOf(golden);
  const kept: tf.Tensor[] = [];
  const out = trainStep(model, golden, kept)(model.params, images, labels);
  const { tolerance } = about;
  const checks = [await compare("loss", "loss", out.loss, io, tolerance.loss)];
  for (const [i, logits] of out.heads.entries())
    checks.push(await compare("logits", i === 0 ? "train_logits" : `train_logits.${i}`, logits, io, tolerance.logits));
  if (io.header.has(`train_logits.${out.heads.length}`))
    checks.push(missing("logits", `train_logits.${out.heads.length}`, "the model has no such head"));

  for (const name of io.header.keys()) {
    if (!name.startsWith("bn.")) continue;
    const value = out.updates[name.slice("bn.".length)];
    const note = "the model gives no new value of this statistic";
    checks.push(value ? await compare("statistics", name, value, io, tolerance.bn) : missing("statistics", name, note));
  }
  const specs = new Map(specLeaves(model.spec));
  for (const [path, spec] of specs)
    if (spec.trainable) checks.push(await checkGradient(path, spec, out.gradients[path], golden));
  for (const path of about.step1?.params ?? []) {
    const value = out.stepped[path];
    checks.push(
      value ? await checkStep(path, specs.get(path)!, value, golden) : missing("step", path, "no such parameter"),
    );
  }
  tf.dispose([labels, out as unknown as tf.TensorContainer, kept]);
  return checks;
}

/** Loss, logits, gradients and the parameters after one step of AdamW (decay of every parameter, no momentum yet). */
function trainStep(model: Model, { about }: Golden, kept: tf.Tensor[]) {
  return jit((params: object, x: tf.Tensor4D, labels: tf.Tensor2D) => {
    const spec = new Map(specLeaves(model.spec));
    const trained = leaves(params).filter(([path]) => spec.get(path)!.trainable);
    const mode = trainingMode();
    let heads: tf.Tensor2D[] = [];
    const { value, grads } = tf.engine().gradients(
      () => {
        heads = model.heads(x, mode, params).map((logits) => tf.keep(logits));
        return meanCrossEntropy(heads, labels);
      },
      trained.map(([, tensor]) => tensor),
      undefined,
      true,
    );
    kept.push(...heads, ...(mode.updates?.values() ?? []));
    const reached = trained.flatMap(([path, tensor], i) => (grads[i] ? [{ path, tensor, gradient: grads[i] }] : []));
    const gradients = Object.fromEntries(reached.map(({ path, gradient }) => [path, gradient]));
    const { lr = 0, weight_decay: decay = 0, eps = 1e-8 } = about.step1 ?? {};
    // With both averages empty, the bias corrections leave the gradient and its square.
    const stepped = Object.fromEntries(
      reached.map(({ path, tensor, gradient }) => [
        path,
        tf.sub(tf.mul(tensor, 1 - lr * decay), tf.mul(lr, tf.div(gradient, tf.add(tf.abs(gradient), eps)))),
      ]),
    );
    return { loss: value, heads, gradients, stepped, updates: Object.fromEntries(mode.updates ?? []) };
  });
}

async function checkGradient(
  path: string,
  spec: ParamSpec,
  gradient: tf.Tensor | undefined,
  { about, io }: Golden,
): Promise<Check> {
  const name = `grad.${path}`;
  const unreached = about.params_without_grad?.includes(path) ?? false;
  if (gradient === undefined)
    return unreached || !io.header.has(name)
      ? { quantity: "gradients", name, error: 0, ok: unreached }
      : missing("gradients", name, "no gradient reaches this parameter");
  const found = toFile(spec, (await gradient.data()) as Float32Array).data;
  const expected = unreached ? new Float32Array(found.length) : io.readFloat32(name);
  const distance = norm(found.map((value, i) => value - expected[i]!));
  if (unreached || about.zero_grad_params?.includes(path)) {
    const error = distance / about.grad_norm;
    return { quantity: "gradients", name, error, ok: error <= 1e-5 };
  }
  const noise = about.noisy_grad_params?.[path] ?? 0;
  const error = distance / norm(expected);
  return { quantity: "gradients", name, error, ok: error <= Math.max(about.tolerance.grad.rel_l2, 5 * noise) };
}

/** Only where the gradient is more than rounding: elsewhere its sign, and so the step, may be either. */
async function checkStep(path: string, spec: ParamSpec, value: tf.Tensor, { about, io }: Golden): Promise<Check> {
  const found = toFile(spec, (await value.data()) as Float32Array).data;
  const expected = io.readFloat32(`step1.${path}`);
  const gradient = io.readFloat32(`grad.${path}`);
  const least = about.step1!.compare_where_abs_grad_at_least;
  let error = 0;
  for (let i = 0; i < found.length; i++)
    if (Math.abs(gradient[i]!) >= least) error = Math.max(error, Math.abs(found[i]! - expected[i]!));
  return { quantity: "step", name: `step1.${path}`, error, ok: error <= about.tolerance.step1.atol };
}

/** Compares with a stored tensor; of intermediates the first image alone is stored. */
async function compare(
  quantity: Quantity,
  name: string,
  tensor: tf.Tensor,
  io: Golden["io"],
  { rtol = 0, atol }: Bound,
): Promise<Check> {
  const info = io.header.get(name);
  if (info === undefined) return missing(quantity, name, "the case does not hold it");
  const expected = io.readFloat32(name);
  const laidOut = tf.tidy(() => layOut(quantity === "inter" ? tf.slice(tensor, 0, 1) : tensor, info.shape));
  if (laidOut === undefined) return missing(quantity, name, `shape [${info.shape}] expected, [${tensor.shape}] found`);
  const found = await laidOut.data();
  laidOut.dispose();
  let error = 0;
  let ok = true;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(found[i]! - expected[i]!);
    // Written so that NaN is a miss.
    if (!(difference <= atol + rtol * Math.abs(expected[i]!))) ok = false;
    if (!(difference <= error)) error = difference;
  }
  return { quantity, name, error, ok };
}

/** A tensor of ours as the reference lays it out: maps are NHWC here and may be NCHW there, or flattened to tokens. */
function layOut(tensor: tf.Tensor, shape: readonly number[]): tf.Tensor | undefined {
  const same = (other: readonly number[]) => other.length === shape.length && other.every((d, i) => d === shape[i]);
  if (same(tensor.shape)) return tf.clone(tensor);
  const [b, h, w, c] = tensor.shape as [number, number, number, number];
  if (tensor.rank === 4 && same([b, c, h, w])) return tf.transpose(tensor, [0, 3, 1, 2]);
  const size = shape.reduce((product, d) => product * d, 1);
  return tensor.size === size && shape.at(-1) === tensor.shape.at(-1) ? tf.reshape(tensor, [...shape]) : undefined;
}

function missing(quantity: Quantity, name: string, note: string): Check {
  return { quantity, name, error: Number.NaN, ok: false, note };
}

function norm(values: Float32Array | Int32Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum);
}
