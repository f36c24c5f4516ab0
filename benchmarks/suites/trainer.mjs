// The whole trainer (image files, workers, augmentation, logging, moving average) beside the bare step.

import { median, speedRatio, startPeer, takeTurns } from "../harness/peer.mjs";
import { save, table } from "../harness/report.mjs";
import { at, readSettings, say } from "../harness/settings.mjs";

export async function run(argv) {
  const { values, common, batch, rounds, steps } = readSettings(argv, { steps: 6 });
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
