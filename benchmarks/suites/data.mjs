// The loader beside timm's: JPEG files of 500x375 to batches of bytes, for training (RandomResizedCrop 224, flip,
// RandAugment m9) and for evaluation; and the share of its time that a training step on the CPU waits for data.

import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import { median, speedRatio, startPeer, takeTurns } from "../harness/peer.mjs";
import { photographs } from "../harness/photographs.mjs";
import { save, table } from "../harness/report.mjs";
import { at, say } from "../harness/settings.mjs";

const python = at(".peers/venv/bin/python");
/** After its turn a loader makes batches until it has as many as it keeps ahead: four of timm's take half a second. */
const fillTime = 2000;

export async function run(argv) {
  const { values } = parseArgs({
    args: argv,
    options: {
      batch: { type: "string", default: "64" },
      workers: { type: "string", default: "2" },
      rounds: { type: "string", default: "5" },
      steps: { type: "string", default: "10" },
      photos: { type: "string" },
      model: { type: "string", default: "rcvit_xs" },
      waiting: { type: "string", default: "12" },
    },
  });
  const [batch, rounds, steps] = [values.batch, values.rounds, values.steps].map(Number);
  say(`data: 2,000 JPEGs of 500x375, batches of ${batch}, ${values.workers} workers`);
  const data = await photographs(values.photos, say);
  const common = ["--data", data, "--batch", values.batch, "--workers", values.workers];

  const results = {};
  const lines = [];
  for (const mode of ["train", "eval"]) {
    const ours = await startPeer("vitrine", [process.execPath, at("ours/loader.mjs"), ...common, "--mode", mode]);
    const timm = await startPeer("timm", [python, at("peers/timm_loader.py"), ...common, "--mode", mode]);
    try {
      const present = await takeTurns([ours, timm], { warmUp: 6, rounds, steps, say, pause: fillTime });
      const rows = present.map((peer) => ({
        name: peer.name,
        ms: median(sums(peer.times, steps)) / steps,
        imagesPerSecond: (1000 * batch * steps) / median(sums(peer.times, steps)),
        ratio: speedRatio(sums(ours.times, steps), sums(peer.times, steps), 1),
        peakMB: peer.last.peak_mb,
        versions: peer.about.versions,
      }));
      results[mode] = rows;
      const cells = rows.map((row) => [
        row.name,
        row.ms.toFixed(0),
        row.imagesPerSecond.toFixed(0),
        `${row.ratio.toFixed(2)}x`,
      ]);
      lines.push(mode === "train" ? "training: random resized crop 224, flip, rand-m9-mstd0.5-inc1" : "evaluation");
      lines.push(table(["", "ms a batch", "images/s", "vitrine is"], cells), "");
    } finally {
      for (const peer of [ours, timm]) peer.stop();
    }
  }

  const waiting = waitingOf(data, values);
  const share = waiting.waitSeconds / waiting.stepSeconds;
  lines.push(
    `a training step of ${values.model} takes ${((1000 * waiting.stepSeconds) / waiting.steps).toFixed(0)} ms and waits for data ` +
      `${(100 * share).toFixed(1)} % of it`,
  );
  const text = lines.join("\n");
  console.log(`\n${text}`);
  save("data", { settings: values, ...results, waiting: { ...waiting, share } }, text);
}

function waitingOf(data, { model, workers, waiting }) {
  say(`  ${model}: ${waiting} updates`);
  const args = ["--data", data, "--model", model, "--workers", workers, "--steps", waiting];
  return JSON.parse(execFileSync(process.execPath, [at("ours/waiting.mjs"), ...args], { encoding: "utf8" }));
}

/** Batches come in bursts, since they are made ahead: what counts is how long a round of them takes. */
function sums(times, steps) {
  const out = [];
  for (let i = 0; i + steps <= times.length; i += steps)
    out.push(times.slice(i, i + steps).reduce((sum, ms) => sum + ms, 0));
  return out;
}
