// A transform is a list of plain objects, so that it travels to workers and into JSON files; `applyTransform` runs it.
// Adding an operation: a row of `TransformOp`, and its case in `applyOp`.

import { Rng, VitrineError } from "@vitrine/core";
import { type RawImage, withChannels } from "../raw-image.ts";
import { colorJitter } from "./color.ts";
import { centerBox, centerCrop, crop, flipHorizontally, flipVertically, pad, roundHalfEven } from "./crop.ts";
import { randomResizedBox } from "./random-crop.ts";
import { resample } from "./resample.ts";

/** Height and width in pixels. */
export type Size = readonly [height: number, width: number];

/** PIL's resampling filters. They widen when an image shrinks (antialias), as in `PIL.Image.resize`. */
export type Interpolation = "nearest" | "bilinear" | "bicubic" | "lanczos";

/** What lies outside of an image: one colour, the image mirrored at its edge (which is not repeated), or its edge. */
export type PadMode = "constant" | "reflect" | "edge";

export type TransformOp =
  /** `exact`: both edges as given. `shortest`: keeps the ratio and covers the size. `longest`: keeps it and fits inside. */
  | { op: "resize"; size: Size; fit: "exact" | "shortest" | "longest"; interpolation: Interpolation }
  /** Cut from the middle; what is missing is filled. */
  | { op: "centerCrop"; size: Size; fill: readonly number[] }
  /** A random part of the image, resized; see `randomResizedBox`. */
  | {
      op: "randomResizedCrop";
      size: Size;
      scale: readonly [number, number];
      ratio: readonly [number, number];
      interpolation: Interpolation | "random";
    }
  /** Padded by `padding` on all sides, and further where still smaller than `size`; then cut anywhere. */
  | { op: "randomCrop"; size: Size; padding: number; padMode: PadMode; fill: readonly number[] }
  | { op: "pad"; padding: number; padMode: PadMode; fill: readonly number[] }
  | { op: "hflip"; p: number }
  | { op: "vflip"; p: number }
  /** torchvision's ColorJitter with chance `p`. */
  | { op: "colorJitter"; brightness: number; contrast: number; saturation: number; hue: number; p: number };

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
  /** How often the sample came before in the same epoch (repeated augmentation, drawing with replacement); 0 where left out. */
  repeat?: number;
}

/**
 * The image with `transform.size` and `transform.channels`. Random operations need `key`; the same key gives the same bytes, and
 * each operation draws from a stream of its own, so that adding one leaves the draws of the others alone.
 * The result is `image` itself when there is nothing to do.
 */
export function applyTransform(image: RawImage, transform: Transform, key?: SampleKey): RawImage {
  let result = withChannels(image, transform.channels);
  const seen = new Map<string, number>();
  for (let i = 0; i < transform.ops.length; i++) {
    const op = transform.ops[i]!;
    const next = transform.ops[i + 1];
    const nth = seen.get(op.op) ?? 0;
    seen.set(op.op, nth + 1);
    const middle = op.op === "resize" && next?.op === "centerCrop" ? resizeAndCrop(result, op, next.size) : undefined;
    if (middle) i++;
    result = middle ?? applyOp(result, op, () => stream(op.op, nth, key));
  }
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

function applyOp(image: RawImage, op: TransformOp, random: () => Rng): RawImage {
  switch (op.op) {
    case "resize": {
      const [height, width] = resizedSize(image, op);
      if (height * width > 2 ** 28) {
        const found = `an image of ${image.width} x ${image.height} becomes ${width} x ${height}`;
        throw new VitrineError("resize", `${found}; images this narrow cannot be used with fit "${op.fit}"`);
      }
      return resample(image, width, height, op.interpolation);
    }
    case "centerCrop":
      return centerCrop(image, op.size, op.fill);
    case "randomResizedCrop": {
      const rng = random();
      const box = randomResizedBox(image.width, image.height, op.scale, op.ratio, rng);
      const drawn = rng.uniform() < 0.5 ? "bilinear" : "bicubic";
      return resample(image, op.size[1], op.size[0], op.interpolation === "random" ? drawn : op.interpolation, {
        box,
      });
    }
    case "randomCrop": {
      const [height, width] = op.size;
      const sides = margins(op.padding);
      const missingX = Math.max(0, width - image.width - 2 * op.padding);
      const missingY = Math.max(0, height - image.height - 2 * op.padding);
      sides.left += missingX;
      sides.right += missingX;
      sides.top += missingY;
      sides.bottom += missingY;
      const padded = pad(image, sides, op.padMode, op.fill);
      const rng = random();
      const top = rng.int(padded.height - height + 1);
      const left = rng.int(padded.width - width + 1);
      return crop(padded, { left, top, width, height });
    }
    case "pad":
      return pad(image, margins(op.padding), op.padMode, op.fill);
    case "hflip":
      return random().uniform() < op.p ? flipHorizontally(image) : image;
    case "vflip":
      return random().uniform() < op.p ? flipVertically(image) : image;
    case "colorJitter": {
      const rng = random();
      return rng.uniform() < op.p ? colorJitter(image, op, rng) : image;
    }
  }
}

type Resize = Extract<TransformOp, { op: "resize" }>;

/** The middle of the resized image without the rest of it, which is huge for a narrow image. Undefined where it is too small. */
function resizeAndCrop(image: RawImage, resize: Resize, size: Size): RawImage | undefined {
  const [height, width] = resizedSize(image, resize);
  if (height < size[0] || width < size[1]) return undefined;
  return resample(image, width, height, resize.interpolation, { window: centerBox({ width, height }, size) });
}

function stream(name: string, nth: number, key: SampleKey | undefined): Rng {
  if (key === undefined) {
    throw new VitrineError("applyTransform", `"${name}" is random and needs a key: { seed, epoch, sample }`);
  }
  const { seed, epoch, sample, repeat = 0 } = key;
  return repeat === 0 ? Rng.of(seed, epoch, sample, name, nth) : Rng.of(seed, epoch, sample, name, nth, repeat);
}

function margins(padding: number): { left: number; top: number; right: number; bottom: number } {
  return { left: padding, top: padding, right: padding, bottom: padding };
}

/**
 * Where the ratio is kept, torchvision's arithmetic for square sizes (the other edge is cut to an integer) and timm's for others
 * (it is rounded).
 */
function resizedSize(image: RawImage, { size: [height, width], fit }: Resize): Size {
  if (fit === "exact") return [height, width];
  const { width: w, height: h } = image;
  if (fit === "shortest" && height === width) {
    return w <= h ? [Math.trunc((width * h) / w), width] : [height, Math.trunc((height * w) / h)];
  }
  const ratios = [h / height, w / width] as const;
  const ratio = fit === "longest" ? Math.max(...ratios) : Math.min(...ratios);
  return [Math.max(1, roundHalfEven(h / ratio)), Math.max(1, roundHalfEven(w / ratio))];
}
