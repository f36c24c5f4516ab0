// Operations on 8-bit images: timm's of RandAugment (on PIL), torchvision's on PIL images, and PIL's resize.

import { join } from "node:path";
import { VitrineError } from "@vitrine/core";
import {
  adjustGamma,
  adjustHue,
  autocontrast,
  decodeImage,
  enhanceBrightness,
  enhanceColor,
  enhanceContrast,
  enhanceSharpness,
  equalize,
  flipHorizontally,
  gaussianBlur,
  gaussianKernelBlur,
  grayscale,
  type Interpolation,
  invert,
  posterize,
  type RawImage,
  resample,
  rotate,
  shearX,
  shearY,
  solarize,
  solarizeAdd,
  translateX,
  translateY,
  type WarpInterpolation,
  type WarpOptions,
} from "@vitrine/data";
import { type Bound, type Comparison, compare } from "./compare.ts";
import type { TransformCases } from "./transforms.ts";

interface Entry {
  file: string;
  op: string;
  args: number[];
  resample?: Interpolation;
  fill?: number[];
}

type Op = (image: RawImage, args: number[], options: WarpOptions) => RawImage;

const exact: Bound = { kind: "exact" };
const oneLevel: Bound = { kind: "within", value: 1 };

/** timm's operations by their names, with timm's arguments. */
const pilOps: Readonly<Record<string, Op>> = {
  AutoContrast: (image) => autocontrast(image),
  Equalize: (image) => equalize(image),
  Invert: (image) => invert(image),
  Posterize: (image, [bits]) => posterize(image, bits!),
  Solarize: (image, [threshold]) => solarize(image, threshold),
  SolarizeAdd: (image, [add]) => solarizeAdd(image, add!),
  Color: (image, [factor]) => enhanceColor(image, factor!),
  Contrast: (image, [factor]) => enhanceContrast(image, factor!),
  Brightness: (image, [factor]) => enhanceBrightness(image, factor!),
  Sharpness: (image, [factor]) => enhanceSharpness(image, factor!),
  Desaturate: (image, [factor]) => enhanceColor(image, 1 - Math.min(1, factor!)),
  GaussianBlur: (image, [radius]) => gaussianBlur(image, radius!),
  Rotate: (image, [degrees], options) => rotate(image, degrees!, options),
  ShearX: (image, [factor], options) => shearX(image, factor!, options),
  ShearY: (image, [factor], options) => shearY(image, factor!, options),
  TranslateX: (image, [pixels], options) => translateX(image, pixels!, options),
  TranslateY: (image, [pixels], options) => translateY(image, pixels!, options),
  TranslateXRel: (image, [share], options) => translateX(image, share! * image.width, options),
  TranslateYRel: (image, [share], options) => translateY(image, share! * image.height, options),
};

export async function checkPilOps({ folder, photo, listed }: TransformCases): Promise<Comparison[]> {
  return Promise.all(
    (listed as Entry[]).map((entry) => {
      const interpolation = entry.resample as WarpInterpolation | undefined;
      const options = { ...(interpolation && { interpolation }), ...(entry.fill && { fill: entry.fill }) };
      const found = named(pilOps, entry.op)(photo, entry.args, options);
      const rounded = entry.op === "GaussianBlur" || (interpolation !== undefined && interpolation !== "nearest");
      return against(folder, entry.file, found, rounded ? oneLevel : exact);
    }),
  );
}

/** torchvision's functions by their names. */
const torchOps: Readonly<Record<string, (image: RawImage, args: never[], how?: Interpolation) => RawImage>> = {
  adjust_hue: (image, [shift]) => adjustHue(image, shift!),
  adjust_saturation: (image, [factor]) => enhanceColor(image, factor!),
  adjust_gamma: (image, [gamma, gain]) => adjustGamma(image, gamma!, gain),
  to_grayscale: (image) => grayscale(image),
  hflip: (image) => flipHorizontally(image),
  gaussian_blur: (image, [size, sigma]) => gaussianKernelBlur(image, size!, sigma!),
  resized_crop: (image, [top, left, height, width, size], how) => {
    const [outHeight, outWidth] = size as unknown as [number, number];
    return resample(image, outWidth, outHeight, how ?? "bilinear", {
      box: { left: left!, top: top!, width: width!, height: height! },
    });
  },
};

export async function checkTorchvision({ folder, photo, listed }: TransformCases): Promise<Comparison[]> {
  return Promise.all(
    (listed as Entry[]).map((entry) => {
      const found = named(torchOps, entry.op)(photo, entry.args as never[], entry.resample);
      const rounded = entry.op === "gaussian_blur" || entry.op === "resized_crop";
      return against(folder, entry.file, found, rounded ? oneLevel : exact);
    }),
  );
}

export async function checkResize({ folder, photo, listed }: TransformCases): Promise<Comparison[]> {
  return Promise.all(
    (listed as { file: string; size_wh: [number, number]; resample: Interpolation }[]).map((entry) => {
      const found = resample(photo, entry.size_wh[0], entry.size_wh[1], entry.resample);
      return against(folder, entry.file, found, entry.resample === "nearest" ? exact : oneLevel);
    }),
  );
}

async function against(folder: string, file: string, found: RawImage, bound: Bound): Promise<Comparison> {
  const expected = await decodeImage(join(folder, file));
  const sized = found.width === expected.width && found.height === expected.height;
  return compare(file, sized ? found.data : [], expected.data, bound);
}

function named<T>(table: Readonly<Record<string, T>>, name: string): T {
  const found = table[name];
  if (found === undefined) throw new VitrineError("transforms", `no operation is called ${name}`);
  return found;
}
