// What computes: ONNX Runtime by default; TensorFlow or plain JavaScript where their packages are installed. The one place
// that chooses.

import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { tf, VitrineError } from "@vitrine/core";
import type { Provider } from "@vitrine/onnx";
import { defineOptions, type Values } from "./args.ts";

export const engineOptions = defineOptions({
  engine: {
    kind: "string",
    choices: ["onnx", "tensorflow", "cpu"],
    default: "onnx",
    group: "Engine",
    help: "what computes; tensorflow and cpu (plain JavaScript, slow) are packages of their own",
  },
  provider: {
    kind: "string",
    aliases: ["ep"],
    default: "cpu",
    value: "NAME[,NAME]",
    group: "Engine",
    help: "device of the onnx engine, in order of preference: cpu, cuda, tensorrt, webgpu, coreml, dml",
  },
  threads: { kind: "integer", min: 1, group: "Engine", help: "threads of the onnx engine (all cores)" },
});

/** Packages that bring an engine, the better one first. */
const packages = {
  tensorflow: ["@tensorflow/tfjs-node-gpu", "@tensorflow/tfjs-node"],
  cpu: ["@tensorflow/tfjs-backend-cpu"],
} as const;

/** Puts an engine in use. @throws VitrineError where its package is not installed, or does not load. */
export async function useEngine(args: Values<typeof engineOptions>): Promise<void> {
  const { engine, provider, threads } = args;
  if (engine === "onnx") {
    const { useOnnx } = await import("@vitrine/onnx");
    const providers = await readProviders(provider);
    await useOnnx({ providers, ...(threads === undefined ? {} : { threads }) });
    return;
  }
  const found = packages[engine].map((name) => ({ name, path: resolvePackage(name) })).find(({ path }) => path);
  if (found === undefined) {
    const message = `the engine "${engine}" needs ${packages[engine].join(" or ")}; install it with \`npm install ${packages[engine].at(-1)}\`, or leave --engine out`;
    throw new VitrineError("engine", message, { usage: true });
  }
  // TensorFlow tells of its processor on standard error unless asked not to.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= "1";
  try {
    await import(pathToFileURL(found.path!).href);
    if (!(await tf.setBackend(engine))) throw new Error("the backend does not start");
  } catch (cause) {
    const reason = (cause as Error).message.split("\n")[0];
    throw new VitrineError(
      "engine",
      `${found.name} is installed but does not load on Node ${process.version}: ${reason}`,
      { cause },
    );
  }
}

/** Devices by name. @throws VitrineError for one that the installed onnxruntime-node does not have. */
export async function readProviders(text: string): Promise<Provider[]> {
  const { availableProviders } = await import("@vitrine/onnx");
  const known = availableProviders();
  return text.split(",").map((part) => {
    const name = part.trim();
    const provider = known.find((one) => one === name);
    if (provider !== undefined) return provider;
    const message = `no provider "${name}" in the installed onnxruntime-node; it has ${known.join(", ")}`;
    throw new VitrineError("--provider", message, { usage: true });
  });
}

/** Where a package lies for the user's project, or for this one. */
export function resolvePackage(name: string): string | undefined {
  for (const from of [join(process.cwd(), "package.json"), import.meta.url])
    try {
      return createRequire(from).resolve(name);
    } catch {
      // Not there; the next place may have it.
    }
  return undefined;
}
