// MNIST and its kin: IDX files, plain or gzipped. http://yann.lecun.com/exdb/mnist/

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { VitrineError } from "@vitrine/core";
import { type ArrayOptions, arrayDataset } from "./arrays.ts";
import type { Dataset } from "./dataset.ts";
import { kindOf } from "./find-images.ts";
import { splitName } from "./splits.ts";

const fashionClasses = [
  "T-shirt/top",
  "Trouser",
  "Pullover",
  "Dress",
  "Coat",
  "Sandal",
  "Shirt",
  "Sneaker",
  "Bag",
  "Ankle boot",
] as const;

/** Where torchvision and others put the files below the folder that the user names. */
const places = ["", "raw", "MNIST/raw", "FashionMNIST/raw", "data"];
const prefixes = { train: "train", val: "t10k", test: "t10k" } as const;

export interface MnistOptions {
  /** `train` (default), or `val` and `test` for the ten thousand images of the "t10k" files. */
  split?: string;
  classes?: readonly string[];
  /** Name the classes of Fashion-MNIST (default: when "fashion" is part of the path). */
  fashion?: boolean;
}

/** The folder below `root` that holds IDX files, or undefined. */
export async function findMnist(root: string): Promise<string | undefined> {
  for (const place of places) {
    const folder = join(root, place);
    if ((await kindOf(folder)) !== "folder") continue;
    const names = await readdir(folder);
    if (names.some((name) => filePattern("(train|t10k)", "images").test(name))) return folder;
  }
  return undefined;
}

/** Grey images with labels from the IDX files in or below `root`. */
export async function openMnist(root: string, options: MnistOptions = {}): Promise<Dataset> {
  const { split = "train", fashion = /fashion/i.test(root) } = options;
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
  const prefix = prefixes[name];
  const images = await readIdx(await findFile(folder, prefix, "images"), 3);
  const labels = await readIdx(await findFile(folder, prefix, "labels"), 1);
  const [count = 0, height = 0, width = 0] = images.shape;
  if (count !== labels.shape[0]) {
    throw new VitrineError(
      labels.file,
      `expected ${count} labels, one for each image of ${images.file}; found ${labels.shape[0]}`,
    );
  }
  if (count * height * width === 0) throw new VitrineError(images.file, "holds no images");
  let highest = 9;
  for (const label of labels.data) highest = Math.max(highest, label);
  const numbers = Array.from({ length: highest + 1 }, (_, i) => String(i));
  const classes = options.classes ?? (fashion && highest === 9 ? fashionClasses : numbers);
  const arrays: ArrayOptions = { images: images.data, width, height, channels: 1, labels: labels.data, classes };
  return arrayDataset({ ...arrays, name: images.file });
}

interface Idx {
  file: string;
  shape: number[];
  data: Uint8Array;
}

/** An IDX file of bytes with `rank` dimensions. */
async function readIdx(file: string, rank: number): Promise<Idx> {
  const stored = await readFile(file);
  const bytes = file.endsWith(".gz") ? await unzip(file, stored) : new Uint8Array(stored);
  const header = 4 + 4 * rank;
  const magic = bytes.length < 4 ? undefined : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  // 0x08: unsigned bytes.
  const expected = 0x0800 + rank;
  if (magic !== expected) {
    const found = magic === undefined ? `${bytes.length} bytes` : String(magic);
    throw new VitrineError(
      file,
      `not an IDX file of ${rank === 1 ? "labels" : "images"}: expected magic ${expected}, found ${found}`,
    );
  }
  if (bytes.length < header) throw truncated(file, header, bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const size = shape.reduce((product, n) => product * n, 1);
  if (bytes.length < header + size) throw truncated(file, header + size, bytes.length, shape);
  return { file, shape, data: bytes.subarray(header, header + size) };
}

function truncated(file: string, expected: number, found: number, shape: readonly number[] = []): VitrineError {
  const of = shape.length > 0 ? ` for ${shape.join(" x ")}` : "";
  return new VitrineError(
    file,
    `truncated IDX file: expected ${expected} bytes${of}, found ${found}; download it again`,
  );
}

async function unzip(file: string, stored: Uint8Array): Promise<Uint8Array> {
  try {
    return new Uint8Array(await promisify(gunzip)(stored));
  } catch (error) {
    throw new VitrineError(file, `damaged gzip file (${stored.length} bytes): ${(error as Error).message}`, {
      cause: error,
    });
  }
}

async function findFile(folder: string, prefix: string, kind: "images" | "labels"): Promise<string> {
  // The plain file is preferred: it sorts before its gzipped twin.
  const found = (await readdir(folder)).sort().find((name) => filePattern(prefix, kind).test(name));
  if (found !== undefined) return join(folder, found);
  const expected = `${prefix}-${kind}-idx${kind === "images" ? 3 : 1}-ubyte(.gz)`;
  throw new VitrineError("data", `expected ${expected} in ${folder}, found no such file`, { usage: true });
}

/** `train-images-idx3-ubyte`, `train-images.idx3-ubyte`, both with or without `.gz`. */
function filePattern(prefix: string, kind: string): RegExp {
  return new RegExp(`^${prefix}-${kind}[-.]idx[13]-ubyte(\\.gz)?$`);
}
