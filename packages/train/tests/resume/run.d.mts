// Types of run.mjs, which is JavaScript so that every supported Node runs it as it is.

import type { TrainResult } from "../../src/options.ts";

export interface RunOptions {
  engine?: "cpu" | "onnx";
  resume?: boolean;
  /** Called after each step with its number, from 1. */
  onStep?: (step: number) => void;
}

export function run(output: string, options?: RunOptions): Promise<TrainResult>;
