// One JSON object a line, for programs.

import type { Output, Reporter } from "./events.ts";

/** Writes each event as a line of JSON. Numbers that JSON cannot say become null. Steps: every `logInterval`. Default 1. */
export function jsonReporter(output: Output, options: { logInterval?: number } = {}): Reporter {
  const { logInterval = 1 } = options;
  return {
    event(event) {
      if (event.type === "step" && event.update % logInterval !== 0 && event.update + 1 !== event.updates) return;
      output.write(`${JSON.stringify(event)}\n`);
    },
  };
}
