// CIFAR's Python version, which torchvision leaves on disk: pickled dictionaries.

import { readFile } from "node:fs/promises";
import { VitrineError } from "@vitrine/core";
import { type CifarRows, imageBytes } from "./cifar-rows.ts";
import { kindOf } from "./find-images.ts";
import { readPickle } from "./pickle.ts";
import { describe, integersOf, NumpyArray, type PickleValue, textOf } from "./pickle-values.ts";

/** @param labelKey where the labels lie: `labels`, `fine_labels` */
export async function readPython(file: string, labelKey: string): Promise<CifarRows> {
  const batch = await readDictionary(file, "a CIFAR batch");
  const data = entry(batch, "data", file);
  if (
    !(data instanceof NumpyArray && data.type.code === "u1" && data.shape.length === 2 && data.shape[1] === imageBytes)
  )
    throw new VitrineError(
      file,
      `expected "data" to be an array [images, ${imageBytes}] of u1, found ${describe(data)}`,
    );
  const count = data.shape[0]!;
  if (count === 0) throw new VitrineError(file, "holds no images");
  const found = entry(batch, labelKey, file);
  const labels = integersOf(found, count);
  if (labels === undefined)
    throw new VitrineError(file, `expected "${labelKey}" to be a list of ${count} integers, found ${describe(found)}`);
  return { file, labels, bytes: data.bytes, first: 0, stride: imageBytes };
}

/** The class names in `batches.meta` or `meta`; undefined where there is no such file. */
export async function readNameList(file: string, key: string): Promise<string[] | undefined> {
  if ((await kindOf(file)) !== "file") return undefined;
  const list = entry(await readDictionary(file, "CIFAR's class names"), key, file);
  const names = Array.isArray(list) ? list.map(textOf) : [];
  const texts = names.filter((name) => name !== undefined);
  if (texts.length === 0 || texts.length !== names.length)
    throw new VitrineError(file, `expected "${key}" to be a list of names, found ${describe(list)}`);
  return texts;
}

async function readDictionary(file: string, what: string): Promise<Map<string, PickleValue>> {
  const value = readPickle(await readFile(file), file, what);
  if (value instanceof Map) return value;
  throw new VitrineError(file, `expected ${what}, a dictionary, found ${describe(value)}`);
}

function entry(dictionary: ReadonlyMap<string, PickleValue>, key: string, file: string): PickleValue {
  const value = dictionary.get(key);
  if (value !== undefined) return value;
  const there = [...dictionary.keys()].slice(0, 8).map((name) => JSON.stringify(name));
  throw new VitrineError(file, `expected an entry "${key}", found ${there.length > 0 ? there.join(", ") : "none"}`);
}
