// A peer of the benchmarks: a plain tfjs ViT on tfjs-node, one step at a time, so that a harness can take turns
// between peers. Speaks JSON lines (README.md); says {"missing": ...} and ends where tfjs-node is not built.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { adamw, configOf, forward, init } from "./tfjs-vit.mjs";

const FOLDER = new URL("../.peers/tfjs-node/", import.meta.url);

const { values: args } = parseArgs({
  options: {
    model: { type: "string", default: "vit_small_patch16_224" },
    batch: { type: "string", default: "8" },
    img: { type: "string", default: "224" },
    "num-classes": { type: "string", default: "1000" },
    threads: { type: "string", default: "2" },
    mode: { type: "string", default: "train" },
    variant: { type: "string", default: "eager" },
    seed: { type: "string", default: "0" },
  },
});

function send(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

function load() {
  // TensorFlow reads these once, when its library is loaded.
  process.env.TF_NUM_INTRAOP_THREADS = args.threads;
  process.env.OMP_NUM_THREADS = args.threads;
  process.env.TF_NUM_INTEROP_THREADS = "1";
  process.env.TF_CPP_MIN_LOG_LEVEL ??= "2";
  try {
    return createRequire(fileURLToPath(new URL("package.json", FOLDER)))("@tensorflow/tfjs-node");
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    send({ missing: `${reason}; run benchmarks/peers/setup-tfjs-node.sh` });
    return undefined;
  }
}

function build(tf) {
  const [batch, img, classes, seed] = [args.batch, args.img, args["num-classes"], args.seed].map(Number);
  const config = configOf(args.model, { img, classes });
  if (!config || args.variant !== "eager" || !["train", "infer"].includes(args.mode)) {
    send({ missing: `tfjs-node has no ${args.model} at ${img} with variant ${args.variant} and mode ${args.mode}` });
    return undefined;
  }
  const params = init(tf, config);
  const images = tf.randomNormal([batch, img, img, 3], 0, 1, "float32", seed + 1);
  const labels = Array.from({ length: batch }, (_, i) => (i * 37 + seed) % classes);
  const oneHot = tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(labels, "int32"), classes), "float32"));
  const count = [...params.values()].reduce((sum, variable) => sum + variable.size, 0);
  if (args.mode === "infer") {
    const step = () => tf.tidy(() => forward(tf, config, params, images));
    const read = (logits) => tf.tidy(() => tf.losses.softmaxCrossEntropy(oneHot, logits).dataSync()[0]);
    return { count, step, read };
  }
  const train = adamw(tf, config, params, { lr: 1e-4, weightDecay: 0.05 });
  return { count, step: () => train(images, oneHot), read: (loss) => loss.dataSync()[0] };
}

/** Times `count` steps one by one; the loss is read after the clock has stopped. */
function measure(tf, { step, read }, count) {
  const ms = [];
  const cpu = process.cpuUsage();
  let result;
  for (let i = 0; i < count; i++) {
    result?.dispose();
    const start = performance.now();
    result = step();
    ms.push(Number((performance.now() - start).toFixed(3)));
  }
  const { user, system } = process.cpuUsage(cpu);
  const loss = read(result);
  result.dispose();
  const mb = (bytes) => Number((bytes / 1e6).toFixed(1));
  return {
    ms,
    loss,
    rss_mb: mb(process.memoryUsage.rss()),
    peak_mb: mb(process.resourceUsage().maxRSS * 1024),
    cpu_ms: Math.round((user + system) / 1000),
    tensors: tf.memory().numTensors,
  };
}

async function main() {
  const tf = load();
  const peer = tf && build(tf);
  if (!peer) return;
  const versions = {
    node: process.versions.node,
    "tfjs-node": tf.version["tfjs-node"],
    tensorflow: tf.backend().binding.TF_Version,
  };
  send({ ready: true, params: peer.count, versions, threads: Number(args.threads) });
  for await (const line of createInterface({ input: process.stdin })) {
    if (!line.trim()) continue;
    let count;
    try {
      count = JSON.parse(line).run;
    } catch {
      // Not JSON: answered below with what it should have been.
    }
    if (Number.isInteger(count) && count >= 1) send(measure(tf, peer, count));
    else send({ error: `expected {"run": steps}, found ${line.trim()}` });
  }
}

await main();
