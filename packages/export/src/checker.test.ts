// ONNX' own checker on what is exported: needs Python with the `onnx` package. Looked for in .venv of this package and on
// the path; where neither has it the tests are skipped, with a message.

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createModel } from "@vitrine/core";
import { deit } from "@vitrine/deit";
import { useOnnx } from "@vitrine/onnx";
import { vit } from "@vitrine/vit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ExportOptions, exportOnnx } from "./export-onnx.ts";

const program = `
import json, sys, onnx
path = sys.argv[1]
onnx.checker.check_model(path, full_check=True)
model = onnx.shape_inference.infer_shapes(onnx.load(path), check_type=True, strict_mode=True, data_prop=True)
shape = lambda o: [d.dim_param or d.dim_value for d in o.type.tensor_type.shape.dim]
print(json.dumps({o.name: shape(o) for o in model.graph.output}))
`;

const python = [fileURLToPath(new URL("../.venv/bin/python", import.meta.url)), "python3", "python"].find((command) => {
  if (command.includes("/") && !existsSync(command)) return false;
  try {
    execFileSync(command, ["-c", "import onnx"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
});
if (python === undefined)
  console.warn("skipped: onnx's checker, for which `python3 -m pip install onnx` would be needed");

describe.skipIf(python === undefined)("onnx.checker", () => {
  let folder: string;
  beforeAll(async () => {
    await useOnnx();
    folder = await mkdtemp(join(tmpdir(), "vitrine-checker-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const small = { imgSize: 32, patchSize: 8, embedDim: 32, depth: 2, numHeads: 2, numClasses: 5 };
  const forms: ExportOptions[] = [17, 18, 20, 21, 23].flatMap((opset) =>
    ([false, "normalize", true] as const).map((preprocess) => ({ opset, preprocess })),
  );
  test.each([...forms, { softmax: true, features: true }, { externalData: true, preprocess: true }, { batch: 4 }])(
    "passes %o",
    async (options) => {
      const path = join(folder, "model.onnx");
      const model = createModel(vit, "vit_tiny_patch16_224", { ...small, globalPool: "avg", classToken: false });
      const written = await exportOnnx(model, path, options);
      const shapes = JSON.parse(execFileSync(python!, ["-c", program, path]).toString()) as object;
      expect(shapes).toEqual(Object.fromEntries(written.outputs.map(({ name, shape }) => [name, shape])));
    },
  );

  test("passes a distilled model", async () => {
    const path = join(folder, "deit.onnx");
    await exportOnnx(createModel(deit, "deit_tiny_distilled_patch16_224", small), path, {
      opset: 17,
      preprocess: true,
    });
    expect(execFileSync(python!, ["-c", program, path]).toString().trim()).toBe('{"logits": ["batch", 5]}');
  });
});
