// A run killed with SIGKILL and resumed gives the same files, byte for byte, as the run left alone. The killed runs are
// processes of their own with real files, on the built package.

import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { run } from "./resume/run.mjs";

const program = fileURLToPath(new URL("./resume/run.mjs", import.meta.url));

interface Options {
  engine?: "cpu" | "onnx";
  resume?: boolean;
  kill?: Record<string, number>;
}

// Dozens of processes are started; on a busy machine each takes seconds.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

let folder: string;
/** What the run left alone wrote. */
const whole = new Map<string, Buffer[]>();

const kept = ["weights/last.safetensors", "weights/best.safetensors", "summary.csv"];
const results = (run: string) => Promise.all(kept.map((name) => readFile(join(run, name))));

/** Runs to the end or to a kill; `watch` may kill it from outside. Gives the signal that ended it. */
function start(output: string, options: Options, watch?: (kill: () => void) => () => void): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, output, JSON.stringify(options)], {
      stdio: ["ignore", "inherit", "pipe"],
    });
    let errors = "";
    child.stderr.on("data", (text) => {
      errors += text;
    });
    const stop = watch?.(() => child.kill("SIGKILL"));
    child.on("exit", (code, signal) => {
      stop?.();
      if (code === null || code === 0) resolve(signal);
      else reject(new Error(errors));
    });
  });
}

/** Runs or goes on to the end. */
async function finished(output: string, engine: "cpu" | "onnx" = "cpu"): Promise<Buffer[]> {
  const options = { engine, resume: existsSync(output) };
  if (engine === "cpu") await run(output, options);
  else expect(await start(output, options)).toBeNull();
  return results(output);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-resume-"));
  for (const engine of ["cpu", "onnx"] as const) whole.set(engine, await finished(join(folder, engine), engine));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("killed", () => {
  // A state is 4 files of about 2, 2, 3 and 1 kB, and the name of the current one.
  test.concurrent.each<[string, Record<string, number>]>([
    ["after the first step", { step: 1 }],
    ["in the middle of an epoch, between two checkpoints", { step: 5 }],
    ["inside the files that describe the run", { bytes: 300 }],
    ["inside the first state", { bytes: 6_000 }],
    ["inside a state in the middle of an epoch", { bytes: 16_000 }],
    ["inside the weights at an epoch's end", { bytes: 40_000 }],
    ["before a state is made the current one", { rename: 14 }],
    ["after a state was made the current one", { renamed: 14 }],
    ["before the state of before is removed", { remove: 2 }],
    ["inside the last writes", { bytes: 104_000 }],
  ])("%s, goes on to the same bytes", async (name, kill) => {
    const output = join(folder, name.replaceAll(" ", "-"));
    expect(await start(output, { kill })).toBe("SIGKILL");
    expect(await finished(output)).toEqual(whole.get("cpu"));
  });

  test("by another process while it writes a state, and goes on to the same bytes", async () => {
    const output = join(folder, "watched");
    const states = join(output, "state");
    const signal = await start(output, {}, (kill) => {
      const timer = setInterval(() => {
        const names = existsSync(states) ? readdirSync(states) : [];
        if (names.includes("000003")) kill();
      }, 1);
      return () => clearInterval(timer);
    });
    expect(signal).toBe("SIGKILL");
    expect(await finished(output)).toEqual(whole.get("cpu"));
  });

  test("again and again, goes on to the same bytes", async () => {
    const output = join(folder, "again");
    const kills: Record<string, number>[] = [{ step: 3 }, { bytes: 5_000 }, { rename: 9 }, { step: 2 }];
    for (const kill of kills) expect(await start(output, { kill, resume: existsSync(output) })).toBe("SIGKILL");
    expect(await finished(output)).toEqual(whole.get("cpu"));
  });

  test("on the compiling engine, goes on to the same bytes", async () => {
    const output = join(folder, "compiled");
    expect(await start(output, { engine: "onnx", kill: { step: 5 } })).toBe("SIGKILL");
    expect(await finished(output, "onnx")).toEqual(whole.get("onnx"));
  });
});

test("a disk that takes no more ends the run with the file's name, and what was saved goes on to the same bytes", async () => {
  const output = join(folder, "full");
  // No file may be larger than 8 KiB: the states fit, the report does not.
  const limited = `ulimit -f 8; exec "$0" "$1" "$2" "{}"`;
  const child = spawn("bash", ["-c", limited, process.execPath, program, output], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (text) => {
    errors += text;
  });
  const code = await new Promise((resolve) => child.on("exit", resolve));
  expect(code).toBe(1);
  expect(errors).toContain(`${join(output, "report.html")}: cannot write`);
  expect(await finished(output)).toEqual(whole.get("cpu"));
});

test("a state that was cut short is told of by name, not half used", async () => {
  const output = join(folder, "damaged");
  expect(await start(output, { kill: { step: 5 } })).toBe("SIGKILL");
  const [state] = readdirSync(join(output, "state")).filter((name) => name !== "current");
  const file = join(output, "state", state!, "params.safetensors");
  const bytes = await readFile(file);
  await writeFile(file, bytes.subarray(0, bytes.length - 10));
  await expect(finished(output)).rejects.toThrow(/params\.safetensors/);
});
