// Runs the specs that TensorFlow.js ships in its npm package on the `onnx` backend:
//   pnpm --filter @vitrine/onnx test:tfjs [--filter TEXT] [--file NAME] [--list]
// `--filter` keeps the specs whose full name contains TEXT, `--file` the spec files whose path contains NAME, `--list`
// prints the name of each failure instead of a few of each kind. Exits with 1 where a spec fails.
//
// tfjs-core's sources, its specs and this backend go into one bundle, so that all of them see one engine, one Tensor class
// and one jasmine; only ONNX Runtime stays outside.

import { spawn } from "node:child_process";
import { mkdir, readdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const core = join(here, "..", "..", "core");
const tfjs = join(
  dirname(createRequire(join(core, "package.json")).resolve("@tensorflow/tfjs-core/package.json")),
  "dist",
);

/** Folders and files of `dist` whose specs say something about a backend; the others test browsers, storage and helpers. */
const places = [
  "ops",
  "optimizers",
  "public",
  "buffer_test.js",
  "debug_mode_test.js",
  "engine_test.js",
  "gradients_test.js",
  "profiler_test.js",
  "tape_test.js",
  "tensor_test.js",
  "variable_test.js",
];

async function specFiles() {
  const found = (await readdir(tfjs, { recursive: true })).filter((path) => path.endsWith("_test.js"));
  const all = found.map((path) => path.replaceAll("\\", "/"));
  return all.filter((path) => places.some((place) => path === place || path.startsWith(`${place}/`))).sort();
}

const { values: options } = parseArgs({
  options: { filter: { type: "string" }, file: { type: "string" }, list: { type: "boolean", default: false } },
});
const files = (await specFiles()).filter((path) => options.file === undefined || path.includes(options.file));
const outfile = join(here, "..", "node_modules", ".cache", "tfjs-tests", "bundle.mjs");
await mkdir(dirname(outfile), { recursive: true });
await build({
  entryPoints: [join(here, "main.ts")],
  outfile,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  mainFields: ["module", "main"],
  // The package marks itself free of side effects; registering gradients and specs is one.
  ignoreAnnotations: true,
  external: ["onnxruntime-node", "onnxruntime-common", "jasmine-core"],
  banner: {
    js: 'import { createRequire as nodeRequire } from "node:module"; const require = nodeRequire(import.meta.url);',
  },
  logLevel: "error",
  plugins: [{ name: "one-copy", setup: oneCopy }],
});

const child = spawn(process.execPath, [outfile, JSON.stringify(options)], { stdio: "inherit" });
child.on("exit", (code) => {
  process.exitCode = code ?? 1;
});

function oneCopy(bundler) {
  const at = (path) => ({ path: join(tfjs, path) });
  bundler.onResolve({ filter: /^@tensorflow\/tfjs-core$/ }, () => at("index.js"));
  bundler.onResolve({ filter: /^@tensorflow\/tfjs-core\/dist\// }, ({ path }) =>
    at(`${path.slice("@tensorflow/tfjs-core/dist/".length).replace(/\.js$/, "")}.js`),
  );
  bundler.onResolve({ filter: /^#tfjs-gradients$/ }, () => at("register_all_gradients.js"));
  bundler.onResolve({ filter: /^tfjs-specs$/ }, () => ({ path: "tfjs-specs", namespace: "specs" }));
  bundler.onLoad({ filter: /.*/, namespace: "specs" }, () => ({
    contents: files.map((path) => `import ${JSON.stringify(`./${path}`)};`).join("\n"),
    resolveDir: tfjs,
  }));
}
