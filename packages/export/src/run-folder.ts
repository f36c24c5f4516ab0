// The parts of a training run's folder that prediction reads.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Preprocess, VitrineError } from "@vitrine/core";
import type { OnnxMetadata } from "./metadata.ts";

/** The ONNX file of a folder: `model.onnx`, or the only one there is. */
export async function findModelFile(folder: string): Promise<string> {
  const found = (await readdir(folder)).filter((name) => name.endsWith(".onnx")).sort();
  const name = found.includes("model.onnx") ? "model.onnx" : found[0];
  if (name === undefined)
    throw new VitrineError(folder, `holds no ONNX file; write one with \`vitrine export ${folder}\``, { usage: true });
  if (name !== "model.onnx" && found.length > 1)
    throw new VitrineError(folder, `holds ${found.length} ONNX files (${found.join(", ")}); name one`, { usage: true });
  return join(folder, name);
}

/** `classes.json` and `preprocess.json`, where they are. */
export async function readRunFolder(folder: string): Promise<OnnxMetadata> {
  const classes = await readJson<string[]>(join(folder, "classes.json"));
  const preprocess = await readJson<Preprocess>(join(folder, "preprocess.json"));
  return { ...(classes === undefined ? {} : { classes }), ...(preprocess === undefined ? {} : { preprocess }) };
}

async function readJson<T>(path: string): Promise<T | undefined> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw new VitrineError(path, `cannot be read: ${error.message}`, { cause: error });
  });
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new VitrineError(path, "is not JSON", { cause });
  }
}
