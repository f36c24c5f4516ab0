// A run's state on disk, as one consistent generation. Each is a folder of its own (`state/000012`), complete and forced to
// disk before the file `state/current` is switched to its name; the one before is removed after that. So a kill at any moment
// leaves `current` naming a complete generation.

import { open, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { compareState, type HostTensor, type State, VitrineError } from "@vitrine/core";
import { makeFolder, openSafetensors, type TensorEntry, writeFileAtomic, writeSafetensors } from "@vitrine/core/node";
import type { Progress } from "./records.ts";
import type { StepSnapshot } from "./step.ts";

const format = 1;

/** What a run is of. A state only continues a run that says the same. */
export interface RunIdentity {
  model: string;
  engine: string;
  optimizer: string;
  seed: number;
  batchSize: number;
  /** Images of each sample, where there are several. */
  splits: number | undefined;
  accumulate: number;
  samples: number;
  /** Micro-batches of an epoch that are trained on. */
  batches: number;
  classes: readonly string[];
}

export interface Checkpoint {
  snapshot: StepSnapshot;
  progress: Progress;
}

interface StateFile extends RunIdentity {
  format: number;
  updates: number;
  runs: number;
  ema: boolean;
  progress: Progress;
}

/** Tensors as entries of a file. */
export function entriesOf(tensors: ReadonlyMap<string, HostTensor>): TensorEntry[] {
  return [...tensors].map(([name, { shape, data }]) => ({
    name,
    dtype: data instanceof Float32Array ? "F32" : "I32",
    shape,
    data: data as Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>,
  }));
}

/** Writes a generation, switches to it, and removes older ones. On failure the state before is untouched. */
export async function writeState(folder: string, identity: RunIdentity, checkpoint: Checkpoint): Promise<void> {
  const { snapshot, progress } = checkpoint;
  const name = String(Math.max(0, ...(await generations(folder)).map(Number)) + 1).padStart(6, "0");
  const generation = join(folder, name);
  try {
    await makeFolder(generation);
    await writeSafetensors(join(generation, "params.safetensors"), entriesOf(snapshot.params));
    if (snapshot.ema !== undefined)
      await writeSafetensors(join(generation, "ema.safetensors"), entriesOf(snapshot.ema));
    await writeSafetensors(join(generation, "optimizer.safetensors"), entriesOf(snapshot.optimizer));
    const { updates, runs } = snapshot;
    const state: StateFile = { format, ...identity, updates, runs, ema: snapshot.ema !== undefined, progress };
    await writeFileAtomic(join(generation, "run.json"), `${JSON.stringify(state, keepNumbers)}\n`);
    await syncFolder(folder); // The new folder must be on disk before anything names it.
    await writeFileAtomic(join(folder, "current"), `${name}\n`);
  } catch (error) {
    // Half a generation would only take room on what may be a full disk.
    if ((await currentName(folder).catch(() => undefined)) !== name) await remove(generation);
    throw error;
  }
  for (const other of await generations(folder)) if (other !== name) await remove(join(folder, other));
}

/** Whether a folder holds a state to resume from. */
export async function hasState(folder: string): Promise<boolean> {
  return (await currentName(folder)) !== undefined;
}

/**
 * Reads the current generation.
 * @throws VitrineError where there is none, where it is damaged, or where it is of another run (`identity`, `spec`).
 */
export async function readState(folder: string, identity: RunIdentity, spec: object): Promise<Checkpoint> {
  const name = await currentName(folder);
  if (name === undefined)
    throw new VitrineError(folder, "there is no state to resume from; start a run without `resume`", { usage: true });
  const generation = join(folder, name);
  const { format: _format, updates, runs, ema, progress, ...saved } = await readRun(join(generation, "run.json"));
  // Another model is best told by its keys, before what else may differ.
  const params = await readTensors(join(generation, "params.safetensors"));
  const difference = compareState(spec, params);
  if (difference !== undefined) throw new VitrineError(join(generation, "params.safetensors"), difference);
  compareIdentity(folder, saved, identity);
  const optimizer = await readTensors(join(generation, "optimizer.safetensors"));
  const snapshot: StepSnapshot = { params, optimizer, updates, runs };
  if (ema) snapshot.ema = await readTensors(join(generation, "ema.safetensors"));
  return { snapshot, progress };
}

async function readRun(path: string): Promise<StateFile> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new VitrineError(path, "cannot be read; the state is damaged. Start again from weights/last.safetensors", {
      cause,
    });
  });
  let state: StateFile;
  try {
    state = JSON.parse(text, readNumbers) as StateFile;
  } catch (cause) {
    throw new VitrineError(path, "expected JSON; the state is damaged. Start again from weights/last.safetensors", {
      cause,
    });
  }
  if (state.format !== format)
    throw new VitrineError(
      path,
      `expected format ${format}, found ${state.format}; resume with the version that wrote it`,
    );
  return state;
}

function compareIdentity(folder: string, saved: RunIdentity, now: RunIdentity): void {
  for (const key of Object.keys(now) as (keyof RunIdentity)[]) {
    const [before, after] = [saved[key], now[key]].map((value) => (Array.isArray(value) ? value.join(", ") : value));
    if (before === after) continue;
    const message = `the run was started with ${key} ${before ?? "none"}, found ${after ?? "none"}; resume with the same, or start a new run from weights/last.safetensors`;
    throw new VitrineError(folder, message, { usage: true });
  }
}

/** All tensors of a file. */
export async function readTensors(path: string): Promise<State> {
  const file = await openSafetensors(path);
  try {
    const state: State = new Map();
    for (const [name, { shape, dtype }] of file.header) {
      const data = dtype === "I32" ? ((await file.read(name)) as Int32Array) : await file.readFloat32(name);
      state.set(name, { shape, data });
    }
    return state;
  } finally {
    await file.close();
  }
}

async function currentName(folder: string): Promise<string | undefined> {
  const text = await readFile(join(folder, "current"), "utf8").catch(() => undefined);
  const name = text?.trim();
  return name !== undefined && /^\d+$/.test(name) ? name : undefined;
}

async function generations(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => /^\d+$/.test(name));
}

async function remove(generation: string): Promise<void> {
  await rm(generation, { recursive: true, force: true }).catch(() => {});
}

/** JSON has no word for infinity and not-a-number, which losses can be. */
function keepNumbers(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? { number: String(value) } : value;
}

function readNumbers(_key: string, value: unknown): unknown {
  const text = (value as { number?: unknown } | null)?.number;
  return typeof text === "string" ? Number(text) : value;
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined); // Not every system lets a folder be opened.
  await handle?.sync().catch(() => {});
  await handle?.close().catch(() => {});
}
