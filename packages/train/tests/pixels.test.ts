import "@tensorflow/tfjs-backend-cpu";
import { type Batch, jit, Rng, tf } from "@vitrine/core";
import { useOnnx } from "@vitrine/onnx";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { drawErasing, type EraseBox, type ErasingConfig } from "../src/erasing.ts";
import { type Mix, type MixupConfig, mixRows, mixTargets } from "../src/mixup.ts";
import { prepareBatch } from "../src/prepare.ts";
import { extraInputs, prepareImages, tensorsOf } from "../src/step/pixels.ts";
import type { EraseBatch, StepBatch } from "../src/step.ts";
import { fixture } from "./fixtures.ts";

interface Mixing {
  images: number[];
  shape: [number, number, number, number];
  labels: number[];
  mean: number[];
  std: number[];
  classes: number;
  smoothing: number;
  mixed: { options: Record<string, unknown>; draws: (Mix | null)[]; x: number[]; target: number[] }[];
  erased: { options: Record<string, number>; boxes: { box: EraseBox; colour: number[] }[][]; x: number[] }[];
}

const timm = process.env.VITRINE_PARITY === undefined ? fixture<Mixing>("mixing") : undefined;

/** A batch of noise. */
function noisy(size: number, height: number, width: number, channels: number): Batch {
  const rng = Rng.of("pixels", size);
  return {
    images: Uint8Array.from({ length: size * height * width * channels }, () => rng.int(256)),
    ...{ size, height, width, channels },
    labels: Int32Array.from({ length: size }, (_, i) => i % 3),
    indices: Int32Array.from({ length: size }, (_, i) => 10 + i),
  };
}

function prepared(batch: StepBatch, mean: readonly number[], std: readonly number[]): number[] {
  const { images, size, height, width, channels } = batch;
  const x = tf.tensor4d(Int32Array.from(images), [size, height, width, channels], "int32");
  const run = jit((inputs: Parameters<typeof prepareImages>[0]) => prepareImages(inputs, mean, std));
  const out = run({ images: x, ...tensorsOf(extraInputs(batch)) });
  const values = Array.from(out.dataSync<"float32">());
  tf.dispose([x, out]);
  run.dispose();
  return values;
}

function expectNear(found: readonly number[], wanted: readonly number[], tolerance: number): void {
  expect(found.length).toBe(wanted.length);
  const worst = found.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i]!)), 0);
  expect(worst).toBeLessThanOrEqual(tolerance);
}

afterAll(async () => {
  await useOnnx();
});

describe.each(["onnx", "cpu"])("on %s", (backend) => {
  beforeAll(async () => {
    await useOnnx();
    await tf.setBackend(backend);
  });

  test.skipIf(timm === undefined)("mixes as timm's Mixup does, in each mode", () => {
    const { images, shape, labels, mean, std, classes, smoothing, mixed } = timm!;
    const [size, height, width, channels] = shape;
    for (const { options, draws, x, target } of mixed) {
      const mixes = draws.map((draw) => draw ?? undefined);
      const targets = mixTargets(Int32Array.from(labels), classes, smoothing, mixes);
      expectNear(Array.from(targets), target, 2e-6);
      const mix = mixRows(mixes, options.mode as MixupConfig["mode"]);
      const batch = { images: Uint8Array.from(images), size, height, width, channels, targets, mix };
      expectNear(prepared(batch, mean, std), x, 2e-5);
    }
  });

  test.skipIf(timm === undefined)("erases as timm's RandomErasing does", () => {
    const { images, shape, mean, std, erased } = timm!;
    const [size, height, width, channels] = shape;
    for (const { options, boxes, x } of erased) {
      const count = options.max_count ?? 1;
      const erase: EraseBatch = {
        boxes: new Float32Array(size * count * 4),
        colours: new Float32Array(size * count * channels),
      };
      // timm leaves out the images of the first split.
      boxes.forEach((some, k) => {
        for (const [n, { box, colour }] of some.entries()) {
          const i = k + size - boxes.length;
          erase.boxes.set(box, (i * count + n) * 4);
          erase.colours!.set(colour, (i * count + n) * channels);
        }
      });
      const batch = { images: Uint8Array.from(images), size, height, width, channels, targets: new Float32Array(size) };
      expectNear(prepared({ ...batch, erase }, mean, std), x, 2e-5);
      if ((options.mode as unknown) !== "const") continue;
      const { boxes: only } = erase;
      expectNear(prepared({ ...batch, erase: { boxes: only } }, mean, std), x, 2e-5);
    }
  });

  test("fills with noise that is normal, and the same for the same key", () => {
    const batch = noisy(4, 32, 32, 3);
    const make = (position: number) => {
      const erase = drawErasing({ prob: 1, mode: "pixel", minArea: 0.3, maxArea: 0.33 }, batch, {
        ...{ seed: 1, epoch: 0, position },
      });
      return { erase, x: prepared({ ...batch, targets: new Float32Array(4), erase }, [0, 0, 0], [1, 1, 1]) };
    };
    const { erase, x } = make(3);
    expect(make(3).x).toEqual(x);
    expect(make(4).x).not.toEqual(x);
    const noise: number[] = [];
    x.forEach((value, at) => {
      const [i, row, column] = [Math.floor(at / 3072), Math.floor((at % 3072) / 96), Math.floor((at % 96) / 3)];
      const [yl, yh, xl, xh] = erase.boxes.subarray(4 * i, 4 * i + 4);
      if (row >= yl! && row < yh! && column >= xl! && column < xh!) noise.push(value);
      else expect(value).toBeCloseTo(batch.images[at]! / 255, 5);
    });
    expect(noise.length).toBeGreaterThan(3000);
    const mean = noise.reduce((sum, v) => sum + v, 0) / noise.length;
    const variance = noise.reduce((sum, v) => sum + (v - mean) ** 2, 0) / noise.length;
    // Five standard errors.
    expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(noise.length));
    expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / noise.length));
    expect(noise.filter((v) => Math.abs(v) < 1).length / noise.length).toBeCloseTo(0.683, 1);
  });
});

test("large batches have noise in all images, no two in the same place", async () => {
  await useOnnx();
  const batch = { ...noisy(20, 10, 10, 1), targets: new Float32Array(20) };
  const boxes = Float32Array.from({ length: 80 }, (_, k) => [0, 10, 0, 10][k % 4]!);
  const x = prepared({ ...batch, erase: { boxes, noise: Int32Array.of(3, 4) } }, [0], [1]);
  const images = Array.from({ length: 20 }, (_, i) => x.slice(100 * i, 100 * i + 100));
  expect(new Set(images.map((image) => image.join())).size).toBe(20);
  for (const image of images) expect(new Set(image).size).toBe(100);
});

test("erases what is mixed, and not the partner's hole into the image", () => {
  const batch = { ...noisy(2, 4, 4, 1), targets: new Float32Array(2) };
  const erase = { boxes: Float32Array.of(0, 2, 0, 4, 0, 0, 0, 0) };
  const x = prepared({ ...batch, mix: Float32Array.of(0.5, 0, 0, 0, 0), erase }, [0], [1]);
  const blend = (at: number) => (batch.images[at]! + batch.images[16 + at]!) / 2 / 255;
  expectNear(x.slice(0, 8), new Array<number>(8).fill(0), 0);
  expectNear(
    x.slice(16),
    Array.from({ length: 16 }, (_, at) => blend(at)),
    1e-6,
  );
});

describe.each(["batch", "pair", "elem"] as const)("mode %s", (mode) => {
  test("compiles once for all draws, whatever the dice say", async () => {
    await useOnnx();
    let traced = 0;
    const run = jit((inputs: Parameters<typeof prepareImages>[0]) => {
      traced++;
      return prepareImages(inputs, [0, 0, 0], [1, 1, 1]);
    });
    const batch = noisy(6, 8, 8, 3);
    const erasing: ErasingConfig = { prob: 0.5, mode: "rand", maxCount: 3 };
    const how = {
      classes: 3,
      smoothing: 0.1,
      seed: 2,
      mixup: { mixupAlpha: 1, cutmixAlpha: 1, prob: 0.6, mode },
      erasing,
    };
    for (let position = 0; position < 20; position++) {
      const made = prepareBatch(batch, how, 0, position);
      const images = tf.tensor4d(Int32Array.from(made.images), [6, 8, 8, 3], "int32");
      const inputs = { images, ...tensorsOf(extraInputs(made)) };
      tf.dispose([run(inputs), inputs] as tf.TensorContainer);
    }
    expect(traced).toBe(1);
    run.dispose();
  });
});
