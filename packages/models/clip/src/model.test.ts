// Numbers: transformers 5.23, made by scripts/fixtures/clip.py.

import { configure, createModel, type Mode, stateOf, tf } from "@vitrine/core";
import {
  backendNames,
  checkCase,
  contrastiveSubject,
  describeFamily,
  goldenFolders,
  optionsOf,
  readGolden,
  useBackend,
} from "@vitrine/test-utils";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type CLIP,
  type CLIPConfig,
  clip,
  clipTokenizer,
  contrastiveLoss,
  embedImages,
  embedTexts,
  savedModel,
  similarity,
  withClasses,
  zeroShotClassifier,
} from "./index.ts";

const fixtures = new URL("../fixtures/", import.meta.url);

// Keys' biases move all scores of a query alike.
describeFamily(clip, { fixtures, zeroGradients: /\.k_proj\.bias$/ });

const tower = { hiddenSize: 16, intermediateSize: 16, numHiddenLayers: 1, numAttentionHeads: 2 };
const tiny: Partial<CLIPConfig> = {
  imgSize: 16,
  visionConfig: { ...tower, patchSize: 8 },
  textConfig: { ...tower, vocabSize: 12, maxPositionEmbeddings: 9, eosTokenId: 11 },
  projectionDim: 8,
};
const letters = Object.fromEntries([..."abcdefg", "h</w>"].map((letter, i) => [letter, i]));
const tokenizer = clipTokenizer({
  vocab: { ...letters, "a</w>": 8, "b</w>": 9, "<|startoftext|>": 10, "<|endoftext|>": 11 },
  merges: [],
});

describe.each(backendNames)("both towers on %s", (backend) => {
  beforeAll(() => useBackend(backend));

  test.each(goldenFolders(new URL("towers/", fixtures)))("give the reference's numbers: %s", async (_, folder) => {
    const golden = readGolden(folder);
    const { visionConfig, numClasses: _classes, ...options } = optionsOf(golden.about) as Partial<CLIPConfig>;
    const { imageSize: _size, ...vision } = visionConfig as object & { imageSize?: number };
    const config = configure<CLIPConfig>(clip, "clip_vit_base_patch32", { ...options, visionConfig: vision });
    const subject = contrastiveSubject<CLIP>(golden, {
      spec: clip.spec(config),
      embedImages: (p, images, mode: Mode) => embedImages(config, p, images, mode),
      embedTexts: (p, tokens, mode: Mode) => embedTexts(config, p, tokens, mode),
      similarity,
      loss: contrastiveLoss,
    });
    const checks = await checkCase(subject, golden);
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    const quantities = new Set(checks.map(({ quantity }) => quantity));
    expect([...quantities]).toEqual(expect.arrayContaining(["logits", "inter", "loss", "gradients", "step"]));
  });

  test("classify images by texts, as the scores of both embeddings do", async () => {
    const model = createModel(clip, "clip_vit_base_patch32", tiny);
    const labels = ["a", "b", "abc"];
    const classes = await zeroShotClassifier(model, tokenizer, labels, ["{}"]);
    const images = tf.randomNormal([2, 16, 16, 3], 0, 1, "float32", 1) as tf.Tensor4D;
    const texts = embedTexts(model.config, model.params, tokenizer.batch(labels, 9), { training: false, path: "" });
    const expected = await similarity(model.params, model.logits(images), texts).data();

    const classifier = await withClasses(clip, model, classes, labels);
    expect(classifier.classes).toEqual(labels);
    const found = await classifier.logits(images).data();
    expect(found).toHaveLength(6);
    found.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 3);
    });
  });
});

describe("clip", () => {
  beforeAll(() => useBackend("cpu"));

  test("takes the mean of several templates", async () => {
    const model = createModel(clip, "clip_vit_base_patch32", tiny);
    const of = async (...templates: string[]) =>
      (await (await zeroShotClassifier(model, tokenizer, ["a"], templates)).array())[0]!;
    const [first, second] = [await of("{}"), await of("b{}")];
    const mean = first.map((value, i) => value + second[i]!);
    const length = Math.hypot(...mean);
    (await of("{}", "b{}")).forEach((value, i) => {
      expect(value).toBeCloseTo(mean[i]! / length, 5);
    });
  });

  test("answers with embeddings of length 1 where it has no classes", async () => {
    const model = createModel(clip, "clip_vit_base_patch32", tiny);
    const images = tf.randomNormal([2, 16, 16, 3], 0, 1, "float32", 1) as tf.Tensor4D;
    const lengths = await tf.norm(model.logits(images), 2, 1).data();
    for (const length of lengths) expect(length).toBeCloseTo(1, 5);
  });

  test("leaves the text tower of a checkpoint out where it has none", async () => {
    const both = createModel(clip, "clip_vit_base_patch32", tiny);
    const state = await stateOf(both.spec, both.params);
    state.set("vision_model.embeddings.position_ids", { shape: [1, 5], data: Int32Array.from([0, 1, 2, 3, 4]) });
    const image = createModel(clip, "clip_vit_base_patch32", { ...tiny, textConfig: null, state });
    expect(image.notes).toEqual(["text_model: left out"]);
    expect(() =>
      embedTexts(image.config, image.params, tokenizer.batch(["a"], 9), { training: false, path: "" }),
    ).toThrow("this model has no text tower");
  });

  test("reads its options from the configuration that transformers saves", () => {
    const json = {
      model_type: "clip",
      architectures: ["CLIPModel"],
      projection_dim: 8,
      vision_config: { model_type: "clip_vision_model", image_size: 32, patch_size: 8, hidden_act: "gelu" },
      text_config: { vocab_size: 100, eos_token_id: 2 },
    };
    const options = {
      imgSize: 32,
      visionConfig: { patchSize: 8, hiddenAct: "gelu" },
      textConfig: { vocabSize: 100, eosTokenId: 2 },
      projectionDim: 8,
    };
    expect(savedModel(json)).toEqual({ name: "clip_vit_base_patch32", options });
    const large = {
      hidden_size: 1024,
      num_hidden_layers: 24,
      num_attention_heads: 16,
      patch_size: 14,
      image_size: 336,
    };
    expect(savedModel({ model_type: "clip", vision_config: large })?.name).toBe("clip_vit_large_patch14_336");
    expect(savedModel({ model_type: "vit" })).toBeUndefined();
  });

  test("refuses what a tower does not have", () => {
    const make = (options: object) => () => createModel(clip, "clip_vit_base_patch32", { ...tiny, ...options });
    expect(make({ visionConfig: { imageSize: 336 } })).toThrow("the option imgSize of the model says it");
    expect(make({ textConfig: { hiddenSise: 8 } })).toThrow('(did you mean "hiddenSize"?)');
    expect(make({ visionConfig: { numAttentionHeads: 7 } })).toThrow("hiddenSize 768 is not divisible");
    expect(make({ imgSize: 20 })).toThrow("the nearest size is");
  });
});
