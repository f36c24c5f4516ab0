// How the cost of a transformer block grows with the number of tokens, for each kind of attention: inference and a training
// step (gradients of all parameters) of one block as wide as ViT-Ti's, from 196 tokens (224 pixels in patches of 16) to
// 12544 (1792 pixels). The fitted exponent is the slope of log time over log tokens: 1 is linear, 2 is quadratic.

import { parseArgs } from "node:util";
import { inference, initParams, jit, leaves, Rng, scope, tf, trainingMode } from "@vitrine/core";
import { transformerBlock, transformerBlockSpec, vitEncoderDefaults } from "@vitrine/core/layers";
import { useOnnx } from "@vitrine/onnx";
import { save, table } from "../harness/report.mjs";
import { say } from "../harness/settings.mjs";

const kinds = ["softmax", "performer", "bigbird", "linear"];
const modes = ["inference", "training"];

export async function run(argv) {
  const { values } = parseArgs({
    args: argv,
    options: {
      tokens: { type: "string", default: "196,784,3136,12544" },
      dim: { type: "string", default: "192" },
      heads: { type: "string", default: "3" },
      threads: { type: "string", default: "2" },
      rounds: { type: "string", default: "5" },
      // Longer than this, and a kind is not measured at the next length.
      limit: { type: "string", default: "60" },
      save: { type: "boolean", default: true },
    },
    allowNegative: true,
  });
  const lengths = values.tokens.split(",").map(Number);
  await useOnnx({ threads: Number(values.threads) });
  const block = { embedDim: Number(values.dim), numHeads: Number(values.heads) };

  /** Milliseconds by mode, kind and length; the kinds take turns at each length. */
  const times = {};
  for (const mode of modes)
    for (const tokens of lengths) {
      const measured = kinds
        .filter((kind) => !tooSlow(times, mode, kind, Number(values.limit) * 1000))
        .map((kind) => ({ kind, step: makeStep(mode, kind, tokens, block), ms: [] }));
      for (const { kind, step } of measured) {
        say(`${mode}, ${tokens} tokens, ${kind}: ${step().toFixed(0)} ms with compiling`);
        step();
      }
      for (let round = 0; round < Number(values.rounds); round++) for (const one of measured) one.ms.push(one.step());
      for (const { kind, ms } of measured) put(times, mode, kind, tokens, median(ms));
    }

  const text = modes.map((mode) => `${mode}\n${show(times[mode], lengths)}`).join("\n\n");
  console.log(text);
  const about = { ...block, lengths, rounds: Number(values.rounds), threads: Number(values.threads) };
  if (values.save) save("attention-length", { about, times }, text);
}

/** One block under one kind of attention; the result runs it and tells how long it took. */
function makeStep(mode, kind, tokens, { embedDim, numHeads }) {
  const config = { ...vitEncoderDefaults, embedDim, numHeads, attention: kind };
  const params = initParams(transformerBlockSpec(config), Rng.of(1));
  const x = tf.randomNormal([1, tokens, embedDim], 0, 1, "float32", 1);
  const forward = (p, y, how) => transformerBlock(config, p, y, scope(how, "blocks.0"));
  const compiled = jit(
    mode === "inference"
      ? (p, y) => forward(p, y, inference)
      : (p, y) => {
          const tensors = leaves(p).map(([, tensor]) => tensor);
          const loss = () => tf.mean(tf.square(forward(p, y, trainingMode())));
          const { value, grads } = tf.engine().gradients(loss, tensors, undefined, true);
          return { value, grads };
        },
  );
  return () => {
    const start = performance.now();
    const out = compiled(params, x);
    // Reading a number waits for the run.
    (mode === "inference" ? out : out.value).dataSync();
    tf.dispose(out);
    return performance.now() - start;
  };
}

function put(times, mode, kind, tokens, ms) {
  times[mode] ??= {};
  times[mode][kind] ??= {};
  times[mode][kind][tokens] = ms;
}

const tooSlow = (times, mode, kind, limit) => Object.values(times[mode]?.[kind] ?? {}).some((ms) => ms > limit);

function show(byKind, lengths) {
  const rows = kinds.map((kind) => {
    const found = lengths.map((tokens) => byKind[kind]?.[tokens]);
    const cells = found.map((ms) => (ms === undefined ? "-" : ms.toFixed(1)));
    return [kind, ...cells, exponent(lengths, found).toFixed(2)];
  });
  return table(["ms a block", ...lengths.map((tokens) => `${tokens} tokens`), "exponent"], rows);
}

/** Slope of the line through log time over log tokens (least squares), over the longer half: short ones are mostly overhead. */
function exponent(lengths, times) {
  const points = lengths.flatMap((tokens, i) =>
    times[i] === undefined ? [] : [[Math.log(tokens), Math.log(times[i])]],
  );
  const used = points.slice(-Math.max(2, Math.ceil(points.length / 2) + 1));
  const mean = (axis) => used.reduce((sum, point) => sum + point[axis], 0) / used.length;
  const [mx, my] = [mean(0), mean(1)];
  const slope = used.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0);
  return slope / used.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
