// What presets refuse, in the words of their options.

import { didYouMean, VitrineError } from "@vitrine/core";
import type { Size } from "./transforms/transform.ts";

export function toSize(size: number | Size): Size {
  const pair: Size = typeof size === "number" ? [size, size] : [size[0], size[1]];
  if (!pair.every((edge) => Number.isInteger(edge) && edge > 0)) {
    throw usage(`size must be one or two positive integers (height, width), found ${size}`);
  }
  return pair;
}

export function perChannel(
  name: string,
  given: readonly number[] | undefined,
  imagenet: readonly number[],
  channels: number,
): readonly number[] {
  const average = imagenet.reduce((sum, value) => sum + value, 0) / imagenet.length;
  const values = given ?? (channels === imagenet.length ? imagenet : [average]);
  if (values.length === 1) return Array.from({ length: channels }, () => values[0]!);
  if (values.length !== channels) throw usage(`${name} must have 1 or ${channels} numbers, found ${values.length}`);
  return [...values];
}

export function range(name: string, [low, high]: readonly [number, number], limit: number): void {
  if (low > 0 && low <= high && high <= limit) return;
  const most = Number.isFinite(limit) ? ` <= ${limit}` : "";
  throw usage(`${name} must be two numbers with 0 < low <= high${most}, found ${low}, ${high}`);
}

export function oneOf(name: string, value: string, known: readonly string[]): void {
  if (known.includes(value)) return;
  throw usage(`${name} must be one of ${known.join(", ")}; found "${value}"${didYouMean(value, known)}`);
}

export function usage(message: string): VitrineError {
  return new VitrineError("transform", message, { usage: true });
}

export function chances(values: Readonly<Record<string, number>>): void {
  for (const [name, p] of Object.entries(values)) {
    if (!(p >= 0 && p <= 1)) throw usage(`${name} must be a chance from 0 to 1, found ${p}`);
  }
}
