// MNIST and its kin (Fashion-MNIST, KMNIST, EMNIST, QMNIST): IDX files, plain or gzipped.

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { VitrineError } from "@vitrine/core";
import { type ArrayOptions, arrayDataset } from "./arrays.ts";
import type { Dataset } from "./dataset.ts";
import { kindOf } from "./find-images.ts";
import { type Idx, readIdx } from "./idx.ts";
import { splitName } from "./splits.ts";

const fashion = "T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot".split(",");
const kana = "o,ki,su,tsu,na,ha,ma,ya,re,wo".split(",");
const digits = [..."0123456789"];
const capitals = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
const small = [..."abcdefghijklmnopqrstuvwxyz"];
/** Letters whose capital looks the same are one class. */
const merged = [...digits, ...capitals, ..."abdefghnqrt"];

/** Names of the classes by the part of the file names before "train", or of the folder; torchvision's. */
const classNames: readonly [RegExp, readonly string[]][] = [
  [/^emnist-letters-/, ["N/A", ...small]],
  [/^emnist-byclass-/, [...digits, ...capitals, ...small]],
  [/^emnist-(bymerge|balanced)-/, merged],
  [/fashion/i, fashion],
  [/kmnist|kuzushiji/i, kana],
];

/** Where torchvision and others put the files below the folder that the user names. */
const places = [
  "",
  "raw",
  ...["MNIST", "FashionMNIST", "KMNIST", "EMNIST", "QMNIST"].map((name) => `${name}/raw`),
  "gzip",
  "data",
];
/** `train-images-idx3-ubyte`, `t10k-labels.idx1-ubyte.gz`, `emnist-letters-test-images-idx3-ubyte.gz`, `qmnist-train-labels-idx2-int`. */
const filePattern = /^((?:[a-z]+-)*)(train|t10k|test)-(images|labels)[-.]idx[123]-(?:ubyte|int)(\.gz)?$/;

export interface MnistOptions {
  /** `train` (default), or `val` and `test` for the images of the "t10k" or "test" files. */
  split?: string;
  classes?: readonly string[];
  /** Name the classes of Fashion-MNIST (default: when "fashion" is part of the path). */
  fashion?: boolean;
  /** Which files, where several sets lie in one folder: what stands before "train" in their names ("emnist-letters"). */
  variant?: string;
}

/** The folder below `root` that holds IDX files, or undefined. */
export async function findMnist(root: string): Promise<string | undefined> {
  for (const place of places) {
    const folder = join(root, place);
    if ((await kindOf(folder)) !== "folder") continue;
    const names = await readdir(folder);
    if (names.some((name) => filePattern.exec(name)?.[3] === "images")) return folder;
  }
  return undefined;
}

/** Grey images with labels from the IDX files in or below `root`. EMNIST's images lie on their side, as everywhere. */
export async function openMnist(root: string, options: MnistOptions = {}): Promise<Dataset> {
  const { split = "train" } = options;
  const name = splitName(split);
  if (name === undefined) {
    throw new VitrineError("data", `MNIST has the splits train and test (also called val), found "${split}"`, {
      usage: true,
    });
  }
  const folder = await findMnist(root);
  if (folder === undefined) {
    throw new VitrineError("data", `expected IDX files such as train-images-idx3-ubyte(.gz) in ${root}, found none`, {
      usage: true,
    });
  }
  const names = (await readdir(folder)).sort();
  const stem = chooseStem(folder, names, options.variant);
  const images = await readIdx(findFile(folder, names, stem, name === "train", "images"), 3);
  const labels = await readIdx(findFile(folder, names, stem, name === "train", "labels"), 1);
  const [count = 0, height = 0, width = 0] = images.shape;
  if (count !== labels.shape[0]) {
    throw new VitrineError(
      labels.file,
      `expected ${count} labels, one for each image of ${images.file}; found ${labels.shape[0]}`,
    );
  }
  if (count * height * width === 0) throw new VitrineError(images.file, "holds no images");
  const ofClasses = classLabels(labels);
  const classes = options.classes ?? namesOf(stem, root, options.fashion, ofClasses);
  const arrays: ArrayOptions = {
    images: images.data as Uint8Array,
    width,
    height,
    channels: 1,
    labels: ofClasses,
    classes,
  };
  return arrayDataset({ ...arrays, name: images.file });
}

/** The labels themselves, or the first of the eight numbers that QMNIST has for each image. */
function classLabels({ shape, data }: Idx): ArrayLike<number> {
  const [count = 0, width] = shape;
  return width === undefined ? data : Int32Array.from({ length: count }, (_, i) => data[i * width]!);
}

function namesOf(
  stem: string,
  root: string,
  isFashion: boolean | undefined,
  labels: ArrayLike<number>,
): readonly string[] {
  let highest = 9;
  for (let i = 0; i < labels.length; i++) highest = Math.max(highest, labels[i]!);
  const numbers = Array.from({ length: highest + 1 }, (_, i) => String(i));
  const found =
    isFashion === true ? fashion : classNames.find(([pattern]) => pattern.test(stem) || pattern.test(root))?.[1];
  if (found === undefined || (found === fashion && isFashion === false)) return numbers;
  return highest < found.length ? found : numbers;
}

function chooseStem(folder: string, names: readonly string[], variant: string | undefined): string {
  const stems = [...new Set(names.flatMap((name) => filePattern.exec(name)?.[1] ?? []))];
  if (variant === undefined && stems.length === 1) return stems[0]!;
  const wanted = variant === undefined ? "" : `${variant.toLowerCase()}-`;
  if (stems.includes(wanted)) return wanted;
  const there = stems.map((stem) => (stem === "" ? "mnist" : stem.slice(0, -1))).join(", ");
  const asked = variant === undefined ? "; say which one, for example" : `, not ${variant};`;
  throw new VitrineError("data", `${folder} holds ${there}${asked} ${stems[0]!.slice(0, -1)}:${folder}`, {
    usage: true,
  });
}

function findFile(
  folder: string,
  names: readonly string[],
  stem: string,
  train: boolean,
  kind: "images" | "labels",
): string {
  // The plain file is preferred: it sorts before its gzipped twin.
  const found = names.find((name) => {
    const [, itsStem, part, itsKind] = filePattern.exec(name) ?? [];
    return itsStem === stem && (part === "train") === train && itsKind === kind;
  });
  if (found !== undefined) return join(folder, found);
  const part = train ? "train" : stem === "" ? "t10k" : "test";
  const expected = `${stem}${part}-${kind}-idx${kind === "images" ? 3 : 1}-ubyte(.gz)`;
  throw new VitrineError("data", `expected ${expected} in ${folder}, found no such file`, { usage: true });
}
