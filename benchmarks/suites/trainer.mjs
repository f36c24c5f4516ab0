// The whole trainer (image files, workers, augmentation, logging, moving average) beside the bare step.

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { median, speedRatio, startPeer, takeTurns } from "../harness/peer.mjs";
import { save, table } from "../harness/report.mjs";

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

export async function run(argv) {
  const { values } = parseArgs({
    args: argv,
    options: {
      model: { type: "string", default: "vit_small_patch16_224" },
      batch: { type: "string", default: "8" },
      img: { type: "string", default: "224" },
      threads: { type: "string", default: "2" },
      rounds: { type: "string", default: "7" },
      steps: { type: "string", default: "6" },
    },
  });
  const say = (line) => console.error(line);
  const [rounds, steps, batch] = [values.rounds, values.steps, values.batch].map(Number);
  const common = ["model", "batch", "img", "threads"].flatMap((key) => [`--${key}`, values[key]]);
  const bare = await startPeer("bare step", [process.execPath, at("ours/step.mjs"), ...common]);
  const whole = await startPeer("whole trainer", [process.execPath, at("ours/trainer.mjs"), ...common]);
  try {
    await takeTurns([bare, whole], { warmUp: 4, rounds, steps, say });
    const ratio = speedRatio(whole.times, bare.times, steps);
    const rows = [bare, whole].map((peer) => [
      peer.name,
      median(peer.times).toFixed(0),
      ((1000 * batch) / median(peer.times)).toFixed(2),
      peer.last.peak_mb.toFixed(0),
    ]);
    const text = [
      table(["", "median ms", "images/s", "peak MB"], rows),
      `the whole trainer has ${(100 * ratio).toFixed(1)} % of the bare step's images/s`,
    ].join("\n");
    console.log(text);
    save("trainer", { settings: values, ratio, rows }, text);
  } finally {
    for (const peer of [bare, whole]) peer.stop();
  }
}
