// Every operation of a transform: its row in `TransformOp`, and what runs it in `operations`. Adding one: a row in
// both; a row that is missing below does not compile.

import { didYouMean, type Rng } from "@vitrine/core";
import { type Picture, pixelsOf } from "../picture.ts";
import { type AugMix, augMix } from "../policies/aug-mix.ts";
import { type AutoAugment, autoAugment } from "../policies/auto-augment.ts";
import { type RandAugment, randAugment } from "../policies/rand-augment.ts";
import { type TrivialAugment, trivialAugment } from "../policies/trivial-augment.ts";
import type { RawImage } from "../raw-image.ts";
import { gaussianKernelBlur } from "./blur.ts";
import { happens } from "./chance.ts";
import { between, colorJitter } from "./color.ts";
import { centerCrop, flipHorizontally, flipVertically, pad } from "./crop.ts";
import { enhanceSharpness } from "./enhance.ts";
import { type Cutout, cutout, type RandomErasing, randomErasing } from "./erase.ts";
import { type KeepRatioCrop, keepRatioCrop } from "./keep-ratio.ts";
import { type RandomCrop, type RandomResizedCrop, randomCrop, randomResizedCrop } from "./random-crop.ts";
import {
  type RandomAffine,
  type RandomPerspective,
  type RandomRotation,
  randomAffine,
  randomPerspective,
  randomRotation,
} from "./random-warp.ts";
import { type Resize, resize } from "./resize.ts";
import { autocontrast, equalize, grayscale, invert, posterize, solarize } from "./tones.ts";
import type { PadMode, Size } from "./transform.ts";

/** `p` is the chance that an operation runs; colours (`fill`) are 0 … 255, one number or one a channel. */
export type TransformOp =
  | Resize
  /** Cut from the middle; what is missing is filled. */
  | { op: "centerCrop"; size: Size; fill: readonly number[] }
  | RandomResizedCrop
  | RandomCrop
  | KeepRatioCrop
  | { op: "pad"; padding: number; padMode: PadMode; fill: readonly number[] }
  | { op: "hflip"; p: number }
  | { op: "vflip"; p: number }
  | RandomRotation
  | RandomAffine
  | RandomPerspective
  /** torchvision's ColorJitter: its four changes in random order, each by a random amount up to its strength. */
  | { op: "colorJitter"; brightness: number; contrast: number; saturation: number; hue: number; p: number }
  /** Colours become grey; the channels stay. */
  | { op: "grayscale"; p: number }
  /** torchvision's, with a kernel of odd size and a deviation drawn evenly. */
  | { op: "gaussianBlur"; kernelSize: number; sigma: readonly [number, number]; p: number }
  /** The highest `bits` of each value stay. */
  | { op: "posterize"; bits: number; p: number }
  /** Values from `threshold` on are inverted. */
  | { op: "solarize"; threshold: number; p: number }
  /** 0: smooth, 1: as it is, 2: sharp. */
  | { op: "sharpness"; factor: number; p: number }
  | { op: "autocontrast"; p: number }
  | { op: "equalize"; p: number }
  | { op: "invert"; p: number }
  | Cutout
  | RandomErasing
  | RandAugment
  | AutoAugment
  | AugMix
  | TrivialAugment;

type Name = TransformOp["op"];
/** They begin by taking a part of the image, and decode no more of it. */
const cuts = ["resize", "randomResizedCrop", "keepRatioCrop"] as const satisfies readonly Name[];
type Given<N extends Name> = N extends (typeof cuts)[number] ? Picture : RawImage;
type Operation<N extends Name> = (image: Given<N>, op: Extract<TransformOp, { op: N }>, random: () => Rng) => RawImage;

/** An operation that has no draws but the one whether it runs. */
function maybe<N extends Name>(
  run: (image: RawImage, op: Extract<TransformOp, { op: N }>) => RawImage,
): (image: RawImage, op: Extract<TransformOp, { op: N }> & { p: number }, random: () => Rng) => RawImage {
  return (image, op, random) => (happens(op.p, random) ? run(image, op) : image);
}

const operations: { readonly [N in Name]: Operation<N> } = {
  resize,
  centerCrop: (image, { size, fill }) => centerCrop(image, size, fill),
  randomResizedCrop: (image, op, random) => randomResizedCrop(image, op, random()),
  randomCrop: (image, op, random) => randomCrop(image, op, random()),
  keepRatioCrop: (image, op, random) => keepRatioCrop(image, op, random()),
  pad(image, { padding, padMode, fill }) {
    return pad(image, { left: padding, top: padding, right: padding, bottom: padding }, padMode, fill);
  },
  hflip: maybe<"hflip">(flipHorizontally),
  vflip: maybe<"vflip">(flipVertically),
  rotation: (image, op, random) => randomRotation(image, op, random()),
  affine: (image, op, random) => randomAffine(image, op, random()),
  perspective: randomPerspective,
  colorJitter(image, op, random) {
    const rng = random();
    return rng.uniform() < op.p ? colorJitter(image, op, rng) : image;
  },
  grayscale: maybe<"grayscale">(grayscale),
  gaussianBlur(image, { kernelSize, sigma, p }, random) {
    if (!happens(p, random)) return image;
    return gaussianKernelBlur(image, kernelSize, between(random().fold("sigma"), ...sigma));
  },
  posterize: maybe<"posterize">((image, { bits }) => posterize(image, bits)),
  solarize: maybe<"solarize">((image, { threshold }) => solarize(image, threshold)),
  sharpness: maybe<"sharpness">((image, { factor }) => enhanceSharpness(image, factor)),
  autocontrast: maybe<"autocontrast">((image) => autocontrast(image)),
  equalize: maybe<"equalize">(equalize),
  invert: maybe<"invert">(invert),
  cutout,
  randomErasing,
  randAugment: (image, op, random) => randAugment(image, op, random()),
  autoAugment: (image, op, random) => autoAugment(image, op, random()),
  augMix: (image, op, random) => augMix(image, op, random()),
  trivialAugment: (image, op, random) => trivialAugment(image, op, random()),
};

/**
 * Runs one operation. `random` gives its stream. @throws TypeError for a name that is none, as a JSON file may have it.
 */
export function runOperation<N extends Name>(
  image: Picture,
  op: Extract<TransformOp, { op: N }>,
  random: () => Rng,
): RawImage {
  const name = op.op as N;
  if (!Object.hasOwn(operations, name)) {
    const known = Object.keys(operations);
    const message = `unknown operation "${name}"${didYouMean(String(name), known)}; operations are ${known.join(", ")}`;
    // No VitrineError: loaders take that for a bad sample, and pass on to the next.
    throw new TypeError(`transform: ${message}`);
  }
  const given = (cuts as readonly Name[]).includes(name) ? image : pixelsOf(image);
  return operations[name](given as Given<N>, op, random);
}
