// One model's step beside its peers: what the train-step and inference suites share.

import { median, speedRatio, startPeer, takeTurns } from "./peer.mjs";
import { save, table } from "./report.mjs";
import { at, readSettings, say } from "./settings.mjs";

const python = at(".peers/venv/bin/python");

/** @param {{ name: string, mode: "train" | "infer", variants: string[] }} suite */
export async function compareSteps({ name, mode, variants }, argv) {
  const { values, common, batch, rounds, steps } = readSettings(argv, { steps: 3 });
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
