// The folder of a run: what it was asked (args.yaml), what it is about (classes.json, preprocess.json, env.json), how it went
// (summary.csv, report.html), the weights, and the state to resume from.

import { execFile } from "node:child_process";
import { lstat, readdir, rm, stat, symlink } from "node:fs/promises";
import { arch, cpus, platform, release, totalmem } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { type Model, type State, tf, VitrineError } from "@vitrine/core";
import { makeFolder, writeFileAtomic } from "@vitrine/core/node";
import { stringify } from "yaml";
import { type Checkpoint, hasState, type RunIdentity, readState, writeState } from "./checkpoint.ts";
import { summaryCsv } from "./csv.ts";
import type { EpochRecord } from "./records.ts";
import { ownVersion, saveWeights } from "./weights.ts";

/** What else is known when weights are saved. */
export interface WeightsNote {
  epoch: number;
  /** Whether they are the average. */
  ema: boolean;
}

export class RunFolder {
  readonly path: string;
  readonly #state: string;
  /** The write that is under way. */
  #pending: Promise<void> = Promise.resolve();
  #failed: { error: unknown } | undefined;

  private constructor(path: string) {
    this.path = path;
    this.#state = join(path, "state");
  }

  /**
   * Opens a run folder, making it where needed.
   * @throws VitrineError where it cannot be made or written, where it holds another run and `resume` is not set, and where
   * it does not exist and `resume` is.
   */
  static async open(path: string, resume: boolean): Promise<RunFolder> {
    const exists = (await stat(path).catch(() => undefined)) !== undefined;
    if (resume && !exists)
      throw new VitrineError(path, "there is no run to resume: no such folder; check the path", { usage: true });
    const folder = new RunFolder(path);
    if (!resume && (await folder.#holdsRun()))
      throw new VitrineError(path, "already holds a run; resume it (`resume`), or choose another folder", {
        usage: true,
      });
    await makeFolder(join(path, "weights"));
    await makeFolder(folder.#state);
    return folder;
  }

  async #holdsRun(): Promise<boolean> {
    if (await hasState(this.#state)) return true;
    const weights = await readdir(join(this.path, "weights")).catch(() => []);
    return weights.some((name) => name.endsWith(".safetensors"));
  }

  /** Where a run to be resumed stands; nothing where it was stopped before its first state was on disk. */
  async restore(identity: RunIdentity, spec: object): Promise<Checkpoint | undefined> {
    return (await hasState(this.#state)) ? readState(this.#state, identity, spec) : undefined;
  }

  /** Writes what does not change during a run. */
  async describe(model: Model, classes: readonly string[], args: Readonly<Record<string, unknown>>): Promise<void> {
    const json = (value: unknown) => `${JSON.stringify(value, undefined, 2)}\n`;
    const plain = JSON.parse(JSON.stringify(args)) as unknown; // Options may hold undefined, which YAML has no word for.
    await writeFileAtomic(join(this.path, "args.yaml"), stringify(plain));
    await writeFileAtomic(join(this.path, "classes.json"), json(classes));
    await writeFileAtomic(join(this.path, "preprocess.json"), json(model.preprocess));
    await writeFileAtomic(join(this.path, "env.json"), json(await environment()));
  }

  /** Queues the writing of a state (and what `also` writes before it); training goes on meanwhile. */
  async saveState(identity: RunIdentity, checkpoint: Checkpoint, also?: () => Promise<void>): Promise<void> {
    await this.settle();
    this.#pending = (async () => {
      await also?.();
      await writeState(this.#state, identity, checkpoint);
    })().catch((error: unknown) => {
      this.#failed = { error };
    });
  }

  /** Waits for the write under way. @throws what made it fail. */
  async settle(): Promise<void> {
    await this.#pending;
    this.check();
  }

  /** @throws what made the last write fail, if it has. */
  check(): void {
    const failed = this.#failed;
    this.#failed = undefined;
    if (failed !== undefined) throw failed.error;
  }

  async saveWeights(name: "best" | "last", model: Model, state: State, { epoch, ema }: WeightsNote): Promise<void> {
    const about = { epoch: String(epoch), ema: String(ema) };
    await saveWeights(join(this.path, "weights", `${name}.safetensors`), model, state, about);
  }

  async saveSummary(history: readonly EpochRecord[]): Promise<void> {
    await writeFileAtomic(join(this.path, "summary.csv"), summaryCsv(history));
  }

  async saveReport(html: string): Promise<void> {
    await writeFileAtomic(join(this.path, "report.html"), html);
  }
}

/** The machine and the versions a run was made with. */
async function environment(): Promise<Record<string, unknown>> {
  const git = await promisify(execFile)("git", ["rev-parse", "HEAD"]).catch(() => undefined);
  const processors = cpus();
  return {
    vitrine: await ownVersion(),
    node: process.version,
    tfjs: tf.version_core,
    engine: tf.getBackend(),
    platform: `${platform()} ${release()} ${arch()}`,
    cpu: processors[0]?.model,
    cores: processors.length,
    memoryMB: Math.round(totalmem() / 2 ** 20),
    ...(git === undefined ? {} : { git: git.stdout.trim() }),
  };
}

/**
 * The name of a new run: `<runs>/<stamp>-<model>-<size>`, timm's form. @param now the time of its start.
 */
export function runFolderName(runs: string, model: Pick<Model, "name" | "preprocess">, now: Date): string {
  const two = (n: number) => String(n).padStart(2, "0");
  const day = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  const time = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
  return join(runs, `${day}-${time}-${model.name}-${model.preprocess.size[0]}`);
}

/** Points `latest`, beside a run folder, to it. Does nothing where the system has no links, or something else is in the way. */
export async function linkLatest(run: string): Promise<void> {
  const link = join(dirname(run), "latest");
  if ((await lstat(link).catch(() => undefined))?.isSymbolicLink()) await rm(link).catch(() => {});
  // A junction on Windows needs no rights, but an absolute target.
  const target = process.platform === "win32" ? resolve(run) : basename(run);
  await symlink(target, link, "junction").catch(() => {});
}
