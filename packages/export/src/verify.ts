// Whether a file computes what the model computes: both see the same images, in batches of several sizes.

import { type Model, Rng, tf, VitrineError } from "@vitrine/core";
import { openSession } from "@vitrine/onnx";
import { describeInput, type InputDescription } from "./input-description.ts";
import { parseMetadata } from "./metadata.ts";
import { describeModel } from "./model-file.ts";
import { feedOf, type Pixels } from "./pixels.ts";
import type { Decode, ImageInput } from "./predictor.ts";

export interface VerifyOptions {
  /** Sizes of the batches of random images ([1, 3, 8]; the file's own where it is fixed). */
  batches?: readonly number[];
  /** Largest difference of two logits, in units of the largest logit or of 1, whichever is more (1e-4). */
  tolerance?: number;
  /** Images to compare on besides the random ones; they need `decode`. */
  images?: readonly ImageInput[];
  decode?: Decode;
  /** The same for images that the file resizes itself, where a pixel may round to its neighbour (2e-2). */
  resizeTolerance?: number;
  /** Of the random images (0). */
  seed?: number;
}

export interface BatchCheck {
  /** `random` or `given`. */
  images: "random" | "given";
  size: number;
  maxAbsError: number;
  /** `maxAbsError` over the largest logit, or over 1. */
  relativeError: number;
  /** Share of the images whose likeliest class is the same. */
  top1Agreement: number;
}

export interface VerifyReport {
  path: string;
  batches: BatchCheck[];
  maxAbsError: number;
}

/**
 * Runs the file through ONNX Runtime and the model through its backend, and compares. @throws VitrineError that names the
 * worst batch where they differ by more than the tolerance.
 */
export async function verifyOnnx(model: Model, path: string, options: VerifyOptions = {}): Promise<VerifyReport> {
  const { tolerance = 1e-4, resizeTolerance = 2e-2, images = [], seed = 0 } = options;
  const description = await describeModel(path);
  const metadata = parseMetadata(path, description);
  const input = describeInput(path, description, metadata, model.preprocess);
  const output = description.outputs[0]!.name;
  const expectsProbabilities = metadata.output === "probabilities";
  const session = openSession(path);
  try {
    const compare = async (kind: "random" | "given", fed: Pixels[], prepared: Pixels[]): Promise<BatchCheck> => {
      const feed = feedOf(fed, input);
      const found = session
        .run(new Map([[input.name, feed]]), new Map([[output, undefined]]))
        .get(output) as Float32Array;
      const expected = await modelOutput(model, prepared, expectsProbabilities);
      return difference(kind, fed.length, expected, found.subarray(0, expected.length));
    };
    const batches: BatchCheck[] = [];
    const sizes = input.batch === undefined ? (options.batches ?? [1, 3, 8]) : [input.batch];
    for (const size of sizes) {
      const made = randomImages(model, input, Rng.of(seed, "verify", size), size);
      batches.push(
        await compare(
          "random",
          made.map((m) => m.fed),
          made.map((m) => m.prepared),
        ),
      );
      assertClose(path, batches.at(-1)!, tolerance);
    }
    // One by one: images that the file resizes itself have sizes of their own.
    for (const image of images) {
      if (options.decode === undefined)
        throw new VitrineError("verify", "given images need the `decode` option", { usage: true });
      const prepared = await options.decode(image, model.preprocess);
      const fed = input.inGraph === "full" ? await options.decode(image, undefined) : prepared;
      batches.push(await compare("given", [fed], [prepared]));
      assertClose(path, batches.at(-1)!, input.inGraph === "full" ? resizeTolerance : tolerance);
    }
    return { path, batches, maxAbsError: Math.max(...batches.map((b) => b.maxAbsError)) };
  } finally {
    session.dispose();
  }
}

/** Random bytes at the size at which resizing changes nothing, and what is left of them after the cut. */
function randomImages(
  model: Model,
  input: InputDescription,
  rng: Rng,
  count: number,
): { fed: Pixels; prepared: Pixels }[] {
  const { size, cropPct, channels } = model.preprocess;
  const scaled = input.inGraph === "full" ? size.map((edge) => Math.floor(edge / cropPct)) : size;
  const [height, width] = scaled as [number, number];
  return Array.from({ length: count }, (_, n) => {
    const draws = rng.fold(String(n));
    const data = Uint8Array.from({ length: height * width * channels }, () => draws.int(256));
    const fed = { data, height, width, channels };
    return { fed, prepared: centre(fed, size) };
  });
}

function centre(image: Pixels, [height, width]: readonly [number, number]): Pixels {
  const { channels } = image;
  if (image.height === height && image.width === width) return image;
  const top = halfEven(image.height - height);
  const left = halfEven(image.width - width);
  const data = new Uint8Array(height * width * channels);
  for (let y = 0; y < height; y++) {
    const start = ((top + y) * image.width + left) * channels;
    data.set(image.data.subarray(start, start + width * channels), y * width * channels);
  }
  return { data, height, width, channels };
}

function halfEven(twice: number): number {
  const half = Math.floor(twice / 2);
  return twice % 2 === 1 && half % 2 === 1 ? half + 1 : half;
}

async function modelOutput(model: Model, images: readonly Pixels[], probabilities: boolean): Promise<Float32Array> {
  const own: InputDescription = {
    name: "",
    dtype: "float32",
    layout: "nhwc",
    inGraph: "none",
    batch: undefined,
    preprocess: model.preprocess,
  };
  const { data, shape } = feedOf(images, own);
  const result = tf.tidy(() => {
    const logits = model.logits(tf.tensor4d(data as Float32Array, shape as [number, number, number, number]));
    return probabilities ? tf.softmax(logits) : logits;
  });
  const values = (await result.data()) as Float32Array;
  result.dispose();
  return values;
}

function difference(
  images: BatchCheck["images"],
  size: number,
  expected: Float32Array,
  found: Float32Array,
): BatchCheck {
  const width = expected.length / size;
  let maxAbsError = found.length === expected.length ? 0 : Number.POSITIVE_INFINITY;
  let largest = 1;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(expected[i]! - found[i]!);
    // A NaN on one side alone is as far away as can be.
    maxAbsError = Number.isNaN(error) ? Number.POSITIVE_INFINITY : Math.max(maxAbsError, error);
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  let agreed = 0;
  for (let n = 0; n < size; n++) {
    const row = (values: Float32Array) => likeliest(values.subarray(n * width, (n + 1) * width));
    if (row(expected) === row(found)) agreed++;
  }
  return { images, size, maxAbsError, relativeError: maxAbsError / largest, top1Agreement: agreed / size };
}

function likeliest(scores: Float32Array): number {
  return scores.reduce((best, score, i) => (score > scores[best]! ? i : best), 0);
}

function assertClose(path: string, check: BatchCheck, tolerance: number): void {
  if (check.relativeError <= tolerance) return;
  const what = check.images === "random" ? `a batch of ${check.size} random images` : "a given image";
  const message = `differs from the model by ${check.maxAbsError.toExponential(1)} on ${what} (${check.relativeError.toExponential(1)} of the largest output, ${tolerance} allowed; same top class for ${Math.round(100 * check.top1Agreement)} %)`;
  throw new VitrineError(path, message);
}
