// What every model family promises, as one test-suite. A family's own test file has only what is special to it.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  at,
  type BaseConfig,
  configure,
  countParams,
  createModel,
  type Family,
  fileShape,
  imageSize,
  inference,
  initParams,
  jit,
  leaves,
  type Model,
  type ModelOptions,
  parameterCount,
  Rng,
  type State,
  specLeaves,
  stateOf,
  tf,
} from "@vitrine/core";
import { encodeSafetensors, parseSafetensors } from "@vitrine/core/node";
import { printGraph, trace } from "@vitrine/onnx";
import { beforeAll, describe, expect, test } from "vitest";
import { backendNames, useBackend } from "./backends.ts";
import { type AnyFamily, checkGolden } from "./check-golden.ts";
import { goldenFolders, readGolden, stateFrom } from "./golden.ts";
import { tinyModel } from "./tiny-model.ts";
import { colouredImages, lossAndGradients, randomImages, randomLabels } from "./train-batch.ts";

export interface FamilyPromises {
  /**
   * The family's folder of fixtures, with a slash at its end: `tiny.json` (the model that is tested), `variants.json`
   * (what the reference says of each size) and a folder for each golden case.
   */
  fixtures: URL;
  /** Parameters whose gradient is zero in exact arithmetic. */
  zeroGradients?: RegExp;
}

interface VariantFacts {
  params: number;
  gmacs: number;
  sha256: string;
}

/** Registers the tests of a family. */
export function describeFamily<C extends BaseConfig, P extends object>(
  family: Family<C, P>,
  { fixtures, zeroGradients }: FamilyPromises,
): void {
  const { variant, options, otherSize, descentRate = 0.5 } = tinyModel(fixtures);
  const any = family as unknown as AnyFamily;
  const make = (more: ModelOptions<BaseConfig> = {}) => createModel(any, variant, { ...options, ...more });
  const imagesFor = ({ config }: Model, batch = 4) => randomImages(config, batch);

  describe.each(backendNames)(`${family.name} on %s`, (backend) => {
    beforeAll(() => useBackend(backend));

    test.each(goldenFolders(fixtures))("gives the reference's numbers: %s", async (_, folder) => {
      const golden = readGolden(folder);
      const checks = await checkGolden(any, golden);
      expect(checks.filter(({ ok }) => !ok)).toEqual([]);
      const quantities = new Set(checks.map(({ quantity }) => quantity));
      const promised = golden.about.train ? ["logits", "loss", "gradients", "step"] : ["logits"];
      expect([...quantities]).toEqual(expect.arrayContaining(promised));
    });

    test("gives the same logits compiled as eager", async () => {
      const model = make();
      const images = imagesFor(model);
      const logits = (params: object, x: tf.Tensor4D) => model.logits(x, inference, params);
      const eager = await numbers(model.logits(images));
      for (const compiled of [jit(logits), jit(logits, { fixed: [0] })]) {
        for (let call = 0; call < 2; call++) expectClose(await numbers(compiled(model.params, images)), eager);
        compiled.dispose();
      }
    });

    test("gives the same logits by features and head as in one go", async () => {
      const model = make();
      const images = imagesFor(model);
      expectClose(await numbers(model.head(model.features(images))), await numbers(model.logits(images)));
    });

    const withMaps = family.stages ? test : () => {};
    withMaps("gives feature maps of the channels and strides that it names", async () => {
      const model = make();
      const [height, width] = imageSize(model.config);
      const images = imagesFor(model, 2);
      const maps = model.featureMaps(images);
      const expected = model.stages.map(({ channels, stride }) => [
        2,
        Math.ceil(height / stride),
        Math.ceil(width / stride),
        channels,
      ]);
      expect(maps.map(({ shape }) => shape)).toEqual(expected);
      for (const map of maps) expect((await numbers(map)).every(Number.isFinite)).toBe(true);
    });

    test("gives every parameter a gradient", async () => {
      const model = make();
      const { gradients } = lossAndGradients(model, imagesFor(model), randomLabels(model.config, 4));
      const trainable = specLeaves(model.spec).filter(([, leaf]) => leaf.trainable);
      expect(gradients.map(([path]) => path)).toEqual(trainable.map(([path]) => path));
      // Read at once: each reading alone would go through the whole model.
      const largest = await numbers(tf.stack(gradients.map(([, gradient]) => tf.max(tf.abs(gradient)))));
      for (const [i, [path]] of gradients.entries())
        if (!zeroGradients?.test(path)) expect(largest[i], path).toBeGreaterThan(0);
    });

    test("learns one batch in a few steps", async () => {
      const model = make();
      const images = colouredImages(model.config, 8);
      const labels = randomLabels(model.config, 8);
      const step = jit((params: object, x: tf.Tensor4D, y: tf.Tensor2D) => {
        const { loss, gradients } = lossAndGradients(model, x, y, params);
        const next = gradients.map(([path, gradient]) => [
          path,
          tf.sub(at(params, path), tf.mul(descentRate, gradient)),
        ]);
        return { loss, next: Object.fromEntries(next) as Record<string, tf.Tensor> };
      });
      const losses: number[] = [];
      for (let i = 0; i < 10; i++) {
        const { loss, next } = step(model.params, images, labels);
        losses.push((await numbers(loss))[0]!);
        for (const [path, value] of Object.entries(next)) put(model.params, path, value);
      }
      expect(losses.at(-1)).toBeLessThan(losses[0]! * 0.9);
    });

    test("gives the same logits after being saved and loaded", async () => {
      const model = make();
      const images = imagesFor(model);
      const again = make({ state: throughFile(await stateOf(model.spec, model.params)), seed: 7 });
      expect(again.notes).toEqual([]);
      expect(await numbers(again.logits(images))).toEqual(await numbers(model.logits(images)));
    });
  });

  test(`${family.name}: its graph is the one last reviewed`, async () => {
    await useBackend("onnx");
    const model = make();
    const [height, width] = imageSize(model.config);
    const graph = trace(
      (images) => [{ name: "logits", tensor: model.logits(images as tf.Tensor4D) }],
      [{ name: "images", shape: ["batch", height, width, model.config.inChans] }],
    );
    await expect(printGraph(graph)).toMatchFileSnapshot(fileURLToPath(new URL("graph.txt", fixtures)));
  });

  describe(family.name, () => {
    beforeAll(() => useBackend("cpu"));

    test("keeps the other parameters when it gets a new head", async () => {
      const model = make();
      const state = await stateOf(model.spec, model.params);
      const numClasses = model.config.numClasses + 3;
      const other = make({ state, numClasses, seed: 7 });
      const isHead = (path: string) => model.classifier.some((layer) => path.startsWith(`${layer}.`));
      for (const [path, value] of leaves(other.params))
        if (!isHead(path)) expect(await numbers(value), path).toEqual(await numbers(at(model.params, path)));
      expect(other.notes.join("; ")).toContain(`new, for ${numClasses} classes`);
      expect(other.logits(imagesFor(other)).shape).toEqual([4, numClasses]);
      const headless = make({ state, numClasses: 0 });
      expect(leaves(headless.params).filter(([path]) => isHead(path))).toEqual([]);
    });

    test("takes a checkpoint of another number of channels", async () => {
      const model = make();
      const grey = make({ state: await stateOf(model.spec, model.params), inChans: 1, seed: 7 });
      expect(grey.notes).toHaveLength(1);
      const [colour, mean] = tf.tidy(() => {
        const one = randomImages(grey.config, 4);
        return [model.logits(tf.concat([one, one, one], 3)), grey.logits(one)];
      }) as [tf.Tensor, tf.Tensor];
      expectClose(await numbers(mean), await numbers(colour));
    });

    const elsewhere = otherSize ? test : () => {};
    elsewhere("takes a checkpoint of another image size", async () => {
      const model = make();
      const other = make({ state: await stateOf(model.spec, model.params), imgSize: otherSize!, seed: 7 });
      expect((await numbers(other.logits(imagesFor(other)))).every(Number.isFinite)).toBe(true);
    });

    test("refuses an option it does not have", () => {
      expect(() => make({ numClass: 3 } as object)).toThrow('unknown option "numClass" (did you mean "numClasses"?)');
    });

    test("draws the same parameters from the same seed, and others from another", async () => {
      const first = async (seed: number) => {
        const spec = family.spec(configure(family, variant, options));
        const [, leaf] = leaves(initParams(spec, Rng.of(seed))).find(([path]) => path.endsWith("weight"))!;
        return numbers(leaf);
      };
      expect(await first(1)).toEqual(await first(1));
      expect(await first(1)).not.toEqual(await first(2));
    });

    test("orders its parameters by depth, the head last", () => {
      const model = make();
      const depths = new Map(specLeaves(model.spec).map(([path]) => [path, model.depth(path)]));
      const used = [...new Set(depths.values())].sort((a, b) => a - b);
      expect(used).toEqual(used.map((_, i) => i));
      for (const layer of model.classifier)
        for (const [path, depth] of depths) if (path.startsWith(`${layer}.`)) expect(depth).toBe(used.at(-1));
    });

    const facts = JSON.parse(readFileSync(new URL("variants.json", fixtures), "utf8")) as Record<string, VariantFacts>;
    test("has every variant that the reference was asked for", () => {
      expect(Object.keys(family.variants)).toEqual(Object.keys(facts));
    });
    test.each(Object.keys(family.variants))("%s has the reference's parameters", (name) => {
      const spec = family.spec(configure(family, name)) as object;
      expect(countParams(spec)).toBe(facts[name]?.params);
      expect(parameterCount(family, name)).toBe(facts[name]?.params);
      expect(digest(spec)).toBe(facts[name]?.sha256);
    });
  });
}

function throughFile(state: State): State {
  const entries = [...state].map(([name, { shape, data }]) => {
    const dtype = data instanceof Float32Array ? ("F32" as const) : ("I32" as const);
    return { name, dtype, shape, data: data.slice() };
  });
  return stateFrom(parseSafetensors(encodeSafetensors(entries)));
}

/** First digits of the SHA-256 of the sorted list of names and shapes. */
function digest(spec: object): string {
  const list = specLeaves(spec).map(([path, leaf]) => [path, fileShape(leaf)] as const);
  list.sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256").update(JSON.stringify(list)).digest("hex").slice(0, 16);
}

async function numbers(tensor: tf.Tensor): Promise<number[]> {
  return Array.from(await tensor.data());
}

function expectClose(found: number[], expected: number[], bound = 1e-4): void {
  expect(found).toHaveLength(expected.length);
  const worst = Math.max(...found.map((value, i) => Math.abs(value - expected[i]!)));
  expect(worst).toBeLessThan(bound);
}

/** Puts a value in a tree of parameters. */
function put(params: object, path: string, value: tf.Tensor): void {
  const keys = path.split(".");
  const last = keys.pop()!;
  let node = params as Record<string, unknown>;
  for (const key of keys) node = node[key] as Record<string, unknown>;
  node[last] = value;
}
