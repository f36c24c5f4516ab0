// From what a user names to a model: a run folder, a checkpoint, an ONNX file, or a model of the list.

import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Model, type Preprocess, VitrineError } from "@vitrine/core";
import { openSafetensors } from "@vitrine/core/node";
import { createModel, familyOf } from "vitrine";

export type Located = { kind: "onnx" | "checkpoint"; path: string } | { kind: "name"; name: string };

/** What of a model the command line may set. */
export interface OpenOptions {
  /** The model's name, for checkpoints that do not say it. */
  model?: string | undefined;
  /** Which weights of a run folder. */
  weights?: "best" | "last";
  /** Options of the model itself. */
  config?: Readonly<Record<string, unknown>>;
  onProgress?: (receivedBytes: number, totalBytes: number | undefined) => void;
}

/** What kind of thing a source is. @throws VitrineError that says what would have been understood. */
export async function locate(source: string, weights: "best" | "last" = "best"): Promise<Located> {
  const info = await stat(source).catch(() => undefined);
  if (info?.isDirectory()) return locateInFolder(source, weights);
  if (info !== undefined) {
    if (source.endsWith(".onnx")) return { kind: "onnx", path: source };
    if (source.endsWith(".safetensors")) return { kind: "checkpoint", path: source };
    const hint = /\.(pt|pth|bin|ckpt)(\.tar)?$/.test(source) ? "; save it from Python with safetensors first" : "";
    throw usage(source, `expected a run folder, a .safetensors or an .onnx file${hint}`);
  }
  if (/[\\/]/.test(source) || /\.(onnx|safetensors)$/.test(source))
    throw usage(
      source,
      "there is no such file or folder; expected a run folder, a .safetensors or .onnx file, or a model's name",
    );
  await familyOf(source); // says what is near where the name is unknown
  return { kind: "name", name: source };
}

async function locateInFolder(folder: string, weights: "best" | "last"): Promise<Located> {
  const candidates = [
    join("weights", `${weights}.safetensors`),
    join("weights", "last.safetensors"), // a run that was stopped before its first epoch ended has no best
    "model.safetensors",
    "model.onnx",
  ];
  for (const name of candidates) {
    const path = join(folder, name);
    if ((await stat(path).catch(() => undefined))?.isFile())
      return { kind: name.endsWith(".onnx") ? "onnx" : "checkpoint", path };
  }
  throw usage(folder, "is no run folder: it has neither weights/best.safetensors nor model.safetensors nor model.onnx");
}

/** Makes a model of a checkpoint or a name. @throws VitrineError where a checkpoint does not say whose it is. */
export async function openModel(
  located: Exclude<Located, { kind: "onnx" }>,
  options: OpenOptions = {},
): Promise<Model> {
  const progress = options.onProgress === undefined ? {} : { onProgress: options.onProgress };
  if (located.kind === "name") return make(located.name, { pretrained: true, ...options.config, ...progress });
  const { path } = located;
  const about = await readAbout(path);
  const name = options.model ?? about.arch;
  if (name === undefined)
    throw usage(path, "does not say which model it is of; give --model, for example --model vit_small_patch16_224");
  const stored = options.model === undefined || options.model === about.arch ? about.config : undefined;
  const model = await make(name, { ...stored, ...options.config, pretrained: path });
  if (about.classes?.length === model.config.numClasses) model.classes = about.classes;
  if (about.preprocess !== undefined) setPreprocess(model, about.preprocess);
  return model;
}

async function make(name: string, options: Record<string, unknown>): Promise<Model> {
  return (await createModel(name as never, options as never)) as unknown as Model;
}

/** Changes how a model's images are prepared; size and channels stay those of its input. */
export function setPreprocess(model: Model, changes: Partial<Preprocess>): void {
  const { size, channels } = model.preprocess;
  Object.assign(model, { preprocess: { ...model.preprocess, ...changes, size, channels } });
}

export interface About {
  arch?: string;
  config?: Record<string, unknown>;
  classes?: readonly string[];
  preprocess?: Preprocess;
}

/** What a checkpoint says of itself; for those of timm and transformers, what `config.json` beside it says. */
export async function readAbout(path: string): Promise<About> {
  const file = await openSafetensors(path);
  const { metadata } = file;
  await file.close();
  const parsed = <T>(key: string): T | undefined => {
    const text = metadata[key];
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text) as T;
    } catch {
      return undefined; // somebody else's key of the same name
    }
  };
  const arch = metadata.arch;
  if (arch === undefined) return readConfig(join(path, "..", "config.json"));
  const found = {
    arch,
    config: parsed<Record<string, unknown>>("config"),
    classes: parsed<string[]>("classes"),
    preprocess: parsed<Preprocess>("preprocess"),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)) as About;
}

/** What timm's `config.json` says, or transformers' of a model that is here. */
async function readConfig(path: string): Promise<About> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return {};
  let found: { architecture?: unknown; label_names?: unknown; model_type?: unknown };
  try {
    found = JSON.parse(text) as typeof found;
  } catch {
    return {};
  }
  if (found?.model_type === "clip") {
    const saved = (await import("vitrine/clip")).savedModel(found)!;
    return { arch: saved.name, config: { ...saved.options } };
  }
  const { architecture, label_names: labels } = found ?? {};
  return {
    ...(typeof architecture === "string" ? { arch: architecture } : {}),
    ...(Array.isArray(labels) ? { classes: labels.map(String) } : {}),
  };
}

/** Class names from a file: one a line, a JSON list, or a JSON map of names to indices. */
export async function readClasses(path: string): Promise<string[]> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw usage(path, error.code === "ENOENT" ? "there is no such file" : error.message);
  });
  if (!/^\s*[[{]/.test(text)) return text.split(/\r?\n/).filter((line) => line !== "");
  try {
    const found = JSON.parse(text) as readonly string[] | Record<string, number>;
    if (Array.isArray(found)) return found.map(String);
    return Object.entries(found as Record<string, number>)
      .sort((a, b) => a[1] - b[1])
      .map(([name]) => name);
  } catch (error) {
    throw usage(path, `is not JSON: ${(error as Error).message}`);
  }
}

function usage(where: string, message: string): VitrineError {
  return new VitrineError(where, message, { usage: true });
}
