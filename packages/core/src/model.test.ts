// The model interface, by the smallest family that uses all of it: the mean of the pixels, then a linear layer.

import "@tensorflow/tfjs-backend-cpu";
import { describe, expect, test } from "vitest";
import { adaptInputConv } from "./adapt.ts";
import { VitrineError } from "./errors.ts";
import { type BaseConfig, configure, defineFamily, findVariant, parameterCount, variantsOf } from "./family.ts";
import { fanInUniform } from "./init.ts";
import { type Linear, linear, linearSpec } from "./layers/linear.ts";
import { inference, tap } from "./mode.ts";
import { createModel } from "./model.ts";
import { leaves, param, type Spec } from "./params.ts";
import { imagenetMean, imagenetStd } from "./pretrained.ts";
import { type State, stateOf } from "./state.ts";
import { tf } from "./tf.ts";

interface Config extends BaseConfig {
  dim: number;
}

interface Params {
  stem: { weight: tf.Tensor4D };
  head?: Linear;
}

const sizes = { dot_small: {}, dot_large: { dim: 8, imgSize: [4, 6] as const } } satisfies Record<
  string,
  Partial<Config>
>;

const dot = defineFamily<Config, Params, keyof typeof sizes>({
  name: "dot",
  title: "Dot",
  paper: "https://example.org",
  defaults: { numClasses: 3, imgSize: 4, inChans: 3, dim: 2 } as Config,
  variants: variantsOf<Config, keyof typeof sizes>(
    sizes,
    {
      dot_small: {
        first: { numClasses: 5 },
        second: { hub: "someone/dot", license: "mit", mean: [0.1, 0.2, 0.6], std: [1, 1, 1] },
        wide: { imgSize: 8 },
      },
    },
    { cropPct: 0.9, cropMode: "center", interpolation: "bicubic", mean: imagenetMean, std: imagenetStd },
  ),
  classifier: ["head"],
  spec: (c: Config) =>
    ({
      stem: { weight: param([1, 1, c.inChans, c.dim], fanInUniform(c.inChans), { layout: "conv" }) },
      ...(c.numClasses > 0 ? { head: linearSpec(c.dim, c.numClasses) } : {}),
    }) as Spec<Params>,
  features: (_, p: Params, images, mode) =>
    tf.mean(tap(mode, tf.conv2d(images, p.stem.weight, 1, "valid"), "stem"), [1, 2]),
  stages: (c) => [{ path: "stem", channels: c.dim, stride: 1 }],
  head: (_, p, features, __, options) =>
    p.head && !options?.preLogits ? linear(p.head, features as tf.Tensor2D) : (features as tf.Tensor2D),
  adapt: (c, state, notes) => {
    const adapted: State = new Map(state);
    adaptInputConv("stem.weight", c.inChans, adapted, notes);
    return adapted;
  },
  depth: (_, path) => (path.startsWith("head") ? 1 : 0),
});

const usage = (run: () => unknown): VitrineError => {
  try {
    run();
  } catch (error) {
    if (error instanceof VitrineError) return error;
  }
  throw new Error("it did not refuse");
};

describe("configure", () => {
  test("puts options over the variant over the defaults", () => {
    expect(configure(dot, "dot_large", { numClasses: 7, inChans: undefined })).toEqual({
      numClasses: 7,
      imgSize: [4, 6],
      inChans: 3,
      dim: 8,
    });
  });

  test.each([
    [
      { numClases: 1 },
      'unknown option "numClases" (did you mean "numClasses"?). Options are numClasses, imgSize, inChans, dim',
    ],
    [{ numClasses: -1 }, "numClasses must be 0 or more, found -1"],
    [{ numClasses: 2.5 }, "numClasses must be 0 or more, found 2.5"],
    [{ inChans: 0 }, "inChans must be 1 or more, found 0"],
    [{ imgSize: [4, 0] }, "imgSize must be whole pixels, found 4,0"],
  ])("refuses %j", (options, message) => {
    const error = usage(() => configure(dot, "dot_small", options));
    expect([error.message, error.usage]).toEqual([`dot_small: ${message}`, true]);
  });
});

describe("findVariant", () => {
  test("knows a variant's checkpoints, the usual one first", () => {
    expect(findVariant(dot, "dot_small").pretrained).toMatchObject({
      tag: "first",
      hub: "timm/dot_small.first",
      numClasses: 5,
      license: "apache-2.0",
    });
    expect(findVariant(dot, "dot_small.second").pretrained).toMatchObject({
      hub: "someone/dot",
      numClasses: 1000,
      license: "mit",
    });
    expect(findVariant(dot, "dot_large").pretrained).toBeUndefined();
  });

  test.each([
    ["dot_smal", 'dot: unknown variant "dot_smal" (did you mean "dot_small"?). Variants are dot_small, dot_large'],
    ["constructor", 'dot: unknown variant "constructor". Variants are dot_small, dot_large'],
    ["dot_small.frist", 'dot_small: unknown tag "frist" (did you mean "first"?). Tags are first, second, wide'],
    ["dot_large.x", 'dot_large: unknown tag "x". There are no published weights of it'],
  ])("refuses %s", (name, message) => {
    expect(usage(() => findVariant(dot, name)).message).toBe(message);
  });
});

describe("createModel", () => {
  const images = () => tf.ones([2, 4, 4, 3]) as tf.Tensor4D;

  test("gives features, what the head reads, and logits", () => {
    const model = createModel(dot, "dot_small");
    expect([model.name, model.family, model.notes]).toEqual(["dot_small", "dot", []]);
    expect(model.logits(images()).dataSync()).toEqual(model.head(model.features(images())).dataSync());
    expect(model.heads(images())).toHaveLength(1);
    expect(model.head(model.features(images()), undefined, { preLogits: true }).shape).toEqual([2, 2]);
    expect(parameterCount(dot, "dot_large")).toBe(3 * 8 + 8 * 3 + 3);
  });

  test("computes with other parameters when they are given, and with those put in", () => {
    const [model, other] = [1, 2].map((seed) => createModel(dot, "dot_small", { seed }));
    const theirs = other!.logits(images()).dataSync();
    expect(model!.logits(images()).dataSync()).not.toEqual(theirs);
    expect(model!.logits(images(), undefined, other!.params).dataSync()).toEqual(theirs);
    model!.params = other!.params;
    expect(model!.logits(images()).dataSync()).toEqual(theirs);
  });

  test("prepares images as the checkpoint of the tag wants, for the size and channels there are", () => {
    expect(createModel(dot, "dot_large").preprocess).toMatchObject({ size: [4, 6], channels: 3, mean: imagenetMean });
    const preprocess = (inChans: number) => createModel(dot, "dot_small.second", { inChans }).preprocess;
    expect(preprocess(1)).toMatchObject({ size: [4, 4], channels: 1, mean: [expect.closeTo(0.3)], std: [1] });
    expect(preprocess(4).mean).toEqual([0.1, 0.2, 0.6, 0.1]);
  });

  test("takes the image size of the checkpoint of the tag, unless told another", () => {
    const size = (options: { imgSize?: number }) => createModel(dot, "dot_small.wide", options).preprocess.size;
    expect(size({})).toEqual([8, 8]);
    expect(size({ imgSize: 6 })).toEqual([6, 6]);
  });

  test("starts from a checkpoint, and says what it changed in it", async () => {
    const model = createModel(dot, "dot_small");
    const state = await stateOf(model.spec, model.params);
    const same = createModel(dot, "dot_small", { state, seed: 9 });
    expect(same.notes).toEqual([]);
    expect(same.logits(images()).dataSync()).toEqual(model.logits(images()).dataSync());

    const other = createModel(dot, "dot_small", { state, inChans: 1, numClasses: 4, seed: 9 });
    expect(other.notes).toEqual([
      "stem.weight: made for 1 channels from 3",
      "head: new, for 4 classes (the checkpoint has 3 classes)",
    ]);
    expect(leaves(other.params).map(([path, value]) => [path, value.shape])).toEqual([
      ["stem.weight", [1, 1, 1, 2]],
      ["head.weight", [2, 4]],
      ["head.bias", [4]],
    ]);
    expect(state.get("head.weight")?.shape, "the state is left as it was").toEqual([3, 2]);
  });

  test("refuses a checkpoint of another model by the name of its file", async () => {
    const model = createModel(dot, "dot_large");
    const state = await stateOf(model.spec, model.params);
    expect(() => createModel(dot, "dot_small", { state, stateName: "large.safetensors" })).toThrow(
      "large.safetensors: the checkpoint is of another model. Keys 2 of another shape: stem.weight [2,3,1,1] expected, [8,3,1,1] found",
    );
  });
});

describe("a checkpoint that fits in part", () => {
  const stateOfLarge = async () => {
    const model = createModel(dot, "dot_large", { seed: 3 });
    return stateOf(model.spec, model.params);
  };

  test("is taken where it fits, when asked for", async () => {
    const state = await stateOfLarge();
    const { notes, params } = createModel(dot, "dot_small", { state, strict: false });
    expect(notes).toEqual(["2 of 3 start new: stem.weight, head.weight"]);
    expect(params.head?.bias?.dataSync()).toEqual(state.get("head.bias")?.data);
    const extra = new Map([...state, ["tail.weight", { shape: [1], data: Float32Array.of(1) }]] as const);
    const whole = createModel(dot, "dot_large", { state: extra, strict: false });
    expect(whole.notes).toEqual(["1 of the checkpoint are not used: tail.weight"]);
  });

  test("is refused where nothing of it fits", () => {
    const state: State = new Map([["other.weight", { shape: [1], data: Float32Array.of(1) }]]);
    const options = { state, strict: false, stateName: "other.safetensors", numClasses: 0 };
    expect(() => createModel(dot, "dot_small", options)).toThrow(
      "other.safetensors: nothing of this checkpoint fits the model: its keys are other.weight",
    );
  });
});

describe("model", () => {
  const images = (size = 4) => tf.ones([2, size, size, 3]) as tf.Tensor4D;

  test("gives its feature maps, and leaves nothing else behind", () => {
    const model = createModel(dot, "dot_small");
    const x = images();
    const before = tf.memory().numTensors;
    const maps = model.featureMaps(x);
    expect(tf.memory().numTensors - before).toBe(1);
    expect(model.stages).toEqual([{ path: "stem", channels: 2, stride: 1 }]);
    expect(maps.map(({ shape }) => shape)).toEqual([[2, 4, 4, 2]]);
    const means = model.head(model.features(x), inference, { preLogits: true });
    expect(tf.mean(maps[0]!, [1, 2]).dataSync()).toEqual(means.dataSync());
    const kept = new Map<string, tf.Tensor>();
    model.featureMaps(images(), { ...inference, taps: kept });
    expect([...kept.keys()]).toEqual(["stem"]);
  });

  test("refuses feature maps that it does not have", () => {
    const { stages: _, ...flat } = dot;
    expect(() => createModel(flat, "dot_small").featureMaps(images())).toThrow("dot_small: has no feature maps");
  });

  test("takes another image size with the same parameters, and no other shapes", () => {
    const model = createModel(dot, "dot_small");
    model.classes = ["a", "b", "c"];
    const larger = model.with({ imgSize: 6 });
    expect(larger.params).toBe(model.params);
    expect(larger).toMatchObject({ name: "dot_small", classes: model.classes, preprocess: { size: [6, 6] } });
    expect(larger.logits(images(6)).shape).toEqual([2, 3]);
    expect(usage(() => model.with({ dim: 4, numClasses: 0 })).message).toBe(
      "dot_small: these options change parameters: stem.weight [1,1,3,2] → [1,1,3,4], head.weight [2,3] → (absent), " +
        "head.bias [3] → (absent); make a model of that configuration, with `state` to take over what fits",
    );
  });

  test("changes what follows from the options, by the family's rule", () => {
    const resize = ({ imgSize: from }: Config, { imgSize }: Partial<Config>) => ({ imgSize: [imgSize, from] as const });
    const model = createModel({ ...dot, resize } as typeof dot, "dot_small");
    expect(model.with({ imgSize: 6 }).config).toEqual({ ...model.config, imgSize: [6, 4] });
  });
});
