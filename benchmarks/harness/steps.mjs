// One model's step beside its peers: what the train-step and inference suites share.

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { median, speedRatio, startPeer, takeTurns } from "./peer.mjs";
import { save, table } from "./report.mjs";

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const python = at(".peers/venv/bin/python");

/** @param {{ name: string, mode: "train" | "infer", variants: string[], defaults?: object }} suite */
export async function compareSteps({ name, mode, variants }, argv) {
  const { values } = parseArgs({
    args: argv,
    options: {
      model: { type: "string", default: "vit_small_patch16_224" },
      batch: { type: "string", default: "8" },
      img: { type: "string", default: "224" },
      threads: { type: "string", default: "2" },
      rounds: { type: "string", default: "7" },
      steps: { type: "string", default: "3" },
    },
  });
  const say = (line) => console.error(line);
  const [rounds, steps, batch] = [values.rounds, values.steps, values.batch].map(Number);
  const common = ["model", "batch", "img", "threads"].flatMap((key) => [`--${key}`, values[key]]);
  const torch = (variant) =>
    startPeer(`torch ${variant}`, [python, at("peers/torch_step.py"), ...common, "--mode", mode, "--variant", variant]);

  say(`${name}: ${values.model}, batch ${batch}, ${values.img} pixels, ${values.threads} threads`);
  const ours = await startPeer("vitrine", [process.execPath, at("ours/step.mjs"), ...common, "--mode", mode]);
  const peers = [ours];
  for (const variant of variants) peers.push(await torch(variant));
  peers.push(
    await startPeer("tfjs-node", [process.execPath, at("peers/tfjs-node-step.mjs"), ...common, "--mode", mode]),
  );
  try {
    const present = await takeTurns(peers, { warmUp: 4, rounds, steps, say });
    const rows = present.map((peer) => ({
      name: peer.name,
      ms: median(peer.times),
      min: Math.min(...peer.times),
      imagesPerSecond: (1000 * batch) / median(peer.times),
      peakMB: peer.last.peak_mb,
      ratio: speedRatio(ours.times, peer.times, steps),
    }));
    const text = table(
      ["", "median ms", "min ms", "images/s", "peak MB", "vitrine is", "memory"],
      rows.map((row) => [
        row.name,
        row.ms.toFixed(0),
        row.min.toFixed(0),
        row.imagesPerSecond.toFixed(2),
        row.peakMB.toFixed(0),
        `${row.ratio.toFixed(2)}x`,
        `${(rows[0].peakMB / row.peakMB).toFixed(2)}x`,
      ]),
    );
    console.log(`\n${text}`);
    const setup = `trace and session: ${(ours.last.setup_ms / 1000).toFixed(2)} s`;
    console.log(setup);
    const versions = Object.fromEntries(present.map((peer) => [peer.name, peer.about.versions]));
    save(name, { settings: values, rows, setupMs: ours.last.setup_ms, versions }, `${text}\n${setup}`);
  } finally {
    for (const peer of peers) peer.stop();
  }
}
