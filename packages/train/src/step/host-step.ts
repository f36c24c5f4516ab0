// The step whose update runs on the host: the graph gives gradients, WebAssembly kernels update parameters and moments in
// place. Fastest on a CPU: half the nodes, and no second copy of the state.

import {
  buildParams,
  type HostTensor,
  leaves,
  type Model,
  type ParamSpec,
  type Spec,
  type State,
  sizeOf,
  specLeaves,
  tf,
  VitrineError,
} from "@vitrine/core";
import {
  createLocalProgram,
  currentBackend,
  type HostData,
  type Perm,
  type Program,
  type TraceInput,
  trace,
} from "@vitrine/onnx";
import { emaDecay } from "../ema.ts";
import type { Step, StepBatch, StepOptions, StepResult, StepSnapshot } from "../step.ts";
import { FlatStore } from "./arena.ts";
import { forwardBackward } from "./forward.ts";
import { type HostOptimizer, hostOptimizer } from "./host-update.ts";
import { fromLogical, fromStored, physicalPerm, toStored } from "./physical.ts";
import { extraInputs } from "./pixels.ts";

type Numbers = Float32Array | Int32Array;

interface Leaf {
  path: string;
  spec: ParamSpec;
}

/** A compiled step for one shape of micro-batch. */
interface Compiled {
  program: Program;
  /** Where each output goes. */
  results: (HostData | undefined)[];
}

export class HostStep implements Step {
  readonly #model: Model;
  readonly #options: StepOptions;
  readonly #optimizer: HostOptimizer;
  readonly #store: FlatStore;
  readonly #trained: Leaf[];
  /** Parameters that stay, and buffers. */
  readonly #fixed = new Map<string, { leaf: Leaf; data: Numbers; ema?: Float32Array }>();
  readonly #compiled = new Map<string, Compiled>();
  #updates = 0;
  #runs = 0;

  constructor(model: Model, options: StepOptions) {
    this.#model = model;
    this.#options = options;
    this.#optimizer = hostOptimizer(options.optimizer);
    const all = specLeaves(model.spec).map(([path, spec]): Leaf => ({ path, spec }));
    this.#trained = all.filter(({ path, spec }) => spec.trainable && !(options.frozen?.(path) ?? false));
    if (this.#trained.length === 0)
      throw new VitrineError("step", "every parameter is frozen; nothing is left to train", { usage: true });
    this.#store = new FlatStore(
      this.#trained.map(({ path, spec }) => ({
        path,
        size: sizeOf(spec.shape),
        decay: spec.decay,
        rateScale: options.rateScale?.(path) ?? 1,
      })),
      ["params", "grads", ...this.#optimizer.moments, "sum", ...(options.ema === undefined ? [] : ["ema"])],
    );
    const values = new Map(leaves(model.params));
    for (const { path, spec } of this.#trained) {
      const numbers = fromLogical(spec, values.get(path)!.dataSync() as Float32Array) as Float32Array;
      this.#store.view("params", path).set(numbers);
      if (options.ema !== undefined) this.#store.view("ema", path).set(numbers);
    }
    const trained = new Set(this.#trained.map(({ path }) => path));
    for (const leaf of all) {
      if (trained.has(leaf.path)) continue;
      const data = fromLogical(leaf.spec, values.get(leaf.path)!.dataSync() as Numbers).slice() as Numbers;
      const average = options.ema !== undefined && !leaf.spec.trainable && data instanceof Float32Array;
      this.#fixed.set(leaf.path, average ? { leaf, data, ema: data.slice() } : { leaf, data });
    }
  }

  run(batches: readonly StepBatch[], { learningRate }: { learningRate: number }): StepResult {
    const samples = batches.reduce((sum, batch) => sum + batch.size, 0);
    const logits: Float32Array[] = [];
    const buffers = new Map<string, Numbers>();
    let loss = 0;
    batches.forEach((batch, i) => {
      const outcome = this.#forward(batch, buffers);
      const share = batch.size / samples;
      loss += outcome.loss * share;
      logits.push(outcome.logits);
      if (batches.length > 1)
        for (const arena of this.#store.arenas) {
          if (i === 0) arena.clear("sum");
          arena.kernels.blend(arena.base("sum"), arena.base("grads"), arena.length, 1, share);
        }
      this.#runs++;
    });
    const region = batches.length > 1 ? "sum" : "grads";
    let squares = 0;
    for (const arena of this.#store.arenas) squares += arena.kernels.sumSquares(arena.base(region), arena.length);
    const gradNorm = Math.sqrt(squares);
    const applied = Number.isFinite(loss) && Number.isFinite(gradNorm);
    if (applied) this.#update(region, gradNorm, learningRate, buffers);
    return { loss, logits, samples, gradNorm, applied };
  }

  #update(region: string, gradNorm: number, learningRate: number, buffers: ReadonlyMap<string, Numbers>): void {
    const { clipNorm, ema } = this.#options;
    const scale = clipNorm === undefined ? 1 : Math.min(1, clipNorm / (gradNorm + 1e-6));
    this.#updates++;
    const run = { learningRate, count: this.#updates, grads: region, scale };
    for (const arena of this.#store.arenas) this.#optimizer.update(arena, run);
    for (const [path, numbers] of buffers) this.#fixed.get(path)!.data.set(numbers);
    if (ema === undefined) return;
    const decay = emaDecay(ema, this.#updates);
    for (const arena of this.#store.arenas)
      arena.kernels.blend(arena.base("ema"), arena.base("params"), arena.length, decay, 1 - decay);
    for (const { data, ema: average } of this.#fixed.values())
      if (average !== undefined)
        for (let i = 0; i < average.length; i++) average[i] = average[i]! * decay + data[i]! * (1 - decay);
  }

  #forward(batch: StepBatch, buffers: Map<string, Numbers>): { loss: number; logits: Float32Array } {
    const { program, results } = this.#compile(batch);
    const { seed, distillation } = this.#options;
    const feeds: HostData[] = [
      ...this.#trained.map(({ path }) => this.#store.view("params", path)),
      ...[...this.#fixed].map(([path, { data }]) => buffers.get(path) ?? data),
      batch.images,
      batch.targets,
      Int32Array.of(seed, this.#runs),
      ...extraInputs(batch).map(({ data }) => data),
      ...(distillation === undefined ? [] : [distillation.teacher(batch)]),
    ];
    const outputs = program.run(feeds, results);
    program.graph.outputs.forEach(({ name }, i) => {
      if (name.startsWith("buffer/")) buffers.set(name.slice("buffer/".length), outputs[i] as Numbers);
    });
    const named = (name: string) => outputs[program.graph.outputs.findIndex((port) => port.name === name)]!;
    return { loss: Number(named("loss")[0]), logits: named("logits") as Float32Array };
  }

  #compile(batch: StepBatch): Compiled {
    const { size, height, width, channels } = batch;
    const classes = batch.targets.length / size;
    const extra = extraInputs(batch).map(({ name, shape }) => `${name} ${shape}`);
    const key = [[size, height, width, channels, classes], ...extra].join("; ");
    let compiled = this.#compiled.get(key);
    if (compiled === undefined) {
      const program = createLocalProgram(this.#trace(batch, classes), currentBackend().options);
      const results = program.graph.outputs.map(({ name }) =>
        name.startsWith("grad/") ? this.#store.view("grads", name.slice("grad/".length)) : undefined,
      );
      compiled = { program, results };
      this.#compiled.set(key, compiled);
    }
    return compiled;
  }

  #trace(batch: StepBatch, classes: number) {
    const [{ size, height, width, channels }, extra] = [batch, extraInputs(batch)];
    const input = ({ path, spec }: Leaf): TraceInput => ({
      name: path,
      shape: spec.shape,
      dtype: spec.dtype,
      ...permOf(spec),
    });
    const fixed = [...this.#fixed.values()].map(({ leaf }) => leaf);
    const inputs: TraceInput[] = [
      ...this.#trained.map(input),
      ...fixed.map(input),
      { name: "images", shape: [size, height, width, channels], dtype: "int32", feed: "uint8" },
      { name: "targets", shape: [size, classes] },
      { name: "key", shape: [2], dtype: "int32" },
      ...extra.map(({ name, shape, dtype }): TraceInput => ({ name, shape, dtype })),
      ...(this.#options.distillation === undefined ? [] : [{ name: "teacher", shape: [size, classes] }]),
    ];
    return trace((...tensors) => {
      const params = new Map(this.#trained.map(({ path }, i) => [path, tensors[i]!]));
      const still = new Map(fixed.map(({ path }, i) => [path, tensors[this.#trained.length + i]!]));
      const named = new Map(inputs.map(({ name }, i) => [name, tensors[i]!]));
      const more = [...extra.map(({ name }) => name), "teacher"].filter((name) => named.has(name));
      const { loss, logits, grads, buffers } = forwardBackward(
        this.#model,
        params,
        (values) => buildParams(this.#model.spec, (path) => values.get(path) ?? still.get(path)),
        {
          images: named.get("images") as tf.Tensor4D,
          targets: named.get("targets") as tf.Tensor2D,
          key: named.get("key") as tf.Tensor1D,
          ...Object.fromEntries(more.map((name) => [name, named.get(name)])),
        },
        this.#options,
      );
      // ONNX Runtime runs what the last output needs first: with gradients from the first layer to the last, each weight
      // gradient is made as soon as the backward pass reaches its layer, and its activations are let go.
      return [
        ...this.#trained.map(({ path, spec }) => ({ name: `grad/${path}`, tensor: grads.get(path)!, ...permOf(spec) })),
        ...[...buffers].map(([path, tensor]) => ({ name: `buffer/${path}`, tensor })),
        { name: "logits", tensor: logits },
        { name: "loss", tensor: loss },
      ];
    }, inputs);
  }

  expose(which: "params" | "ema"): void {
    const backend = currentBackend();
    const show = (path: string, leaf: ParamSpec) => {
      const fixed = this.#fixed.get(path);
      const data = fixed ? (which === "ema" ? (fixed.ema ?? fixed.data) : fixed.data) : this.#store.view(which, path);
      return backend.tensorFrom(data, leaf.shape, leaf.dtype, physicalPerm(leaf));
    };
    const old = this.#model.params;
    this.#model.params = buildParams(this.#model.spec as Spec<object>, show);
    tf.dispose(old as tf.TensorContainer);
  }

  snapshot(): StepSnapshot {
    const optimizer = new Map<string, HostTensor>();
    for (const moment of this.#optimizer.moments)
      for (const { path, spec } of this.#trained)
        optimizer.set(`${moment}.${path}`, {
          shape: [sizeOf(spec.shape)],
          data: this.#store.view(moment, path).slice(),
        });
    const snapshot: StepSnapshot = {
      params: this.#state("params"),
      optimizer,
      updates: this.#updates,
      runs: this.#runs,
    };
    if (this.#options.ema !== undefined) snapshot.ema = this.#state("ema");
    return snapshot;
  }

  #state(which: "params" | "ema"): State {
    const state: State = new Map();
    for (const [path, spec] of specLeaves(this.#model.spec)) {
      const fixed = this.#fixed.get(path);
      const data = fixed ? ((which === "ema" ? fixed.ema : undefined) ?? fixed.data) : this.#store.view(which, path);
      state.set(path, toStored(spec, data));
    }
    return state;
  }

  restore(snapshot: StepSnapshot): void {
    this.#updates = snapshot.updates;
    this.#runs = snapshot.runs;
    this.#fill(snapshot.params, "params");
    if (this.#options.ema !== undefined) this.#fill(snapshot.ema ?? snapshot.params, "ema");
    for (const moment of this.#optimizer.moments)
      for (const { path } of this.#trained) {
        const saved = snapshot.optimizer.get(`${moment}.${path}`);
        const place = this.#store.view(moment, path);
        if (saved === undefined || saved.data.length !== place.length)
          throw new VitrineError(
            "resume",
            `the saved optimizer state has no "${moment}" of ${place.length} numbers for "${path}"; resume with the optimizer and the frozen layers of the first run`,
          );
        place.set(saved.data);
      }
  }

  #fill(state: State, which: "params" | "ema"): void {
    for (const [path, spec] of specLeaves(this.#model.spec)) {
      const saved = state.get(path);
      if (saved === undefined || saved.data.length !== sizeOf(spec.shape))
        throw new VitrineError(
          "resume",
          `the saved state has no "${path}" of shape [${spec.shape}]; it is of another model`,
        );
      const fixed = this.#fixed.get(path);
      const numbers = fromStored(spec, saved);
      if (fixed === undefined) this.#store.view(which, path).set(numbers as Float32Array);
      else if (which === "params") fixed.data.set(numbers);
      else fixed.ema?.set(numbers);
    }
  }

  dispose(): void {
    for (const { program } of this.#compiled.values()) program.dispose();
    this.#compiled.clear();
  }
}

function permOf(spec: ParamSpec): { perm?: Perm } {
  const perm = physicalPerm(spec);
  return perm === undefined ? {} : { perm };
}
