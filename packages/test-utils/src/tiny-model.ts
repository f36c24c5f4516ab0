// The small model that a family is tested with. It is data beside the fixtures, so that more than one suite can make it.

import { existsSync, readFileSync } from "node:fs";
import { VitrineError } from "@vitrine/core";

export interface TinyModel {
  /** The variant that is made small. */
  variant: string;
  /** What makes it small: a few classes, some thousand parameters, images of about 32 pixels. */
  options: Record<string, unknown>;
  /** Another size of image that the small model can be made for. */
  otherSize?: number | [height: number, width: number];
  /** Where the tests' usual rate of learning does not suit it. */
  learningRate?: number;
  /** The rate of plain gradient descent on one batch; 0.5 where left out, too much for gradients that are large at first. */
  descentRate?: number;
}

/** Reads `tiny.json` of a family's folder of fixtures. @throws VitrineError where it is absent. */
export function tinyModel(fixtures: URL): TinyModel {
  const file = new URL("tiny.json", fixtures);
  if (!existsSync(file))
    throw new VitrineError(file.pathname, 'a file like { "variant": ..., "options": {...} } is expected here');
  return JSON.parse(readFileSync(file, "utf8")) as TinyModel;
}
