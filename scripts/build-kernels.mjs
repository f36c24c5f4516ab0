// Compiles WebAssembly kernels, written in AssemblyScript, into modules that hold their bytes: `kernels/NAME.ts` of the
// package that it is run in to `dist/NAME-kernels.js`. Run by builds; the output is not committed.
//
//   node ../../scripts/build-kernels.mjs NAME …
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import asc from "assemblyscript/asc";

const options = ["--optimizeLevel", "3", "--runtime", "stub", "--noAssert", "--importMemory", "--enable", "simd"];

async function compiled(source) {
  let binary;
  const { error, stderr } = await asc.main([source, "--baseDir", ".", ...options, "--outFile", "kernels.wasm"], {
    writeFile: (_, contents) => {
      binary = contents;
    },
  });
  if (error) throw new Error(stderr.toString(), { cause: error });
  return binary;
}

async function save(name, bytes) {
  await mkdir("dist", { recursive: true });
  const file = join("dist", `${name}-kernels`);
  const text = Buffer.from(bytes).toString("base64");
  await writeFile(`${file}.js`, `export const kernels = Uint8Array.from(atob("${text}"), (c) => c.charCodeAt(0));\n`);
  await writeFile(`${file}.d.ts`, "export declare const kernels: Uint8Array<ArrayBuffer>;\n");
}

for (const name of process.argv.slice(2)) await save(name, await compiled(`kernels/${name}.ts`));
