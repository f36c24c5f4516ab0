// From the bytes of a batch to what a model sees, in tf ops and so inside the compiled step: normalised, then mixed,
// then erased, the order of timm's loader (which mixes while it collates, and normalises and erases on the device).
// Numbers that change from batch to batch are small inputs; their shapes do not change, so one program serves all
// draws.

import { keyedUniform, tf, trainingMode } from "@vitrine/core";
import type { StepBatch } from "../step.ts";

/** Tensors of the pixels of one micro-batch. */
export interface PixelInputs {
  /** int32 [B, H, W, C], 0 to 255. */
  images: tf.Tensor4D;
  /** [B, 5], or [1, 5] where all images are mixed alike; see `StepBatch.mix`. */
  mix?: tf.Tensor2D;
  /** [B, N, 4]; see `StepBatch.erase`. */
  boxes?: tf.Tensor3D;
  /** [B, N, C] */
  colours?: tf.Tensor3D;
  /** int32 [2] */
  noise?: tf.Tensor1D;
}

/** An input of the step besides parameters, with its numbers. */
export interface ExtraInput {
  name: Exclude<keyof PixelInputs, "images">;
  shape: number[];
  dtype: "float32" | "int32";
  data: Float32Array | Int32Array;
}

/** What a batch brings besides images and targets. The names and shapes are the same for all batches of a run. */
export function extraInputs({ size, mix, erase }: StepBatch): ExtraInput[] {
  const inputs: ExtraInput[] = [];
  if (mix !== undefined) inputs.push({ name: "mix", shape: [mix.length / 5, 5], dtype: "float32", data: mix });
  if (erase === undefined) return inputs;
  const { boxes, colours, noise } = erase;
  const count = boxes.length / size / 4;
  inputs.push({ name: "boxes", shape: [size, count, 4], dtype: "float32", data: boxes });
  if (colours !== undefined) {
    const shape = [size, count, colours.length / size / count];
    inputs.push({ name: "colours", shape, dtype: "float32", data: colours });
  }
  if (noise !== undefined) inputs.push({ name: "noise", shape: [2], dtype: "int32", data: noise });
  return inputs;
}

/** Tensors of `inputs` by name. */
export function tensorsOf(inputs: readonly ExtraInput[]): Omit<PixelInputs, "images"> {
  return Object.fromEntries(
    inputs.map(({ name, shape, dtype, data }) => [name, tf.tensor(data, shape as [number], dtype)]),
  );
}

/** All of a batch that `prepareImages` takes. */
export function stepInputs(batch: StepBatch): PixelInputs {
  const { images, size, height, width, channels } = batch;
  const bytes = tf.tensor4d(Int32Array.from(images), [size, height, width, channels], "int32");
  return { images: bytes, ...tensorsOf(extraInputs(batch)) };
}

// Below, images are rows of numbers, [B, H, W C]: masks and constants of that form have no last dimension of 1 or 3,
// over which engines on a processor broadcast number by number.

/** Normalised, mixed and erased images, [B, H, W, C]. */
export function prepareImages(inputs: PixelInputs, mean: readonly number[], std: readonly number[]): tf.Tensor4D {
  const { images, mix } = inputs;
  const { shape } = images;
  const channels = shape[3];
  const x = normalise(rowsOf(images), mean, std);
  const mixed = mix === undefined ? x : mixRowsOf(x, mix, channels);
  return tf.reshape(eraseRows(mixed, inputs, channels), shape);
}

/**
 * Each image with its partner: by default the image at the same place of the reversed batch, else that at the position
 * given. x: [B, H, W, C], mix: [B or 1, 5], partners: [B].
 */
export function mixImages(x: tf.Tensor4D, mix: tf.Tensor2D, partners?: Int32Array): tf.Tensor4D {
  return tf.reshape(mixRowsOf(rowsOf(x), mix, x.shape[3], partners), x.shape);
}

/**
 * Boxes filled with zeros (the mean), with a colour each, or with normal noise. A later box lies over an earlier one.
 */
export function eraseImages(x: tf.Tensor4D, inputs: Omit<PixelInputs, "images">): tf.Tensor4D {
  return tf.reshape(eraseRows(rowsOf(x), inputs, x.shape[3]), x.shape);
}

/** [B, H, W, C] → [B, H, W C] */
function rowsOf(x: tf.Tensor4D): tf.Tensor3D {
  const [batch, height, width, channels] = x.shape;
  return tf.reshape(x, [batch, height, width * channels]);
}

/** `(x/255 - mean) / std` */
function normalise(x: tf.Tensor3D, mean: readonly number[], std: readonly number[]): tf.Tensor3D {
  const [, , length] = x.shape;
  const each = (value: (c: number) => number) =>
    tf.tensor1d(Float32Array.from({ length }, (_, i) => value(i % std.length)));
  const scale = each((c) => 1 / (255 * std[c]!));
  const shift = each((c) => -mean[c]! / std[c]!);
  return tf.add(tf.mul(tf.cast(x, "float32"), scale), shift);
}

function mixRowsOf(x: tf.Tensor3D, mix: tf.Tensor2D, channels: number, partners?: Int32Array): tf.Tensor3D {
  const [batch, height, length] = x.shape;
  const [own, box] = tf.split(mix, [1, 4], 1) as [tf.Tensor2D, tf.Tensor2D];
  const outside = tf.sub(1, inside(box, height, length, channels));
  const weight = tf.mul(outside, tf.reshape(own, [-1, 1, 1])); // [B or 1, H, W C]
  const order = partners ?? Int32Array.from({ length: batch }, (_, i) => batch - 1 - i);
  const partner = tf.gather(x, tf.tensor1d(order, "int32"));
  return tf.add(tf.mul(x, weight), tf.mul(partner, tf.sub(1, weight)));
}

function eraseRows(x: tf.Tensor3D, inputs: Omit<PixelInputs, "images">, channels: number): tf.Tensor3D {
  const { boxes, colours, noise } = inputs;
  if (boxes === undefined) return x;
  const [, height, length] = x.shape;
  const each = (tf.unstack(boxes, 1) as tf.Tensor2D[]).map((box) => inside(box, height, length, channels));
  if (colours !== undefined) {
    const fills = (tf.unstack(colours, 1) as tf.Tensor2D[]).map((colour) => tf.tile(colour, [1, length / channels]));
    return each.reduce((under, m, n): tf.Tensor3D => {
      const fill = tf.reshape(fills[n]!, [-1, 1, length]);
      return tf.add(tf.mul(under, tf.sub(1, m)), tf.mul(m, fill));
    }, x);
  }
  const kept = each.map((m): tf.Tensor3D => tf.sub(1, m)).reduce((a, b) => tf.mul(a, b));
  const left: tf.Tensor3D = tf.mul(x, kept);
  return noise === undefined ? left : tf.add(left, tf.mul(noiseRows(noise, x.shape), tf.sub(1, kept)));
}

/**
 * 1 in the box, 0 outside of it, [N, H, W C]. box: [N, 4], rows yl to yh and columns xl to xh, ends excluded. The
 * largest tensor is made by one product of rows and columns.
 */
function inside(box: tf.Tensor2D, height: number, length: number, channels: number): tf.Tensor3D {
  const [yl, yh, xl, xh] = tf.split(box, 4, 1);
  const span = (from: tf.Tensor, to: tf.Tensor, places: Float32Array) => {
    const at = tf.tensor2d(places, [1, places.length]);
    return tf.cast(tf.logicalAnd(tf.greaterEqual(at, from), tf.less(at, to)), "float32");
  };
  const rows = Float32Array.from({ length: height }, (_, i) => i);
  const columns = Float32Array.from({ length }, (_, i) => Math.floor(i / channels));
  return tf.mul(
    tf.reshape(span(yl!, yh!, rows), [-1, height, 1]),
    tf.reshape(span(xl!, xh!, columns), [-1, 1, length]),
  );
}

/** Images with noise of their own. */
const ownNoise = 8;
/** Multiples of it, taken modulo 1, stay apart from each other for as long as can be. */
const golden = 0.618034;

/**
 * Normal noise, [B, H, W C], independent within an image. In a batch of more than eight, an image has the noise of the
 * one eight places before, moved down by some rows: drawing is what costs, and little of it is seen.
 */
function noiseRows(key: tf.Tensor1D, [batch, height, length]: [number, number, number]): tf.Tensor3D {
  const drawn = Math.min(batch, ownNoise);
  const noise = normalNoise(key, [drawn, height, length]);
  if (drawn === batch) return noise;
  const rows = Int32Array.from({ length: batch * height }, (_, k) => {
    const [i, y] = [Math.floor(k / height), k % height];
    const moved = (y + Math.floor(height * ((Math.floor(i / drawn) * golden) % 1))) % height;
    return (i % drawn) * height + moved;
  });
  const flat = tf.reshape(noise, [drawn * height, length]);
  return tf.reshape(tf.gather(flat, tf.tensor1d(rows, "int32")), [batch, height, length]);
}

/** Normal numbers by Box and Muller from the uniform ones of a key, which have the same bits on every backend. */
function normalNoise(key: tf.Tensor1D, shape: [number, number, number]): tf.Tensor3D {
  const count = shape.reduce((product, d) => product * d, 1);
  const half = Math.ceil(count / 2);
  const uniform = keyedUniform(trainingMode(key), "erase", [2, half]);
  const [a, b] = tf.unstack(uniform) as [tf.Tensor1D, tf.Tensor1D];
  const radius = tf.sqrt(tf.mul(-2, tf.log(tf.sub(1, a))));
  const angle = tf.mul(2 * Math.PI, b);
  const normal = tf.concat([tf.mul(radius, tf.cos(angle)), tf.mul(radius, tf.sin(angle))]);
  return tf.reshape(tf.slice(normal, [0], [count]), shape);
}
