// A TensorFlow.js backend that does not compute: it records kernels as graph values, and runs what a read needs.

import { type CompilingBackend, tf, VitrineError } from "@vitrine/core";
import { Builder, type BuilderOptions, hostArray } from "./builder.ts";
import { compileCall, disposeCompiled } from "./compile.ts";
import { type Content, partsOf, Strings } from "./content.ts";
import { Evaluator } from "./evaluate.ts";
import { type DType, type HostData, Value } from "./graph.ts";
import type { AnyLowering, LoweringResult } from "./kernels.ts";
import type { SessionOptions } from "./session.ts";
import { type Perm, Sym } from "./sym.ts";

interface Entry {
  readonly content: Content;
  references: number;
}

/** A tensor that a recording starts from. */
export interface RecordedInput {
  /** Logical shape. */
  shape: readonly number[];
  dtype: DType;
  /** The type of the numbers fed, where TensorFlow.js has no name for it (bytes): converted in the program. */
  feed?: DType;
  /** Order of axes in which it is fed. */
  perm?: Perm;
}

/** Recorded nodes after which pending tensors are computed even though nobody has read them. */
const longestChain = 20_000;

export class OnnxBackend extends tf.KernelBackend implements CompilingBackend {
  readonly options: SessionOptions;
  readonly #entries = new Map<object, Entry>();
  readonly #evaluator: Evaluator;
  #builder = new Builder();
  #tracing = 0;

  constructor(options: SessionOptions = {}) {
    super();
    this.options = options;
    this.#evaluator = new Evaluator(options);
  }

  // ------------------------------------------------------------------ data

  override write(values: tf.BackendValues | null, shape: number[], dtype: tf.DataType): tf.DataId {
    const id = {};
    this.#put(id, values, shape, dtype, 1);
    return id;
  }

  override move(
    id: tf.DataId,
    values: tf.BackendValues,
    shape: number[],
    dtype: tf.DataType,
    references: number,
  ): void {
    this.#put(id, values, shape, dtype, references);
  }

  #put(id: object, values: tf.BackendValues | null, shape: number[], dtype: tf.DataType, references: number): void {
    if (dtype === "string") {
      const strings = (values ?? []) as Uint8Array[];
      this.#entries.set(id, { content: new Strings(shape, strings), references });
      return;
    }
    if (dtype === "complex64") throw new VitrineError("onnx", "complex64 tensors are not supported");
    const data = toHost(values, shape, dtype);
    const value = new Value([...shape], dtype, { data });
    const content = new Sym(shape, dtype, value, undefined, this.#tracing > 0 ? sameEverywhere(data) : undefined);
    hold(content, 1);
    this.#entries.set(id, { content, references });
  }

  override async read(id: tf.DataId): Promise<tf.BackendValues> {
    return this.readSync(id);
  }

  override readSync(id: tf.DataId): tf.BackendValues {
    const { content } = this.#entry(id);
    if (content instanceof Strings) return content.values;
    if (content instanceof Sym) return this.hostData(content) as tf.BackendValues;
    const [real, imag] = [content.real, content.imag].map((part) => this.hostData(part) as Float32Array);
    return tf.backend_util.mergeRealAndImagArrays(real!, imag!);
  }

  /** Numbers of a tensor, computed now if they are pending. */
  hostData(sym: Sym): HostData {
    const value = this.#builder.value(sym);
    if (value.data === undefined) {
      if (this.#tracing > 0) {
        const message =
          "a traced function read the numbers of a tensor (data, dataSync, arraySync or print). A compiled program cannot depend on them: use tensor operations such as tf.where, or return the tensor";
        throw new VitrineError("trace", message);
      }
      this.#evaluator.evaluate([value]);
    }
    return value.data!;
  }

  override disposeData(id: tf.DataId, force = false): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined) return true;
    entry.references--;
    if (!force && entry.references > 0) return false;
    hold(entry.content, -1);
    this.#entries.delete(id);
    return true;
  }

  override refCount(id: tf.DataId): number {
    return this.#entries.get(id)?.references ?? 0;
  }

  override incRef(id: tf.DataId): void {
    this.#entry(id).references++;
  }

  decRef(id: tf.DataId): void {
    this.#entry(id).references--;
  }

  override numDataIds(): number {
    return this.#entries.size;
  }

  override memory(): { unreliable: boolean; reasons: string[] } {
    return { unreliable: true, reasons: ["Pending tensors take no memory, and ONNX Runtime's arena is not counted."] };
  }

  override async time(run: () => void): Promise<{ kernelMs: number }> {
    const start = performance.now();
    run();
    return { kernelMs: performance.now() - start };
  }

  override timerAvailable(): boolean {
    return true;
  }

  override floatPrecision(): 16 | 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override dispose(): void {
    this.#evaluator.dispose();
    this.#entries.clear();
  }

  // --------------------------------------------------------------- kernels

  /** Records a kernel. */
  lower(lowering: AnyLowering, inputs: tf.NamedTensorInfoMap, attrs: tf.NamedAttrMap): tf.TensorInfo | tf.TensorInfo[] {
    const contents: Record<string, Content | undefined> = {};
    for (const [name, input] of Object.entries(inputs))
      contents[name] = input === undefined || input === null ? undefined : this.#entry(input.dataId).content;
    const list = Array.isArray(inputs) ? Object.values(contents) : undefined;
    const result = lowering((list ?? contents) as never, (attrs ?? {}) as never, this.#builder);
    const same = Object.entries(contents).find(([, content]) => content !== undefined && content === result);
    if (same !== undefined) return this.#again((inputs as Record<string, tf.TensorInfo>)[same[0]]!);
    if (this.#builder.count > longestChain && this.#tracing === 0) this.#settle();
    return Array.isArray(result) ? result.map((r) => this.#info(r)) : this.#info(result as LoweringResult);
  }

  /** The symbol of a tensor. */
  symOf(tensor: tf.TensorInfo): Sym {
    const { content } = this.#entry(tensor.dataId);
    if (!(content instanceof Sym)) throw new VitrineError("onnx", `expected numbers, found a ${tensor.dtype} tensor`);
    return content;
  }

  /** A tensor for a symbol. */
  tensorOf(sym: Sym): tf.Tensor {
    return tf.engine().makeTensorFromTensorInfo(this.#info(sym));
  }

  /** A tensor of numbers on the host. */
  tensorFrom(data: HostData, shape: readonly number[], dtype: DType, perm?: Perm): tf.Tensor {
    const physical = perm === undefined ? shape : perm.map((axis) => shape[axis]!);
    return this.tensorOf(new Sym(shape, dtype, new Value(physical, dtype, { data }), perm));
  }

  /** One more reference to the data of a tensor: what a kernel that changes nothing gives. */
  #again({ dataId, shape, dtype }: tf.TensorInfo): tf.TensorInfo {
    this.#entry(dataId).references++;
    return { dataId, shape, dtype };
  }

  #info(result: LoweringResult): tf.TensorInfo {
    const content = result instanceof Value ? new Sym(result.shape, result.dtype, result) : result;
    const dataId = {};
    hold(content, 1);
    this.#entries.set(dataId, { content, references: 1 });
    return { dataId, shape: content.shape, dtype: content.dtype as tf.DataType };
  }

  #entry(id: object): Entry {
    const entry = this.#entries.get(id);
    if (entry === undefined) throw new VitrineError("onnx", "a tensor was used after it was disposed");
    return entry;
  }

  /** Computes everything pending, so that chains of updates nobody reads do not grow without end. */
  #settle(): void {
    const values: Value[] = [];
    for (const { content } of this.#entries.values())
      for (const { origin } of partsOf(content)) if (origin.value.data === undefined) values.push(origin.value);
    this.#evaluator.evaluate(values);
    this.#builder.count = 0;
  }

  // --------------------------------------------------------------- tracing

  /** Records what `fn` does to `inputs`; gives what `finish` makes of its result, in the same recording. */
  record<T>(
    inputs: readonly RecordedInput[],
    fn: (tensors: tf.Tensor[], builder: Builder, values: Value[]) => T,
    options: BuilderOptions = {},
  ): T {
    const outer = this.#builder;
    this.#builder = new Builder({ merge: true, ...options });
    this.#tracing++;
    try {
      const values = inputs.map(
        ({ shape, dtype, perm, feed }) => new Value(perm ? perm.map((axis) => shape[axis]!) : shape, feed ?? dtype),
      );
      const tensors = inputs.map(({ shape, dtype, perm }, i) =>
        this.tensorOf(new Sym(shape, dtype, this.#builder.cast(values[i]!, dtype), perm)),
      );
      try {
        return fn(tensors, this.#builder, values);
      } finally {
        for (const tensor of tensors) tensor.dispose();
      }
    } finally {
      this.#tracing--;
      this.#builder = outer;
    }
  }

  runCompiled(
    cache: object,
    fn: (...args: never[]) => unknown,
    args: unknown[],
    fixed: readonly number[] = [],
  ): unknown {
    if (this.#tracing > 0) return fn(...(args as never[])); // a compiled function inside another is part of it
    return compileCall(this, cache, fn, args, fixed);
  }

  disposeCompiled(cache: object): void {
    disposeCompiled(cache);
  }
}

/** Counts tensors that stand for a value. */
function hold(content: Content, by: 1 | -1): void {
  for (const { origin } of partsOf(content)) origin.value.holders += by;
}

/** Below this many elements it does not matter that a constant has but one number. */
const large = 1024;

/** The number that a large constant consists of: TensorFlow.js' gradients of sums multiply by tensors of ones. */
function sameEverywhere(data: HostData): number | undefined {
  if (data.length < large || data instanceof BigInt64Array) return undefined;
  const [first] = data;
  return (data as Float32Array).every((number) => number === first) ? first : undefined;
}

function toHost(values: tf.BackendValues | null, shape: number[], dtype: DType): HostData {
  const size = tf.util.sizeFromShape(shape);
  if (values === null || values === undefined) return hostArray(dtype, new Float32Array(size));
  const wanted = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;
  const kind = wanted[dtype as keyof typeof wanted];
  if (kind !== undefined && values instanceof kind && !(values.buffer instanceof SharedArrayBuffer)) return values;
  return hostArray(dtype, values as unknown as ArrayLike<number>);
}

/** The backend in use. @throws VitrineError where another one is. */
export function currentBackend(): OnnxBackend {
  const backend = tf.backend();
  if (!(backend instanceof OnnxBackend)) {
    const message = `the current TensorFlow.js backend is "${tf.getBackend()}"; call useOnnx() first`;
    throw new VitrineError("onnx", message);
  }
  return backend;
}
