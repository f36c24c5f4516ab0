// How long `vitrine --help` takes as a whole process, beside Node doing nothing.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { median } from "../harness/peer.mjs";
import { save, table } from "../harness/report.mjs";

const cli = fileURLToPath(new URL("../../packages/cli/dist/cli.js", import.meta.url));

export function run() {
  const commands = {
    "vitrine --help": [cli, "--help"],
    "vitrine --version": [cli, "--version"],
    "node alone": ["-e", "0"],
  };
  const times = Object.fromEntries(Object.keys(commands).map((name) => [name, []]));
  for (let round = 0; round < 12; round++)
    for (const [name, args] of Object.entries(commands)) {
      const start = performance.now();
      execFileSync(process.execPath, args, { stdio: "ignore" });
      if (round > 1) times[name].push(performance.now() - start);
    }
  const rows = Object.entries(times).map(([name, ms]) => [name, median(ms).toFixed(0), Math.min(...ms).toFixed(0)]);
  const text = table(["", "median ms", "min ms"], rows);
  console.log(text);
  save("startup", { times }, text);
}
