// vitrine doctor: is everything there, and what to do where it is not.

import { checks } from "../checks.ts";
import { defineCommand } from "../command.ts";

export default defineCommand({
  name: "doctor",
  summary: "check this machine, and say how to fix what is wrong",
  positionals: [],
  options: {},
  examples: [["vitrine doctor --json", "for a bug report"]],
  async run(_args, _positionals, { report }) {
    let failed = false;
    for (const check of checks) {
      const found = await check();
      for (const finding of found) {
        report.finding(finding);
        failed ||= finding.state === "fail";
      }
    }
    return failed ? 1 : 0;
  },
});
