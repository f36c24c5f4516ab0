// Bundles TensorFlow.js' gradient table, which Node's module loader cannot import file by file (extensionless imports).
// The engine and its registries are global, so gradients registered from the bundle serve the one engine.
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const dist = join(dirname(fileURLToPath(import.meta.url)), "..", "dist");
const tfjs = dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-core/package.json"));

await mkdir(dist, { recursive: true });
await build({
  entryPoints: [join(tfjs, "dist", "register_all_gradients.js")],
  outfile: join(dist, "tfjs-gradients.js"),
  bundle: true,
  format: "esm",
  platform: "neutral",
  mainFields: ["module", "main"],
  minify: true,
  legalComments: "eof",
  // The package marks itself free of side effects, and registering gradients is one.
  ignoreAnnotations: true,
  external: ["node-fetch", "util", "crypto", "worker_threads"],
  logLevel: "error",
});
await writeFile(join(dist, "tfjs-gradients.d.ts"), "export {};\n");
