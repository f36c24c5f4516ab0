// Compiles the WebAssembly kernels into modules that hold their bytes. Run by the build; the output is not committed.
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

async function compiled(source) {
  const options = ["--optimizeLevel", "3", "--runtime", "stub", "--noAssert", "--importMemory", "--enable", "simd"];
  let binary;
  const { error, stderr } = await asc.main([source, "--baseDir", root, ...options, "--outFile", "kernels.wasm"], {
    writeFile: (_, contents) => {
      binary = contents;
    },
  });
  if (error) throw new Error(stderr.toString(), { cause: error });
  return binary;
}

async function save(name, bytes) {
  await mkdir(join(root, "dist"), { recursive: true });
  const text = Buffer.from(bytes).toString("base64");
  await writeFile(
    join(root, "dist", `${name}.js`),
    `export const kernels = Uint8Array.from(atob("${text}"), (c) => c.charCodeAt(0));\n`,
  );
  await writeFile(join(root, "dist", `${name}.d.ts`), "export declare const kernels: Uint8Array<ArrayBuffer>;\n");
}

await save("kernels", await compiled("kernels/pixels.ts"));
await save("jpeg-kernels", await compiled("kernels/jpeg.ts"));
