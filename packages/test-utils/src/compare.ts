// A tensor of ours beside a stored one of the reference.

import { tf } from "@vitrine/core";
import type { Check, Quantity } from "./check-case.ts";
import type { Bound, Golden } from "./golden.ts";

/** Compares with a stored tensor; of intermediates the first image alone is stored. */
export async function compareTensor(
  quantity: Quantity,
  name: string,
  tensor: tf.Tensor,
  io: Golden["io"],
  bound: Bound,
): Promise<Check> {
  const info = io.header.get(name);
  if (info === undefined) return missing(quantity, name, "the case does not hold it");
  const expected = io.readFloat32(name);
  const candidates = tf.tidy(() => layouts(quantity === "inter" ? tf.slice(tensor, 0, 1) : tensor, info.shape));
  if (candidates.length === 0)
    return missing(quantity, name, `shape [${info.shape}] expected, [${tensor.shape}] found`);
  const results: Pick<Check, "error" | "ok">[] = [];
  for (const candidate of candidates) results.push(distance(await candidate.data(), expected, bound));
  tf.dispose(candidates);
  return { quantity, name, ...(results.find(({ ok }) => ok) ?? results[0]!) };
}

function distance(
  found: ArrayLike<number>,
  expected: ArrayLike<number>,
  { rtol = 0, atol }: Bound,
): Pick<Check, "error" | "ok"> {
  let error = 0;
  let ok = true;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(found[i]! - expected[i]!);
    // Written so that NaN is a miss.
    if (!(difference <= atol + rtol * Math.abs(expected[i]!))) ok = false;
    if (!(difference <= error)) error = difference;
  }
  return { error, ok };
}

/**
 * A tensor of ours as the reference may lay it out: maps are NHWC here and may be NCHW there, or flattened to tokens.
 * Where a map is as wide as it has channels, the shape leaves open which.
 */
function layouts(tensor: tf.Tensor, shape: readonly number[]): tf.Tensor[] {
  const same = (other: readonly number[]) => other.length === shape.length && other.every((d, i) => d === shape[i]);
  const [b, h, w, c] = tensor.shape as [number, number, number, number];
  const found: tf.Tensor[] = [];
  if (same(tensor.shape)) found.push(tf.clone(tensor));
  if (tensor.rank === 4 && same([b, c, h, w])) found.push(tf.transpose(tensor, [0, 3, 1, 2]));
  if (found.length > 0) return found;
  const size = shape.reduce((product, d) => product * d, 1);
  return tensor.size === size && shape.at(-1) === tensor.shape.at(-1) ? [tf.reshape(tensor, [...shape])] : [];
}

export function missing(quantity: Quantity, name: string, note: string): Check {
  return { quantity, name, error: Number.NaN, ok: false, note };
}

export function norm(values: Float32Array | Int32Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum);
}
