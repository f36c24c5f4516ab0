// Ctrl-C. Once: what is going on is finished and saved, where the command can do that. Twice: the end.

import type { Report } from "./report.ts";

export interface Interruption {
  signal: AbortSignal;
  /** Stops listening. */
  end(): void;
}

export function interruption(graceful: boolean, report: Report): Interruption {
  const controller = new AbortController();
  const listener = () => {
    if (!graceful || controller.signal.aborted) process.exit(130);
    report.note("Finishing the step and saving; Ctrl-C again ends at once.");
    controller.abort(new Error("interrupted"));
  };
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, listener);
  return {
    signal: controller.signal,
    end: () => {
      for (const name of ["SIGINT", "SIGTERM"] as const) process.off(name, listener);
    },
  };
}
