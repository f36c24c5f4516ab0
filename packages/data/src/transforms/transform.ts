// A transform is a list of plain objects, so that it travels to workers and into JSON files; `applyTransform` runs it.
// The operations are listed in operations.ts.

import { Rng, VitrineError } from "@vitrine/core";
import { type Picture, pixelsOf } from "../picture.ts";
import { type RawImage, withChannels } from "../raw-image.ts";
import { runOperation, type TransformOp } from "./operations.ts";
import { resizeAndCrop } from "./resize.ts";

export type { TransformOp };

/** Height and width in pixels. */
export type Size = readonly [height: number, width: number];

/** PIL's resampling filters. They widen when an image shrinks (antialias), as in `PIL.Image.resize`. */
export type Interpolation = "nearest" | "bilinear" | "bicubic" | "lanczos";

/** What lies outside of an image: one colour, the image mirrored at its edge (which is not repeated), or its edge. */
export type PadMode = "constant" | "reflect" | "edge";

/** A serialisable recipe from an image of any size to one of `size` and `channels`. */
export interface Transform {
  readonly size: Size;
  readonly channels: number;
  readonly ops: readonly TransformOp[];
}

/** All that random decisions depend on: not the worker, the batch, or what was drawn before. */
export interface SampleKey {
  seed: number;
  epoch: number;
  /** Position of the sample in its data set. */
  sample: number;
  /**
   * How often the sample came before in the same epoch (repeated augmentation, drawing with replacement); 0 where left
   * out.
   */
  repeat?: number;
}

/**
 * The image with `transform.size` and `transform.channels`. Random operations need `key`; the same key gives the same
 * bytes, and each operation draws from a stream of its own, so that adding one leaves the draws of the others alone.
 * The result is `image` itself when there is nothing to do.
 */
export function applyTransform(image: RawImage, transform: Transform, key?: SampleKey): RawImage {
  return transformed(image, transform, key);
}

/** The same for images that are still to be decoded, as far as the first operation looks at them. */
export function transformed(image: Picture, transform: Transform, key?: SampleKey): RawImage {
  const result = applyOps(image, transform, key);
  const [height, width] = transform.size;
  if (result.width !== width || result.height !== height) {
    const found = `${result.height} x ${result.width}`;
    throw new VitrineError(
      "transform",
      `expected ${height} x ${width} (height x width) after the last operation, found ${found}`,
    );
  }
  return result;
}

/** The operations of a transform, or the first of them, whatever size they lead to. */
export function applyOps(
  image: Picture,
  { channels, ops }: Pick<Transform, "channels" | "ops">,
  key?: SampleKey,
): RawImage {
  let result: Picture = "data" in image ? withChannels(image, channels) : image;
  const seen = new Map<string, number>();
  for (let i = 0; i < ops.length; i++) {
    const op = ops[i]!;
    const next = ops[i + 1];
    const nth = seen.get(op.op) ?? 0;
    seen.set(op.op, nth + 1);
    const middle = op.op === "resize" && next?.op === "centerCrop" ? resizeAndCrop(result, op, next.size) : undefined;
    if (middle) i++;
    result =
      middle ??
      runOperation(
        result,
        op,
        once(() => stream(op.op, nth, key)),
      );
  }
  return pixelsOf(result);
}

function stream(name: string, nth: number, key: SampleKey | undefined): Rng {
  if (key === undefined) {
    throw new VitrineError("applyTransform", `"${name}" is random and needs a key: { seed, epoch, sample }`);
  }
  const { seed, epoch, sample, repeat = 0 } = key;
  return repeat === 0 ? Rng.of(seed, epoch, sample, name, nth) : Rng.of(seed, epoch, sample, name, nth, repeat);
}

/** An operation that asks twice goes on with the stream that it has. */
function once(make: () => Rng): () => Rng {
  let rng: Rng | undefined;
  return () => {
    rng ??= make();
    return rng;
  };
}
