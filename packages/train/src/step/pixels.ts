// From the bytes of a batch to what a model sees, in tf ops and so inside the compiled step: normalised, then mixed, then
// erased, the order of timm's loader (which mixes while it collates, and normalises and erases on the device). Numbers that
// change from batch to batch are small inputs; their shapes do not change, so one program serves all draws.

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

/** Normalised, mixed and erased images, [B, H, W, C]. */
export function prepareImages(inputs: PixelInputs, mean: readonly number[], std: readonly number[]): tf.Tensor4D {
  const { images, mix } = inputs;
  const x = normalise(images, mean, std);
  return eraseImages(mix === undefined ? x : mixImages(x, mix), inputs);
}

/** `(x/255 - mean) / std` */
function normalise(images: tf.Tensor4D, mean: readonly number[], std: readonly number[]): tf.Tensor4D {
  const scale = tf.tensor1d(std.map((s) => 1 / (255 * s)));
  const shift = tf.tensor1d(std.map((s, c) => -mean[c]! / s));
  return tf.add(tf.mul(tf.cast(images, "float32"), scale), shift);
}

/**
 * Each image with its partner: by default the image at the same place of the reversed batch, else that at the position given.
 * x: [B, H, W, C], mix: [B or 1, 5], partners: [B].
 */
export function mixImages(x: tf.Tensor4D, mix: tf.Tensor2D, partners?: Int32Array): tf.Tensor4D {
  const [batch, height, width] = x.shape;
  const [own, box] = tf.split(mix, [1, 4], 1) as [tf.Tensor2D, tf.Tensor2D];
  const outside = tf.sub(1, inside(box, height, width));
  const weight = tf.mul(outside, tf.reshape(own, [-1, 1, 1, 1])); // [B or 1, H, W, 1]
  const order = partners ?? Int32Array.from({ length: batch }, (_, i) => batch - 1 - i);
  const partner = tf.gather(x, tf.tensor1d(order, "int32"));
  return tf.add(tf.mul(x, weight), tf.mul(partner, tf.sub(1, weight)));
}

/** Boxes filled with zeros (the mean), with a colour each, or with normal noise. A later box lies over an earlier one. */
export function eraseImages(x: tf.Tensor4D, { boxes, colours, noise }: Omit<PixelInputs, "images">): tf.Tensor4D {
  if (boxes === undefined) return x;
  const [, height, width] = x.shape;
  const each = (tf.unstack(boxes, 1) as tf.Tensor2D[]).map((box) => inside(box, height, width));
  if (colours !== undefined) {
    const fills = tf.unstack(colours, 1).map((colour) => tf.reshape(colour, [-1, 1, 1, x.shape[3]]));
    return each.reduce((under, m, n) => tf.add(tf.mul(under, tf.sub(1, m)), tf.mul(fills[n]!, m)), x);
  }
  const kept = each.map((m): tf.Tensor4D => tf.sub(1, m)).reduce((a, b) => tf.mul(a, b));
  const left: tf.Tensor4D = tf.mul(x, kept);
  return noise === undefined ? left : tf.add(left, tf.mul(normalNoise(noise, x.shape), tf.sub(1, kept)));
}

/** 1 in the box, 0 outside of it, [N, H, W, 1]. box: [N, 4], rows yl to yh and columns xl to xh, ends excluded. */
function inside(box: tf.Tensor2D, height: number, width: number): tf.Tensor4D {
  const [yl, yh, xl, xh] = tf.split(box, 4, 1);
  const span = (from: tf.Tensor, to: tf.Tensor, size: number) => {
    const places = tf.tensor2d(
      Float32Array.from({ length: size }, (_, i) => i),
      [1, size],
    );
    return tf.cast(tf.logicalAnd(tf.greaterEqual(places, from), tf.less(places, to)), "float32"); // [N, size]
  };
  const rows = tf.reshape(span(yl!, yh!, height), [-1, height, 1, 1]);
  return tf.mul(rows, tf.reshape(span(xl!, xh!, width), [-1, 1, width, 1]));
}

/** Normal numbers by Box and Muller from the uniform ones of a key, which have the same bits on every backend. */
function normalNoise(key: tf.Tensor1D, shape: readonly number[]): tf.Tensor4D {
  const count = shape.reduce((product, d) => product * d, 1);
  const half = Math.ceil(count / 2);
  const uniform = keyedUniform(trainingMode(key), "erase", [2, half]);
  const [a, b] = tf.unstack(uniform) as [tf.Tensor1D, tf.Tensor1D];
  const radius = tf.sqrt(tf.mul(-2, tf.log(tf.sub(1, a))));
  const angle = tf.mul(2 * Math.PI, b);
  const normal = tf.concat([tf.mul(radius, tf.cos(angle)), tf.mul(radius, tf.sin(angle))]);
  return tf.reshape(tf.slice(normal, [0], [count]), [...shape] as [number, number, number, number]);
}
