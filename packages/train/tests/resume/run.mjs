// A small training run, as a program that can be killed. `node run.mjs FOLDER '{"engine":"cpu","resume":false,"kill":…}'`
// uses the built package. Kill points: {"step":n} after the n-th step; {"bytes":n} inside the write after n bytes to the run
// folder; {"rename":n} before and {"renamed":n} after the n-th file is put in place; {"remove":n} before the n-th removal.

import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { fileURLToPath } from "node:url";
import { createModel, defineFamily, dropout, dropPath, Rng, scope, tf } from "@vitrine/core";
import {
  batchNorm,
  batchNormSpec,
  layerNorm,
  layerNormSpec,
  linear,
  linearSpec,
  patchEmbed,
  patchEmbedSpec,
} from "@vitrine/core/layers";

const family = defineFamily({
  name: "killed",
  title: "",
  paper: "",
  defaults: { numClasses: 3, imgSize: 8, inChans: 3 },
  variants: {
    killed: {
      config: {},
      preparation: {
        mean: [0.5, 0.5, 0.5],
        std: [0.25, 0.25, 0.25],
        cropPct: 1,
        cropMode: "center",
        interpolation: "bilinear",
      },
      pretrained: [],
    },
  },
  classifier: ["head"],
  spec: (c) => ({
    patch_embed: patchEmbedSpec(4, c.inChans, 8),
    norm: layerNormSpec(8),
    fc: linearSpec(8, 8),
    bn: batchNormSpec(8),
    head: linearSpec(8, c.numClasses),
  }),
  features(_c, p, images, mode) {
    const x = patchEmbed(p.patch_embed, images);
    const branch = dropout(tf.relu(linear(p.fc, layerNorm(p.norm, x))), 0.2, scope(mode, "fc"));
    return tf.add(x, dropPath(branch, 0.2, scope(mode, "path")));
  },
  head: (_c, p, features, mode) => linear(p.head, batchNorm(p.bn, tf.mean(features, 1), scope(mode, "bn"))),
  depth: (_c, path) => (path.startsWith("patch_embed") ? 0 : 1),
});

/** Images that depend on the sample alone, in an order that depends on the epoch. */
function source(length, batchSize, seed) {
  const batches = Math.ceil(length / batchSize);
  return {
    classes: ["a", "b", "c"],
    length,
    batchSize,
    batches,
    async *epoch(epoch, start = 0) {
      const order = Rng.of(seed, epoch, "order").permutation(length);
      for (let i = start; i < batches; i++) {
        const indices = Int32Array.from(order.subarray(i * batchSize, (i + 1) * batchSize));
        const images = new Uint8Array(indices.length * 192);
        indices.forEach((index, row) => {
          const rng = Rng.of(seed, index);
          for (let k = 0; k < 192; k++) images[row * 192 + k] = rng.int(128) + (k % 3 === index % 3 ? 90 : 0);
        });
        const labels = indices.map((index) => index % 3);
        yield { images, size: indices.length, height: 8, width: 8, channels: 3, labels, indices };
      }
    },
    async close() {},
  };
}

/** Two epochs of five updates, each over two micro-batches (the last one ragged), with everything random turned on. */
export async function run(output, { engine = "cpu", resume = false, onStep = () => {} } = {}) {
  const { train } = await import("../../dist/index.js");
  if (engine === "onnx") await (await import("@vitrine/onnx")).useOnnx();
  else {
    await import("@tensorflow/tfjs-backend-cpu");
    await tf.setBackend("cpu");
    tf.backend().firstUse = false;
  }
  const model = createModel(family, "killed", { seed: 1 });
  let steps = 0;
  return train(model, {
    train: source(38, 4, 1),
    val: source(10, 4, 2),
    epochs: 2,
    optimizer: { name: "adamw", weightDecay: 0.05 },
    learningRate: 0.01,
    schedule: { name: "cosine", warmupEpochs: 1, onUpdates: true },
    accumulate: 2,
    clipNorm: 1,
    ema: { decay: 0.9, warmup: true },
    mixup: { mixupAlpha: 0.8, cutmixAlpha: 1 },
    checkpointEvery: 2,
    output,
    resume,
    reporter: { event: ({ type }) => type === "step" && onStep(++steps) },
  });
}

function die() {
  process.kill(process.pid, "SIGKILL");
}

/** Lets the system's own calls go wrong at a chosen place. The file they were in the middle of stays as it is. */
function arm(kill, output) {
  const real = { ...fs };
  const inRun = (path) => String(path).startsWith(output);
  let [bytes, renames, removals] = [0, 0, 0];
  fs.open = async (path, ...rest) => {
    const handle = await real.open(path, ...rest);
    if (kill.bytes === undefined || !inRun(path)) return handle;
    const write = handle.write.bind(handle);
    handle.write = async (buffer, offset, length, ...where) => {
      if (bytes + length <= kill.bytes) {
        bytes += length;
        return write(buffer, offset, length, ...where);
      }
      await write(buffer, offset, kill.bytes - bytes, ...where);
      die();
    };
    return handle;
  };
  fs.rename = async (from, to) => {
    if (++renames === kill.rename) die();
    await real.rename(from, to);
    if (renames === kill.renamed) die();
  };
  fs.rm = async (path, options) => {
    if (inRun(path) && options?.recursive && ++removals === kill.remove) die();
    return real.rm(path, options);
  };
  syncBuiltinESMExports();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [output, text] = process.argv.slice(2);
  const { kill = {}, ...options } = JSON.parse(text);
  arm(kill, output);
  await run(output, { ...options, onStep: (step) => step === kill.step && die() });
}
