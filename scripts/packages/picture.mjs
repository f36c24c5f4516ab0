// Who may import whom, and the one file through which a foreign library comes in. The same picture is in CONTRIBUTING.md.

/** Layers from the bottom. `may` lists what shipped source may import; `models/*` stands for every family. */
const rules = [
  { folder: "packages/core", may: [] },
  { folder: "packages/onnx", may: ["packages/core"] },
  { folder: "packages/train", may: ["packages/onnx", "packages/core"] },
  { folder: "packages/export", may: ["packages/onnx", "packages/core"] },
  { folder: "packages/data", may: ["packages/core"] },
  { folder: "packages/models/*", may: ["packages/core"] },
  { folder: "packages/vitrine", may: ["packages/models/*", "packages/core"] },
  {
    folder: "packages/cli",
    may: ["packages/vitrine", "packages/train", "packages/export", "packages/data", "packages/onnx", "packages/core"],
  },
  { folder: "packages/test-utils", may: ["packages/core", "packages/onnx"] },
];

/** Folders of programs, not of the library: they may import every package by its published name. */
const programs = /^(?:examples\/|scripts\/|benchmarks$)/;

/** What only tests and programs may depend on. */
const forTests = "packages/test-utils";

/** Foreign libraries with one door each: package, and the files that may import it. */
export const doors = {
  "@tensorflow/tfjs-core": ["packages/core/src/tf.ts"],
  "onnxruntime-node": ["packages/onnx/src/session.ts"],
  "onnxruntime-common": ["packages/onnx/src/session.ts"],
  protobufjs: ["packages/onnx/src/proto.ts"],
  sharp: ["packages/data/src/image.ts"],
  hyparquet: ["packages/data/src/parquet-file.ts"],
  "hyparquet-compressors": ["packages/data/src/parquet-file.ts"],
  koffi: ["packages/train/src/mpi/library.ts"],
};

const matches = (pattern, folder) =>
  pattern.endsWith("/*")
    ? folder.startsWith(pattern.slice(0, -1)) && !folder.slice(pattern.length - 1).includes("/")
    : pattern === folder;

/** Why shipped source of `from` may not import `to`, or nothing where it may. Both are folders. */
export function refusal(from, to) {
  if (from === to) return "a package imports its own files by relative paths";
  if (programs.test(from)) return undefined;
  const rule = rules.find(({ folder }) => matches(folder, from));
  if (rule === undefined) return "the package has no place in the picture yet: add it to scripts/packages/picture.mjs";
  if (rule.may.some((pattern) => matches(pattern, to))) return undefined;
  if (to === forTests) return "it is for tests";
  const allowed =
    rule.may.map((pattern) => pattern.replace("packages/", "")).join(", ") || "no package of the workspace";
  return `${rule.folder.replace("packages/", "")} may import ${allowed}`;
}
