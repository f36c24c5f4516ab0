// The checks of `vitrine doctor`: what is there, whether it works, and the fix where it does not.

import { constants } from "node:fs";
import { access, mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { availableParallelism, cpus, freemem, homedir, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { resolvePackage } from "./engine.ts";

export interface Finding {
  what: string;
  state: "ok" | "warn" | "fail";
  found: string;
  /** What to do. */
  fix?: string;
}

export const checks: readonly (() => Promise<Finding[]>)[] = [
  node,
  processor,
  memory,
  onnxRuntime,
  images,
  tensorflow,
  hub,
  proxy,
];

async function node(): Promise<Finding[]> {
  const major = Number(process.versions.node.split(".")[0]);
  const found = `${process.version} ${process.platform} ${process.arch}`;
  if (major < 20) return [{ what: "Node", state: "fail", found, fix: "install Node 20 or newer" }];
  return [{ what: "Node", state: "ok", found }];
}

async function processor(): Promise<Finding[]> {
  const model = cpus()[0]?.model.trim() ?? "unknown processor";
  const cores = availableParallelism();
  const features = await cpuFeatures();
  const findings: Finding[] = [
    { what: "Processor", state: cores > 1 ? "ok" : "warn", found: `${model}, ${cores} cores` },
  ];
  if (cores === 1) findings[0]!.fix = "one core trains and decodes by turns; expect half the speed";
  if (features === undefined) return findings;
  const known = ["avx2", "fma", "avx512f", "avx512_vnni", "avx_vnni", "amx_tile", "asimd", "sve"].filter((f) =>
    features.has(f),
  );
  const fast = features.has("avx2") || features.has("asimd");
  findings.push({
    what: "Vector units",
    state: fast ? "ok" : "warn",
    found: known.length === 0 ? "none of note" : known.join(" "),
    ...(fast ? {} : { fix: "without AVX2 everything takes several times as long; use another machine if you can" }),
  });
  return findings;
}

/** Flags of /proc/cpuinfo; only Linux has it. */
async function cpuFeatures(): Promise<Set<string> | undefined> {
  const text = await readFile("/proc/cpuinfo", "utf8").catch(() => undefined);
  const line = text?.match(/^(?:flags|Features)\s*:\s*(.*)$/m)?.[1];
  return line === undefined ? undefined : new Set(line.split(/\s+/));
}

async function memory(): Promise<Finding[]> {
  const gigabytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GB`;
  const limit = Number(await readFile("/sys/fs/cgroup/memory.max", "utf8").catch(() => "max"));
  const total = Number.isFinite(limit) ? Math.min(limit, totalmem()) : totalmem();
  const found = `${gigabytes(total)}, ${gigabytes(Math.min(total, freemem()))} free`;
  if (total < 2 * 2 ** 30)
    return [{ what: "Memory", state: "warn", found, fix: "train with a small model and --batch-size 8 or less" }];
  return [{ what: "Memory", state: "ok", found }];
}

async function onnxRuntime(): Promise<Finding[]> {
  const what = "ONNX Runtime";
  try {
    const { availableProviders, openSession, encodeModel, trace, useOnnx } = await import("@vitrine/onnx");
    const { tf } = await import("@vitrine/core");
    const providers = availableProviders();
    await useOnnx();
    const graph = trace((x) => [{ name: "y", tensor: tf.add(x!, 1) }], [{ name: "x", shape: [1] }]);
    const session = openSession(encodeModel(graph));
    const feeds = new Map([["x", { data: new Float32Array([41]), shape: [1], dtype: "float32" as const }]]);
    const answer = session.run(feeds, new Map([["y", undefined]])).get("y")?.[0];
    session.dispose();
    if (answer !== 42) throw new Error(`41 + 1 gave ${answer}`);
    return [
      {
        what,
        state: "ok",
        found: `${await versionOf("onnxruntime-node", "@vitrine/onnx")}, providers ${providers.join(", ")}`,
      },
    ];
  } catch (error) {
    const fix =
      "install again with ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node; on Linux it needs glibc 2.28 or newer (no Alpine)";
    return [{ what, state: "fail", found: firstLine(error), fix }];
  }
}

async function images(): Promise<Finding[]> {
  const what = "Images (sharp)";
  try {
    const { decodeImage } = await import("@vitrine/data");
    // A picture of one pixel.
    const gif = Buffer.from("R0lGODlhAQABAIAAAP8AAP///yH5BAAAAAAALAAAAAABAAEAAAICRAEAOw==", "base64");
    const { width, height } = await decodeImage(gif);
    if (width !== 1 || height !== 1) throw new Error(`decoded ${width} x ${height} pixels of a picture of one`);
    return [{ what, state: "ok", found: await versionOf("sharp", "@vitrine/data") }];
  } catch (error) {
    const fix =
      "install again with npm install --include=optional sharp, on this very system (not copied from another)";
    return [{ what, state: "fail", found: firstLine(error), fix }];
  }
}

async function tensorflow(): Promise<Finding[]> {
  const what = "TensorFlow";
  const name = ["@tensorflow/tfjs-node-gpu", "@tensorflow/tfjs-node"].find((one) => resolvePackage(one) !== undefined);
  if (name === undefined) return [{ what, state: "ok", found: "not installed, and not needed (--engine tensorflow)" }];
  const major = Number(process.versions.node.split(".")[0]);
  if (major < 23) return [{ what, state: "ok", found: `${name} is installed` }];
  const fix = "its releases fail on Node 23 and newer; use the onnx engine, or Node 22";
  return [{ what, state: "warn", found: `${name} is installed`, fix }];
}

async function hub(): Promise<Finding[]> {
  const { env } = process;
  const home = env.HF_HOME ?? join(env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "huggingface");
  const cache = env.HF_HUB_CACHE ?? join(home, "hub");
  const offline = /^(1|on|yes|true)$/i.test(env.HF_HUB_OFFLINE ?? "") ? ", offline (HF_HUB_OFFLINE)" : "";
  const endpoint = env.HF_ENDPOINT === undefined ? "" : ", HF_ENDPOINT is set";
  const writable = await mkdir(cache, { recursive: true })
    .then(() => access(cache, constants.W_OK))
    .then(
      () => true,
      () => false,
    );
  const found = `${cache}${offline}${endpoint}`;
  if (writable) return [{ what: "Weights cache", state: "ok", found }];
  return [
    {
      what: "Weights cache",
      state: "warn",
      found: `${found} cannot be written`,
      fix: "set HF_HOME to a folder that can",
    },
  ];
}

async function proxy(): Promise<Finding[]> {
  const names = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"].filter((name) => process.env[name]);
  if (names.length === 0) return [];
  const major = Number(process.versions.node.split(".")[0]);
  const found = `${names.join(" and ")} ${names.length === 1 ? "is" : "are"} set`;
  if (process.env.NODE_USE_ENV_PROXY === "1" && major >= 24) return [{ what: "Proxy", state: "ok", found }];
  const fix =
    major >= 24
      ? "set NODE_USE_ENV_PROXY=1 too, or Node does not use it for downloads"
      : "Node before 24 does not use it for downloads; fetch weights with Python's huggingface_hub into the same cache, or use a mirror in HF_ENDPOINT";
  return [{ what: "Proxy", state: "warn", found, fix }];
}

/** The version of a package that one of ours depends on. */
async function versionOf(name: string, owner: string): Promise<string> {
  const folder = dirname(fileURLToPath(import.meta.resolve(owner)));
  let place = dirname(createRequire(join(folder, "index.js")).resolve(name));
  for (; ; place = dirname(place)) {
    // Some packages do not let their package.json be resolved; it lies above their main file.
    const text = await readFile(join(place, "package.json"), "utf8").catch(() => undefined);
    const found = text === undefined ? {} : (JSON.parse(text) as { name?: string; version?: string });
    if (found.name === name) return found.version ?? "unknown version";
    if (place === dirname(place)) return "unknown version";
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0]!;
}
