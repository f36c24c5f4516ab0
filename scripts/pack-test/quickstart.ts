// A user's first program, type-checked and run against the packed packages, far from the workspace.

import { jit, leaves, tf } from "@vitrine/core";
import { openSafetensors } from "@vitrine/core/node";
import { applyTransform, evalTransform } from "@vitrine/data";
import { exportOnnx, Predictor } from "@vitrine/export";
import { useOnnx } from "@vitrine/onnx";
import { createStep, saveWeights } from "@vitrine/train";
import { createModel, listModels } from "vitrine";

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`expected ${what}`);
  console.log(`ok: ${what}`);
}

await useOnnx();
const sizes = { imgSize: 32, embedDim: 32, depth: 2, numHeads: 2, numClasses: 3 };
const model = await createModel("vit_tiny_patch16_224", sizes);
expect((await listModels("deit_*")).length > 0, "deit's models are listed");
expect(model.config.embedDim === 32, "a model has the sizes asked for");

// Three kinds of images that a few steps tell apart: one colour each.
const images = Uint8Array.from({ length: 6 * 32 * 32 * 3 }, (_, i) =>
  i % 3 === Math.floor(i / (32 * 32 * 3)) % 3 ? 230 : 20,
);
const targets = Float32Array.from({ length: 6 * 3 }, (_, i) => (i % 3 === Math.floor(i / 3) % 3 ? 1 : 0));
const batch = { images, size: 6, height: 32, width: 32, channels: 3, targets };

const { mean, std } = model.preprocess;
const step = createStep(model, { optimizer: { name: "adamw" }, mean, std, seed: 1, clipNorm: 1 });
const losses = Array.from({ length: 8 }, () => step.run([batch], { learningRate: 3e-3 }).loss);
expect(
  losses.every(Number.isFinite) && losses.at(-1)! < losses[0]! / 2,
  `a few steps learn: loss ${losses[0]} to ${losses.at(-1)}`,
);
step.expose("params");

const forward = jit((params: typeof model.params, x: tf.Tensor4D) => model.logits(x, undefined, params));
const pixels = tf.div(tf.sub(tf.div(tf.tensor4d(images, [6, 32, 32, 3]), 255), mean), std) as tf.Tensor4D;
const found = Array.from(tf.argMax(forward(model.params, pixels), 1).dataSync());
expect(found.join() === "0,1,2,0,1,2", `the compiled forward pass names the colours: ${found}`);

await saveWeights("weights.safetensors", model, step.snapshot().params);
const file = await openSafetensors("weights.safetensors");
expect(file.header.size === leaves(model.params).length, "every parameter is in the file");
await file.close();
const again = await createModel("vit_tiny_patch16_224", { ...sizes, pretrained: "weights.safetensors" });

model.classes = ["red", "green", "blue"];
await exportOnnx(model, "model.onnx");
const predictor = await Predictor.open("model.onnx");
const raw = { data: images.slice(0, 32 * 32 * 3), width: 32, height: 32, channels: 3 };
const prepared = applyTransform(raw, evalTransform({ ...again.preprocess, cropPct: 1 }));
const [prediction] = await predictor.predict([prepared]);
expect(prediction?.[0]?.label === "red", `the exported file says "${prediction?.[0]?.label}"`);
predictor.dispose();
step.dispose();
