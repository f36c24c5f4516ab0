// Runs the built command in a process of its own, in a folder of its own.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Rng } from "@vitrine/core";
import { writeImage } from "@vitrine/data";
import { expect } from "vitest";

const cli = fileURLToPath(new URL("../dist/cli.js", import.meta.url));

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

export function start(cwd: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(process.execPath, [cli, ...args], { cwd, env: { ...process.env, HF_HUB_OFFLINE: "1", ...env } });
}

export function outcome(child: ChildProcess): Promise<Outcome> {
  const out: Outcome = { code: null, stdout: "", stderr: "" };
  child.stdout!.on("data", (chunk) => (out.stdout += String(chunk)));
  child.stderr!.on("data", (chunk) => (out.stderr += String(chunk)));
  return new Promise((resolve) => child.on("close", (code) => resolve({ ...out, code })));
}

export const vitrine = (cwd: string, ...args: string[]): Promise<Outcome> => outcome(start(cwd, args));

/** A run that is stopped in its second epoch, and goes on, ends with the weights of one that never was. Not on Windows. */
export async function expectSameWeightsResumed(folder: string, args: readonly string[]): Promise<void> {
  const whole = await vitrine(folder, ...args, "--experiment", "whole");
  expect(whole, whole.stderr).toMatchObject({ code: 0 });
  const child = start(folder, [...args, "--experiment", "halves"]);
  const ended = outcome(child);
  await new Promise<void>((resolve) => {
    child.stdout!.on("data", (chunk) => String(chunk).includes("Train: 1 ") && resolve());
  });
  child.kill("SIGINT");
  expect((await ended).code).toBe(130);
  const resumed = await vitrine(folder, "train", "--resume", "runs/halves");
  expect(resumed, resumed.stderr).toMatchObject({ code: 0 });
  const weights = (name: string) => readFile(join(folder, "runs", name, "weights/last.safetensors"));
  expect((await weights("halves")).equals(await weights("whole"))).toBe(true);
}

/** What `--json` prints: an object a line. */
export const jsonLines = <Line = Record<string, unknown>>(stdout: string): Line[] =>
  stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);

export const temporaryFolder = (): Promise<string> => mkdtemp(join(tmpdir(), "vitrine-cli-"));

const colours = { blue: [40, 60, 220], green: [40, 200, 70], red: [220, 50, 40] } as const;

/** A folder of noisy pictures in three colours, `<class>/<n>.png`. */
export async function writePictures(folder: string, each: number): Promise<void> {
  for (const [name, colour] of Object.entries(colours)) {
    await mkdir(join(folder, name), { recursive: true });
    for (let n = 0; n < each; n++) {
      const rng = Rng.of(name, n);
      const [width, height] = [20 + rng.int(12), 20 + rng.int(12)];
      const data = Uint8Array.from({ length: width * height * 3 }, (_, i) =>
        Math.max(0, Math.min(255, colour[i % 3]! + rng.int(80) - 40)),
      );
      await writeImage({ data, width, height, channels: 3 }, join(folder, name, `${n}.png`));
    }
  }
}

/** A folder with `photos`, so many of each colour, and the same split into `data`. */
export async function folderOfPhotos(each: number): Promise<string> {
  const folder = await temporaryFolder();
  await writePictures(join(folder, "photos"), each);
  const { code, stderr } = await vitrine(folder, "data", "split", "photos", "data");
  if (code !== 0) throw new Error(stderr);
  return folder;
}

/** A model that learns colours in seconds. */
export const small = [
  ...["--model", "vit_tiny_patch16_224", "--img-size", "16"],
  ...["--model-kwargs", "patchSize=8", "depth=1", "embedDim=32", "numHeads=2"],
  ...["--opt", "adamw", "--lr", "3e-3", "--warmup-epochs", "0", "--batch-size", "16", "--no-aug", "-j", "1"],
];
