// Class predictions from an ONNX file, or from a model in memory: images in, labels with scores out.

import { stat } from "node:fs/promises";
import { type Model, type Preprocess, VitrineError } from "@vitrine/core";
import { encodeModel, openSession, type Session, type SessionOptions } from "@vitrine/onnx";
import { onnxModel } from "./export-onnx.ts";
import { describeInput, type InputDescription } from "./input-description.ts";
import { type OnnxMetadata, parseMetadata } from "./metadata.ts";
import { describeModel } from "./model-file.ts";
import { feedOf, type Pixels } from "./pixels.ts";
import { findModelFile, readRunFolder } from "./run-folder.ts";

/** The path of an image file, its bytes, or decoded pixels. */
export type ImageInput = string | Uint8Array | Pixels;

/**
 * Makes pixels of an image. With `preprocess`, exactly of its size, resized and cut as it says (bytes, not normalised);
 * without, as they are, upright.
 */
export type Decode = (image: ImageInput, preprocess: Preprocess | undefined) => Pixels | Promise<Pixels>;

export interface PredictorOptions {
  /** Needed for everything but pixels of the right size: this package decodes no images (@vitrine/data does). */
  decode?: Decode;
  /** In place of the file's own. */
  classes?: readonly string[];
  /** In place of the file's own; needed for files that do not say. */
  preprocess?: Preprocess;
  /** Settings of ONNX Runtime. It rewrites the graph as far as it can unless `optimization` says otherwise. */
  session?: SessionOptions;
}

export interface PredictOptions {
  /** Classes per image, the likeliest first (1); all of them where there are fewer. */
  topK?: number;
  /** Images in one run (8). */
  batchSize?: number;
}

export interface Prediction {
  /** The class's name, or its index as text where names are not known. */
  label: string;
  index: number;
  /** Probability, 0 to 1. */
  score: number;
}

/** Images decoded side by side: as many as keep the decoder's threads busy, few enough to hold in memory. */
const decodedAtOnce = 16;

/** Not for use from several threads; runs block, as ONNX Runtime's do. */
export class Predictor {
  /** The file, or the model's name. */
  readonly source: string;
  readonly metadata: OnnxMetadata;
  readonly classes: readonly string[] | undefined;
  /** How images are prepared before they are fed; undefined where the file does that itself. */
  readonly preprocess: Preprocess | undefined;
  readonly #input: InputDescription;
  readonly #output: string;
  readonly #session: Session;
  readonly #decode: Decode | undefined;

  private constructor(
    source: string,
    session: Session,
    about: { input: InputDescription; output: string; metadata: OnnxMetadata },
    { decode, classes }: PredictorOptions,
  ) {
    this.source = source;
    this.metadata = about.metadata;
    this.classes = classes ?? about.metadata.classes;
    this.preprocess = about.input.inGraph === "full" ? undefined : about.input.preprocess;
    this.#input = about.input;
    this.#output = about.output;
    this.#session = session;
    this.#decode = decode;
  }

  /**
   * Opens an ONNX file, or the one in a run folder (`model.onnx`). Files of other makers work where `preprocess` is given and
   * their input is [N, C, H, W] or [N, H, W, C], float32 or uint8.
   */
  static async open(source: string, options: PredictorOptions = {}): Promise<Predictor> {
    const isFolder = (await stat(source).catch(() => undefined))?.isDirectory() ?? false;
    const path = isFolder ? await findModelFile(source) : source;
    const description = await describeModel(path);
    const metadata = { ...(isFolder ? await readRunFolder(source) : {}), ...parseMetadata(path, description) };
    const input = describeInput(path, description, metadata, options.preprocess);
    const output = description.outputs[0];
    if (output === undefined) throw new VitrineError(path, "has no output");
    const about = { input, output: output.name, metadata };
    return new Predictor(path, openSession(path, settings(options)), about, options);
  }

  /** A model in memory, through the same graph that would be exported. */
  static async of(model: Model, options: PredictorOptions = {}): Promise<Predictor> {
    const { graph, info } = await onnxModel(model, { layout: "nhwc" });
    const input: InputDescription = {
      name: graph.inputs[0]!.name,
      dtype: "float32",
      layout: "nhwc",
      inGraph: "none",
      batch: undefined,
      preprocess: options.preprocess ?? model.preprocess,
    };
    const classes = model.classes === undefined ? {} : { classes: model.classes };
    const metadata: OnnxMetadata = { arch: model.name, family: model.family, output: "logits", ...classes };
    const session = openSession(encodeModel(graph, info), settings(options));
    return new Predictor(model.name, session, { input, output: graph.outputs[0]!.name, metadata }, options);
  }

  /** The likeliest classes of each image. @throws VitrineError that names the image which cannot be read. */
  async predict(images: readonly ImageInput[], options: PredictOptions = {}): Promise<Prediction[][]> {
    const { topK = 1 } = options;
    if (!Number.isInteger(topK) || topK < 1)
      throw new VitrineError("predict", `topK must be 1 or more, found ${topK}`, { usage: true });
    const scores = await this.probabilities(images, options);
    return scores.map((row) => top(row, topK, this.classes));
  }

  /** Probabilities of all classes, an array an image. */
  async probabilities(images: readonly ImageInput[], options: PredictOptions = {}): Promise<Float32Array[]> {
    const rows = await this.outputs(images, options);
    return this.metadata.output === "probabilities" ? rows : rows.map(softmax);
  }

  /** What the file gives: its first output, an array an image. */
  async outputs(images: readonly ImageInput[], { batchSize = 8 }: PredictOptions = {}): Promise<Float32Array[]> {
    if (!Number.isInteger(batchSize) || batchSize < 1)
      throw new VitrineError("predict", `batchSize must be 1 or more, found ${batchSize}`, { usage: true });
    const rows: Float32Array[] = [];
    let waiting: Pixels[] = [];
    const flush = () => {
      if (waiting.length > 0) rows.push(...this.#run(waiting));
      waiting = [];
    };
    const add = (pixels: Pixels) => {
      const [first] = waiting;
      // A batch has one size; only files that resize by themselves take several.
      const other = first !== undefined && (first.width !== pixels.width || first.height !== pixels.height);
      if (other || waiting.length === (this.#input.batch ?? batchSize)) flush();
      waiting.push(pixels);
    };
    for (let i = 0; i < images.length; i += decodedAtOnce)
      for (const pixels of await Promise.all(images.slice(i, i + decodedAtOnce).map((image) => this.#prepare(image))))
        add(pixels);
    flush();
    return rows;
  }

  /** Frees the session. The predictor is of no use afterwards. */
  dispose(): void {
    this.#session.dispose();
  }

  async #prepare(image: ImageInput): Promise<Pixels> {
    const { preprocess } = this;
    const fits = (pixels: Pixels) =>
      preprocess === undefined || (pixels.height === preprocess.size[0] && pixels.width === preprocess.size[1]);
    if (typeof image === "object" && !(image instanceof Uint8Array) && fits(image)) return image;
    if (this.#decode === undefined) {
      const size = preprocess === undefined ? "" : ` of ${preprocess.size[1]} x ${preprocess.size[0]}`;
      const message = `expected pixels${size}; for other images give Predictor.open a \`decode\` option`;
      throw new VitrineError("predict", message, { usage: true });
    }
    const pixels = await this.#decode(image, preprocess);
    if (!fits(pixels))
      throw new VitrineError(
        "decode",
        `gave ${pixels.width} x ${pixels.height} pixels, not ${preprocess!.size.toReversed().join(" x ")}`,
      );
    return pixels;
  }

  #run(images: readonly Pixels[]): Float32Array[] {
    const feed = feedOf(images, this.#input);
    const found = this.#session.run(new Map([[this.#input.name, feed]]), new Map([[this.#output, undefined]]));
    const data = found.get(this.#output)!;
    if (!(data instanceof Float32Array)) throw new VitrineError(this.source, `output ${this.#output} is not float32`);
    const width = data.length / feed.shape[0]!;
    return images.map((_, i) => data.slice(i * width, (i + 1) * width));
  }
}

/** Weights are constants here, which the runtime lays out for the processor when it may. */
function settings({ session }: PredictorOptions): SessionOptions {
  return { optimization: "all", ...session };
}

function softmax(logits: Float32Array): Float32Array {
  const highest = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const powers = logits.map((x) => Math.exp(x - highest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((x) => x / sum);
}

function top(scores: Float32Array, count: number, classes: readonly string[] | undefined): Prediction[] {
  const order = Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]! || a - b);
  return order
    .slice(0, count)
    .map((index) => ({ label: classes?.[index] ?? String(index), index, score: scores[index]! }));
}
