// The rule that makes a RegNet from a few numbers (section 3.3 of the paper): the widths of blocks grow along a line, are
// brought to powers of `wm` times `w0`, and those to multiples of 8; blocks of the same width are a stage.

import { VitrineError } from "@vitrine/core";
import { makeDivisible } from "@vitrine/core/layers";

export interface WidthRule {
  /** Number of blocks. */
  depth: number;
  /** Width of the first block, slope of the line, and ratio of the widths of neighbouring stages. */
  w0: number;
  wa: number;
  wm: number;
  /** Channels a group of the 3x3 convolutions has. */
  groupSize: number;
  /** Width inside a block over the width outside. */
  bottleRatio: number;
  /** Not zero: widths that groups do not divide are rounded as torchvision does it, never down by more than a tenth. */
  groupMinRatio: number;
}

export interface StageWidth {
  width: number;
  depth: number;
  groupSize: number;
}

const multiple = 8;

/** Nearest integer; of two equally near the even one, as in Python and PyTorch. */
export function roundEven(x: number): number {
  const down = Math.floor(x);
  if (x - down !== 0.5) return Math.round(x);
  return down % 2 === 0 ? down : down + 1;
}

/** Width, number of blocks and size of groups of each stage. @throws VitrineError where there are not four. */
export function stageWidths(rule: WidthRule): StageWidth[] {
  const { depth, wa, w0, wm } = rule;
  const refuse = (message: string) => new VitrineError("regnet", message, { usage: true });
  if (wa < 0 || w0 <= 0 || wm <= 1 || w0 % multiple !== 0)
    throw refuse(`w0 is a multiple of ${multiple}, wa 0 or more and wm above 1; found w0 ${w0}, wa ${wa}, wm ${wm}`);
  const depths = new Map<number, number>();
  for (const width of blockWidths(rule)) depths.set(width, (depths.get(width) ?? 0) + 1);
  if (depths.size !== 4) {
    const found = `w0 ${w0}, wa ${wa}, wm ${wm}, depth ${depth} give widths ${[...depths.keys()].join(", ")}`;
    throw refuse(`four stages are expected: ${found}; ${depths.size < 4 ? "raise wa or depth" : "raise wm"}`);
  }
  return [...depths].sort(([a], [b]) => a - b).map(([width, blocks]) => ({ ...divisible(width, rule), depth: blocks }));
}

/** In single precision, as the reference computes them: a width on the border between two must fall on the same side. */
function blockWidths({ depth, wa, w0, wm }: WidthRule): number[] {
  const f = Math.fround;
  return Array.from({ length: depth }, (_, i) => {
    const line = f(f(i * f(wa)) + w0);
    const exponent = roundEven(f(f(Math.log(f(line / w0))) / f(Math.log(wm))));
    return roundEven(f(f(w0 * f(wm ** exponent)) / multiple)) * multiple;
  });
}

/** The width inside a block brought to a multiple of the group's, and the width outside to match. */
function divisible(width: number, { bottleRatio, groupSize, groupMinRatio }: WidthRule) {
  const inner = Math.trunc(width * bottleRatio);
  const size = Math.min(groupSize, inner);
  const whole = groupMinRatio > 0 ? makeDivisible(inner, size) : Math.trunc(roundEven(inner / size) * size);
  return { width: Math.trunc(whole / bottleRatio), groupSize: size };
}
