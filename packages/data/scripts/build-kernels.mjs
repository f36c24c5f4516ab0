// Assembles the WebAssembly kernels into a module that holds their bytes. Run by the build; the output is not committed.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import wabt from "wabt";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const source = join(root, "src", "transforms", "kernels.wat");
const { buffer } = (await wabt()).parseWat(source, await readFile(source, "utf8"), { simd: true }).toBinary({});

await mkdir(join(root, "dist"), { recursive: true });
await writeFile(
  join(root, "dist", "kernels.js"),
  `export const kernels = Uint8Array.from(atob("${Buffer.from(buffer).toString("base64")}"), (c) => c.charCodeAt(0));\n`,
);
await writeFile(join(root, "dist", "kernels.d.ts"), "export declare const kernels: Uint8Array<ArrayBuffer>;\n");
