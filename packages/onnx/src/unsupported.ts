// Kernels that TensorFlow.js has and this backend lacks fail by name, and say which line of the user's program asked.

import { createRequire } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { tf, VitrineError } from "@vitrine/core";

/** TensorFlow.js does without these two where a backend lacks them. */
const optional: readonly string[] = [tf.FromPixels, tf.Draw];

/** Names of TensorFlow.js' kernels that are not among `known`. */
export function missingKernels(known: ReadonlySet<string>): string[] {
  // The package exports a string constant for each kernel, and hardly any other string.
  const names = Object.entries(tf).flatMap(([key, value]) => (typeof value === "string" && key === value ? [key] : []));
  return names.filter((name) => !known.has(name) && !optional.includes(name));
}

/** The kernel function of a kernel that is not there. */
export function refuse(kernelName: string): never {
  const place = callSite(deepStack(), ownFolders());
  const reached = place === undefined ? "" : ` It was reached from ${place}.`;
  throw new VitrineError("trace", `kernel "${kernelName}" has no ONNX lowering.${reached} See docs/add-a-kernel.md`);
}

/** `file:line` of the innermost frame outside of `folders`. */
export function callSite(stack: string, folders: readonly string[]): string | undefined {
  for (const line of stack.split("\n").slice(1)) {
    const [, path, row] = /\(?([^()\s]+):(\d+):\d+\)?$/.exec(line) ?? [];
    if (path === undefined || folders.some((folder) => path.includes(folder))) continue;
    return `${path.split(/[/\\]/).at(-1)}:${row}`;
  }
  return undefined;
}

/** A stack with more frames than Node keeps by default: a gradient lies deep below the call that asked for it. */
function deepStack(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 100;
  const { stack = "" } = new Error();
  Error.stackTraceLimit = limit;
  return stack;
}

/** Places of TensorFlow.js, this package and the one below it: frames there are not the user's. */
function ownFolders(): string[] {
  const core = createRequire(import.meta.url).resolve("@vitrine/core");
  return ["@tensorflow", "node:", dirname(fileURLToPath(import.meta.url)), dirname(core)];
}
