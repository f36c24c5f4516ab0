import { readFile, rm } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commands } from "../src/commands.ts";
import { jsonLines, outcome, start, temporaryFolder, vitrine } from "./vitrine.ts";

let folder: string;
const run = (...args: string[]) => vitrine(folder, ...args);
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => rm(folder, { recursive: true }));

test("lists its commands, asked or not", async () => {
  const { stdout, code } = await run();
  expect(code).toBe(0);
  for (const { name, summary } of commands) expect(stdout).toContain(summary.length > 0 ? name : "");
  for (const words of [["--help"], ["-h"], ["help"]]) expect((await run(...words)).stdout).toBe(stdout);
});

test("says its version", async () => {
  const { version } = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  for (const words of [["--version"], ["-v"], ["version"]]) expect((await run(...words)).stdout).toBe(`${version}\n`);
});

test.each(commands.map(({ name }) => name))("explains %s: usage, every option, an example", async (name) => {
  const { stdout, code } = await run(...name.split(" "), "--help");
  expect(code).toBe(0);
  expect(stdout).toContain(`Usage: vitrine ${name}`);
  expect(stdout).toContain("--json");
  expect(stdout).toContain(`  vitrine ${name}`);
  expect((await run("help", ...name.split(" "))).stdout).toBe(stdout);
});

test("helps without loading tensors", async () => {
  // Node's cache of loaded CommonJS, which TensorFlow.js, ONNX Runtime and sharp are, told as the process ends.
  const probe = `import { Module } from "node:module"; process.on("exit", () => console.error(Object.keys(Module._cache).join("\\n")));`;
  const loaded = async (...args: string[]) => {
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(probe)}` };
    return (await outcome(start(folder, args, env))).stderr;
  };
  const heavy = /tfjs-core|onnxruntime-node|sharp/;
  expect(await loaded("--help")).not.toMatch(heavy);
  expect(await loaded("info", "vit_tiny_patch16_224"), "the probe sees what is loaded").toMatch(heavy);
});

test("lists models that match, with their numbers", async () => {
  const { stdout } = await run("models", "vit_tiny_*_224", "--json");
  const [first, ...others] = jsonLines(stdout);
  expect(others).toEqual([]);
  expect(first).toMatchObject({ name: "vit_tiny_patch16_224", params: 5717416, family: "vit" });
  expect(await run("models", "nothing*")).toMatchObject({ code: 1, stdout: "" });
});

test("tells what a model costs before it is made", async () => {
  const { stdout } = await run("info", "deit_tiny_patch16_224", "--num-classes", "10");
  expect(stdout).toContain("parameters     5,526,346 (5.53 M)");
  expect(stdout).toContain("multiply-adds  1.25 G for one image");
  expect(stdout).toContain("224 x 224, 3 channels");
});

test("finds this machine fit", async () => {
  const { stdout, code } = await run("doctor");
  expect(code).toBe(0);
  for (const what of ["Node", "Processor", "ONNX Runtime", "Images (sharp)"])
    expect(stdout).toMatch(new RegExp(`^(ok|warn) +${what.replace(/[()]/g, "\\$&")}`, "m"));
});
