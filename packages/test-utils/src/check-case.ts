// Compares anything that has a golden case with its reference: outputs, intermediates, loss, all gradients, running
// statistics, and one step of AdamW. What runs is a `Subject`; a model of images with labels is one (check-golden.ts).

import {
  inference,
  jit,
  leaves,
  type Mode,
  type ParamSpec,
  specLeaves,
  tf,
  toFile,
  trainingMode,
  VitrineError,
} from "@vitrine/core";
import { compareTensor, missing, norm } from "./compare.ts";
import type { Golden } from "./golden.ts";
import { attempts, mayBeKink, nudge } from "./kinks.ts";

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
  /** Met with the weights moved by a unit in the last place (kinks.ts). */
  nudged?: boolean;
}

/** Tensors under the names they are stored by; `name#other` is compared with `name` too. */
export type Outputs = Record<string, tf.Tensor>;

/** What a case is run with: parameters, the case's inputs as tensors, and what is computed from them. */
export interface Subject<P extends object = object, I extends Outputs = Outputs> {
  spec: object;
  params: P;
  inputs: I;
  /** Evaluation. Intermediates go to `mode.taps`, by their names in the case without `inter.`. */
  infer(params: P, inputs: I, mode: Mode): Outputs;
  /** Training: the loss, and outputs that are stored under `train_...`. Needed where the case has gradients. */
  train?(params: P, inputs: I, mode: Mode): { loss: tf.Scalar; outputs: Outputs };
}

/** All comparisons that a case holds, on the current backend. Disposes the subject's inputs and parameters. */
export async function checkCase<P extends object, I extends Outputs>(
  subject: Subject<P, I>,
  golden: Golden,
): Promise<Check[]> {
  const checks = [...(await checkInference(subject, golden)), ...(await checkTraining(subject, golden))];
  tf.dispose([subject.inputs, subject.params] as unknown as tf.TensorContainer);
  return checks;
}

/** Features have a column of their own; every other output counts as logits. */
function quantityOf(name: string): Quantity {
  return name === "features" || name === "pre_logits" ? "features" : "logits";
}

async function checkOutputs(outputs: Outputs, { io, about }: Golden): Promise<Check[]> {
  const checks: Check[] = [];
  for (const [key, tensor] of Object.entries(outputs)) {
    const name = key.replace(/#.*/, "");
    const quantity = quantityOf(name);
    checks.push(
      await compareTensor(quantity, name, tensor, io, about.tolerance[quantity === "features" ? "features" : "logits"]),
    );
  }
  return checks;
}

async function checkInference<P extends object, I extends Outputs>(
  subject: Subject<P, I>,
  golden: Golden,
): Promise<Check[]> {
  const { about, io } = golden;
  const same = about.inter_same_as ?? {};
  const kept: tf.Tensor[] = [];
  const forward = jit((params: P, inputs: I) => {
    const taps = new Map<string, tf.Tensor>();
    const outputs = subject.infer(params, inputs, { ...inference, taps });
    const stored = [...taps].filter(([path]) => io.header.has(`inter.${path}`) || path in same);
    const wanted = new Set([...Object.values(outputs), ...stored.map(([, tensor]) => tensor)]);
    tf.dispose([...taps.values()].filter((tensor) => !wanted.has(tensor)));
    kept.push(...wanted);
    return { outputs, inter: Object.fromEntries(stored) };
  });
  const { outputs, inter } = forward(subject.params, subject.inputs);

  const checks = await checkOutputs(outputs, golden);
  for (const stored of [...io.header.keys()].filter((name) => name.startsWith("inter."))) {
    const tensor = inter[stored.slice("inter.".length)];
    const note = "the model keeps no such intermediate";
    checks.push(
      tensor ? await compareTensor("inter", stored, tensor, io, about.tolerance.inter) : missing("inter", stored, note),
    );
  }
  // The same numbers under another name: compared where the model keeps them under it too.
  for (const [name, other] of Object.entries(same))
    if (inter[name])
      checks.push(await compareTensor("inter", `inter.${other}`, inter[name], io, about.tolerance.inter));
  // Where the function was traced, what it kept is not what it gave back.
  tf.dispose([outputs, inter, kept] as unknown as tf.TensorContainer);
  return checks;
}

async function checkTraining<P extends object, I extends Outputs>(
  subject: Subject<P, I>,
  golden: Golden,
): Promise<Check[]> {
  const { about } = golden;
  if (!about.train) return [];
  const { train } = subject;
  if (train === undefined) throw new VitrineError(golden.folder, `nothing here trains with the loss "${about.loss}"`);
  const kept: tf.Tensor[] = [];
  const step = trainStep(subject, train, golden, kept);
  const compare = async (params: P) => {
    const out = step(params, subject.inputs);
    const checks = await compareStep(subject, out, golden);
    tf.dispose([out, kept.splice(0)] as unknown as tf.TensorContainer);
    return checks;
  };
  const checks = await compare(subject.params);
  if (!mayBeKink(checks)) return checks;
  for (let seed = 1; seed <= attempts; seed++) {
    const params = await nudge(subject.params, seed);
    const again = await compare(params);
    tf.dispose(params as unknown as tf.TensorContainer);
    if (again.every(({ ok }) => ok)) return again.map((check) => ({ ...check, nudged: true }));
  }
  return checks;
}

/** What a training step gives. */
interface Stepped {
  loss: tf.Tensor;
  outputs: Outputs;
  gradients: Outputs;
  stepped: Outputs;
  updates: Outputs;
}

async function compareStep({ spec: tree }: Pick<Subject, "spec">, out: Stepped, golden: Golden): Promise<Check[]> {
  const { about, io } = golden;
  const { tolerance } = about;
  const checks = [await compareTensor("loss", "loss", out.loss, io, tolerance.loss)];
  checks.push(...(await checkOutputs(out.outputs, golden)));
  for (const name of io.header.keys())
    if (/^train_/.test(name) && !(name in out.outputs))
      checks.push(missing("logits", name, "the model has no such output"));

  for (const name of io.header.keys()) {
    if (!name.startsWith("bn.")) continue;
    const value = out.updates[name.slice("bn.".length)];
    const note = "the model gives no new value of this statistic";
    checks.push(
      value ? await compareTensor("statistics", name, value, io, tolerance.bn) : missing("statistics", name, note),
    );
  }
  const specs = new Map(specLeaves(tree));
  for (const [path, spec] of specs)
    if (spec.trainable) checks.push(await checkGradient(path, spec, out.gradients[path], golden));
  for (const path of about.step1?.params ?? []) {
    const value = out.stepped[path];
    checks.push(
      value ? await checkStep(path, specs.get(path)!, value, golden) : missing("step", path, "no such parameter"),
    );
  }
  return checks;
}

/** Loss, outputs, gradients and the parameters after one step of AdamW (decay of every parameter, no momentum yet). */
function trainStep<P extends object, I extends Outputs>(
  subject: Subject<P, I>,
  train: NonNullable<Subject<P, I>["train"]>,
  { about }: Golden,
  kept: tf.Tensor[],
) {
  return jit((params: P, inputs: I) => {
    const spec = new Map(specLeaves(subject.spec));
    const trained = leaves(params).filter(([path]) => spec.get(path)!.trainable);
    const mode = trainingMode();
    let outputs: Outputs = {};
    const { value, grads } = tf.engine().gradients(
      () => {
        const result = train(params, inputs, mode);
        outputs = Object.fromEntries(Object.entries(result.outputs).map(([name, tensor]) => [name, tf.keep(tensor)]));
        return result.loss;
      },
      trained.map(([, tensor]) => tensor),
      undefined,
      true,
    );
    kept.push(...Object.values(outputs), ...(mode.updates?.values() ?? []));
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
    return { loss: value, outputs, gradients, stepped, updates: Object.fromEntries(mode.updates ?? []) };
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
