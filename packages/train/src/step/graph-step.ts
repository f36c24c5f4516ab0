// The step whose update is part of the graph, in tf ops: works on every engine, and keeps the state on the device. On the
// compiling engine a step without accumulation is one program; on the others the same functions run op by op.

import {
  buildParams,
  fromFile,
  type HostTensor,
  jit,
  leaves,
  type Model,
  type ParamSpec,
  type Spec,
  type State,
  sizeOf,
  specLeaves,
  tf,
  toFile,
  VitrineError,
} from "@vitrine/core";
import { emaDecay } from "../ema.ts";
import { clipByGlobalNorm, globalNorm } from "../optim/clip.ts";
import { buildOptimizer } from "../optim/index.ts";
import type { Step, StepBatch, StepOptions, StepResult, StepSnapshot } from "../step.ts";
import { type ForwardInputs, forwardBackward } from "./forward.ts";
import { stepInputs } from "./pixels.ts";

/** Tensors by path. Plain objects, since they pass through `jit`. */
type Tensors = Record<string, tf.Tensor>;

/** What changes from run to run. */
type Carried = { params: Tensors; fixed: Tensors; optimizer: Tensors; ema: Tensors };
type Rates = { learningRate: tf.Scalar; count: tf.Scalar; emaDecay: tf.Scalar };
type Gradients = { loss: tf.Scalar; logits: tf.Tensor2D; grads: Tensors; buffers: Tensors };
type Applied = { carried: Carried; gradNorm: tf.Scalar; finite: tf.Scalar };

export class GraphStep implements Step {
  readonly #model: Model;
  readonly #options: StepOptions;
  readonly #specs: ReadonlyMap<string, ParamSpec>;
  #carried: Carried;
  #updates = 0;
  #runs = 0;
  readonly #gradients: (carried: Carried, inputs: ForwardInputs) => Gradients;
  readonly #apply: (carried: Carried, gradients: Gradients, rates: Rates) => Applied;
  readonly #whole: (carried: Carried, inputs: ForwardInputs, rates: Rates) => Applied & Omit<Gradients, "grads">;

  constructor(model: Model, options: StepOptions) {
    this.#model = model;
    this.#options = options;
    this.#specs = new Map(specLeaves(model.spec));
    this.#carried = start(model, options);
    if (Object.keys(this.#carried.params).length === 0)
      throw new VitrineError("step", "every parameter is frozen; nothing is left to train", { usage: true });

    const gradients = (carried: Carried, inputs: ForwardInputs) => gradientsOf(model, options, carried, inputs);
    const apply = (carried: Carried, found: Gradients, rates: Rates) =>
      applyGradients(this.#specs, options, carried, found, rates);
    this.#gradients = jit(gradients);
    this.#apply = jit(apply);
    this.#whole = jit((carried, inputs, rates) => {
      const found = gradients(carried, inputs);
      return { loss: found.loss, logits: found.logits, buffers: found.buffers, ...apply(carried, found, rates) };
    });
  }

  run(batches: readonly StepBatch[], { learningRate }: { learningRate: number }): StepResult {
    const samples = batches.reduce((sum, batch) => sum + batch.size, 0);
    const rates = {
      learningRate: tf.scalar(learningRate),
      count: tf.scalar(this.#updates + 1),
      emaDecay: tf.scalar(this.#options.ema === undefined ? 0 : emaDecay(this.#options.ema, this.#updates + 1)),
    };
    const { loss, logits, applied } =
      batches.length === 1 ? this.#runOne(batches[0]!, rates) : this.#runSeveral(batches, samples, rates);
    const finite = applied.finite.dataSync()[0] === 1;
    const gradNorm = applied.gradNorm.dataSync()[0]!;
    tf.dispose([rates, applied.finite, applied.gradNorm] as tf.TensorContainer);
    this.#replace(applied.carried);
    if (finite) this.#updates++;
    return { loss, logits, samples, gradNorm, applied: finite };
  }

  #runOne(batch: StepBatch, rates: Rates): { loss: number; logits: Float32Array[]; applied: Applied } {
    const inputs = this.#inputs(batch);
    const result = this.#whole(this.#carried, inputs, rates);
    const loss = result.loss.dataSync()[0]!;
    const logits = [result.logits.dataSync<"float32">()];
    tf.dispose([inputs, result.loss, result.logits, result.buffers] as tf.TensorContainer);
    return { loss, logits, applied: result };
  }

  /** Gradients of micro-batches summed by their share of the samples, so that the step equals one over all of them. */
  #runSeveral(
    batches: readonly StepBatch[],
    samples: number,
    rates: Rates,
  ): { loss: number; logits: Float32Array[]; applied: Applied } {
    const logits: Float32Array[] = [];
    let sum: Gradients | undefined;
    for (const batch of batches) {
      const inputs = this.#inputs(batch);
      // Running statistics pass from one micro-batch to the next.
      const fixed = { ...this.#carried.fixed, ...sum?.buffers };
      const found = this.#gradients({ ...this.#carried, fixed }, inputs);
      logits.push(found.logits.dataSync<"float32">());
      const previous = sum;
      sum = tf.tidy(() => addShare(previous, found, batch.size / samples) as unknown as tf.TensorContainer) as never;
      tf.dispose([inputs, found, ...(previous === undefined ? [] : [previous])] as tf.TensorContainer);
    }
    const total = sum!;
    const loss = total.loss.dataSync()[0]!;
    const applied = this.#apply(this.#carried, total, rates);
    tf.dispose(total as unknown as tf.TensorContainer);
    return { loss, logits, applied };
  }

  #inputs(batch: StepBatch): ForwardInputs {
    const { size, targets } = batch;
    const teacher = this.#options.distillation?.teacher(batch);
    return {
      ...stepInputs(batch),
      targets: tf.tensor2d(targets, [size, targets.length / size]),
      key: tf.tensor1d([this.#options.seed, this.#runs++], "int32"),
      ...(teacher && { teacher: tf.tensor2d(teacher, [size, teacher.length / size]) }),
    };
  }

  #replace(carried: Carried): void {
    tf.dispose(this.#carried as unknown as tf.TensorContainer);
    this.#carried = carried;
  }

  expose(which: "params" | "ema"): void {
    const { params, fixed, ema } = this.#carried;
    const shown: Tensors = { ...fixed, ...params, ...(which === "ema" ? ema : {}) };
    const old = this.#model.params;
    this.#model.params = buildParams(this.#model.spec as Spec<object>, (path) => shown[path]!.clone());
    tf.dispose(old as tf.TensorContainer);
  }

  snapshot(): StepSnapshot {
    const { params, fixed, ema, optimizer } = this.#carried;
    const moments = Object.entries(optimizer).map(([key, tensor]): [string, HostTensor] => [
      key,
      { shape: [tensor.size], data: (tensor.dataSync() as Float32Array).slice() },
    ]);
    const snapshot: StepSnapshot = {
      params: this.#state({ ...fixed, ...params }),
      optimizer: new Map(moments),
      updates: this.#updates,
      runs: this.#runs,
    };
    if (this.#options.ema !== undefined) snapshot.ema = this.#state({ ...fixed, ...params, ...ema });
    return snapshot;
  }

  #state(tensors: Tensors): State {
    const state: State = new Map();
    for (const [path, spec] of this.#specs) {
      const stored = toFile(spec, tensors[path]!.dataSync() as Float32Array | Int32Array);
      state.set(path, { shape: stored.shape, data: stored.data.slice() });
    }
    return state;
  }

  restore(snapshot: StepSnapshot): void {
    const carried = this.#carried;
    const stored = (state: State, path: string) => {
      const spec = this.#specs.get(path)!;
      const saved = state.get(path);
      if (saved === undefined || saved.data.length !== sizeOf(spec.shape))
        throw new VitrineError(
          "resume",
          `the saved state has no "${path}" of shape [${spec.shape}]; it is of another model`,
        );
      return tf.tensor(fromFile(spec, saved).slice(), [...spec.shape], spec.dtype);
    };
    const moment = (key: string, tensor: tf.Tensor) => {
      const saved = snapshot.optimizer.get(key);
      if (saved === undefined || saved.data.length !== tensor.size)
        throw new VitrineError(
          "resume",
          `the saved optimizer state has no "${key}"; resume with the first run's optimizer`,
        );
      return tf.tensor(saved.data.slice(), tensor.shape, "float32");
    };
    const mapped = (tensors: Tensors, make: (path: string, tensor: tf.Tensor) => tf.Tensor): Tensors =>
      Object.fromEntries(Object.entries(tensors).map(([path, tensor]) => [path, make(path, tensor)]));
    this.#replace({
      params: mapped(carried.params, (path) => stored(snapshot.params, path)),
      fixed: mapped(carried.fixed, (path) => stored(snapshot.params, path)),
      optimizer: mapped(carried.optimizer, moment),
      ema: mapped(carried.ema, (path) => stored(snapshot.ema ?? snapshot.params, path)),
    });
    this.#updates = snapshot.updates;
    this.#runs = snapshot.runs;
  }

  dispose(): void {
    tf.dispose(this.#carried as unknown as tf.TensorContainer);
  }
}

/** The state before the first step. */
function start(model: Model, options: StepOptions): Carried {
  const carried: Carried = { params: {}, fixed: {}, optimizer: {}, ema: {} };
  const specs = new Map(specLeaves(model.spec));
  for (const [path, tensor] of leaves(model.params)) {
    const spec = specs.get(path)!;
    const trained = spec.trainable && !(options.frozen?.(path) ?? false);
    (trained ? carried.params : carried.fixed)[path] = tensor.clone();
    const averaged = options.ema !== undefined && spec.dtype === "float32" && (trained || !spec.trainable);
    if (averaged) carried.ema[path] = tensor.clone();
  }
  carried.optimizer = Object.fromEntries(
    buildOptimizer(options.optimizer).init(new Map(Object.entries(carried.params))),
  );
  return carried;
}

function gradientsOf(model: Model, options: StepOptions, carried: Carried, inputs: ForwardInputs): Gradients {
  const trained = new Map(Object.entries(carried.params));
  const rebuild = (values: ReadonlyMap<string, tf.Tensor>) =>
    buildParams(model.spec as Spec<object>, (path) => values.get(path) ?? carried.fixed[path]);
  const { loss, logits, grads, buffers } = forwardBackward(model, trained, rebuild, inputs, options);
  return { loss, logits, grads: Object.fromEntries(grads), buffers: Object.fromEntries(buffers) };
}

function addShare(sum: Gradients | undefined, found: Gradients, share: number): Gradients {
  const add = <T extends tf.Tensor>(a: T | undefined, b: T): T =>
    a === undefined ? tf.mul(b, share) : tf.add(a, tf.mul(b, share));
  return {
    loss: add(sum?.loss, found.loss),
    logits: found.logits.clone(),
    grads: Object.fromEntries(Object.entries(found.grads).map(([path, grad]) => [path, add(sum?.grads[path], grad)])),
    buffers: Object.fromEntries(Object.entries(found.buffers).map(([path, value]) => [path, value.clone()])),
  };
}

/** Clips, updates and averages; where something is not finite, everything stays as it was. */
function applyGradients(
  specs: ReadonlyMap<string, ParamSpec>,
  options: StepOptions,
  carried: Carried,
  { loss, grads, buffers }: Gradients,
  { learningRate, count, emaDecay }: Rates,
): Applied {
  const found = new Map(Object.entries(grads));
  const { grads: clipped, norm } =
    options.clipNorm === undefined
      ? { grads: found, norm: globalNorm(found) }
      : clipByGlobalNorm(found, options.clipNorm);
  const finite = tf.logicalAnd(tf.isFinite(loss), tf.isFinite(norm)) as tf.Scalar;
  const keepOld = <T extends tf.Tensor>(fresh: T, old: T): T => tf.where(finite, fresh, old);
  const each = (fresh: ReadonlyMap<string, tf.Tensor>, old: Tensors): Tensors =>
    Object.fromEntries(Object.entries(old).map(([path, before]) => [path, keepOld(fresh.get(path) ?? before, before)]));

  const updated = buildOptimizer(options.optimizer).update(
    clipped,
    new Map(Object.entries(carried.optimizer)),
    new Map(Object.entries(carried.params)),
    { learningRate, count, decays: (path) => specs.get(path)!.decay, rateScale: options.rateScale ?? (() => 1) },
  );
  const params = each(updated.params, carried.params);
  const fixed = each(new Map(Object.entries(buffers)), carried.fixed);
  const now: Tensors = { ...fixed, ...params };
  const ema = Object.entries(carried.ema).map(([path, average]) => {
    const moved = tf.add(tf.mul(average, emaDecay), tf.mul(now[path]!, tf.sub(1, emaDecay)));
    return [path, keepOld(moved, average)];
  });
  return {
    carried: { params, fixed, optimizer: each(updated.state, carried.optimizer), ema: Object.fromEntries(ema) },
    gradNorm: norm,
    finite: tf.cast(finite, "int32"),
  };
}
