import "@tensorflow/tfjs-backend-cpu";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createModel as createFamilyModel, inference, type State, stateOf, tf } from "@vitrine/core";
import { encodeSafetensors, writeSafetensors } from "@vitrine/core/node";
import { startTestHub, type TestHub } from "@vitrine/core/testing/hub";
import { vit } from "@vitrine/vit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createModel, families, listModels, loadFamilies, type ModelName, modelInfo } from "./index.ts";

const small = { imgSize: 16, patchSize: 4, embedDim: 16, depth: 2, numHeads: 2, mlpRatio: 2 };
const images = () => tf.ones([1, 16, 16, 3]) as tf.Tensor4D;

function entriesOf(state: State) {
  return [...state].map(([name, { shape, data }]) => ({
    name,
    dtype: "F32" as const,
    shape,
    data: Float32Array.from(data),
  }));
}

describe("createModel", () => {
  test("makes a model by timm's name, with the family's own options", async () => {
    const model = await createModel("deit_tiny_distilled_patch16_224", {
      ...small,
      numClasses: 3,
      distilledTraining: true,
    });
    expect([model.family, model.config.distilled, model.heads(images()).length]).toEqual(["deit", true, 2]);
  });

  test("has 1000 classes where nobody says otherwise", async () => {
    expect((await createModel("vit_tiny_patch16_224", small)).logits(images()).shape).toEqual([1, 1000]);
  });

  test("names the model meant by a slip of the finger, of whichever family", async () => {
    const typo = "deitt_tiny_patch16_224" as ModelName;
    await expect(createModel(typo)).rejects.toThrow(
      /^createModel: unknown model "deitt_tiny_patch16_224" \(did you mean "deit_tiny_patch16_224"\?\). listModels\(\) names all \d+$/,
    );
    await expect(createModel("vit_tiny_patch16_244" as ModelName)).rejects.toThrow(
      'did you mean "vit_tiny_patch16_224"?',
    );
    await expect(createModel("vit_tiny_patch16_224.augreg")).rejects.toThrow('unknown tag "augreg"');
  });

  test("refuses an option of another family", async () => {
    const options = { distilledTraining: true } as object;
    await expect(createModel("vit_tiny_patch16_224", options)).rejects.toThrow('unknown option "distilledTraining"');
  });

  test("refuses published weights where there are none", async () => {
    await expect(createModel("vit_giant_patch14_224", { pretrained: true })).rejects.toThrow(
      "vit_giant_patch14_224: there are no published weights of it; give a file or a repository",
    );
  });
});

describe("createModel with weights", () => {
  const repo = "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k";
  let folder: string;
  let hub: TestHub;
  let logits: number[];
  const before = { ...process.env };

  beforeAll(async () => {
    await tf.setBackend("cpu");
    folder = await mkdtemp(join(tmpdir(), "vitrine-"));
    const model = createFamilyModel(vit, "vit_tiny_patch16_224", { ...small, numClasses: 7, seed: 1 });
    logits = Array.from(await model.logits(images()).data());
    const entries = entriesOf(await stateOf(model.spec, model.params));
    await writeSafetensors(join(folder, "best.safetensors"), entries);
    const files = { "model.safetensors": encodeSafetensors(entries), "config.json": "{}" };
    hub = await startTestHub({ [repo]: { commit: "0".repeat(39).concat("1"), files } });
    process.env.HF_ENDPOINT = hub.endpoint;
    process.env.HF_HUB_CACHE = join(folder, "cache");
  });

  afterAll(async () => {
    process.env = before;
    await hub.close();
    await rm(folder, { recursive: true });
  });

  const found = async (model: { logits(x: tf.Tensor4D): tf.Tensor }) => Array.from(await model.logits(images()).data());

  test("takes a file, with the classes it has", async () => {
    const model = await createModel("vit_tiny_patch16_224", { ...small, pretrained: join(folder, "best.safetensors") });
    expect([model.config.numClasses, model.notes]).toEqual([7, []]);
    expect(await found(model)).toEqual(logits);
  });

  test("takes the published checkpoint of the name or tag, once over the network", async () => {
    const received: number[] = [];
    const onProgress = (bytes: number) => void received.push(bytes);
    const model = await createModel("vit_tiny_patch16_224", { ...small, pretrained: true, onProgress });
    expect(await found(model)).toEqual(logits);
    expect(received.at(-1)).toBeGreaterThan(10_000);
    const again = await createModel("vit_tiny_patch16_224.augreg_in21k_ft_in1k", {
      ...small,
      pretrained: true,
      numClasses: 3,
    });
    expect(again.notes).toEqual(["head: new, for 3 classes (the checkpoint has 7 classes)"]);
    expect(hub.requests.filter(({ origin, method }) => origin === "storage" && method === "GET")).toHaveLength(1);
  });

  test("takes any repository, and says what it changed to make it fit", async () => {
    const options = { ...small, pretrained: repo, imgSize: [24, 16] as const, inChans: 1 };
    const model = await createModel("vit_tiny_patch16_224", options);
    expect(model.notes).toEqual([
      "patch_embed.proj.weight: made for 1 channels from 3",
      "pos_embed: 4x4 positions resampled to 6x4",
    ]);
    expect(model.logits(tf.ones([1, 24, 16, 1]), inference).shape).toEqual([1, 7]);
  });

  test("names the file whose keys differ", async () => {
    const pretrained = join(folder, "best.safetensors");
    await expect(createModel("vit_tiny_patch16_224", { ...small, depth: 1, pretrained })).rejects.toThrow(
      /best\.safetensors: the checkpoint is of another model\. Keys 12 not of this model: blocks\.1\.attn\.proj\.bias/,
    );
  });

  test("says where it looked for a file that is not there", async () => {
    await expect(createModel("vit_tiny_patch16_224", { pretrained: "./bets.safetensors" })).rejects.toThrow(
      "bets.safetensors",
    );
  });
});

describe("listModels", () => {
  const names = async (...args: Parameters<typeof listModels>) => (await listModels(...args)).map(({ name }) => name);

  test("lists what matches a pattern", async () => {
    expect(await names("deit_tiny*")).toEqual(["deit_tiny_patch16_224", "deit_tiny_distilled_patch16_224"]);
    expect(await names(["*t_tiny_patch16_224", "!de*", "!*_vit_*", "!dynamic*"])).toEqual(["vit_tiny_patch16_224"]);
    expect(await names("vit_tiny_patch16_???")).toEqual(["vit_tiny_patch16_224", "vit_tiny_patch16_384"]);
    expect(await names("tiny")).toEqual([]);
  });

  test("lists a family, or what has published weights", async () => {
    expect((await names("*", { family: "deit" })).every((name) => name.startsWith("deit"))).toBe(true);
    expect(await names("vit_giant_patch14_224")).toHaveLength(1);
    expect(await names("vit_giant_patch14_224", { pretrained: true })).toEqual([]);
    await expect(listModels("*", { family: "dait" as "deit" })).rejects.toThrow(
      'unknown family "dait" (did you mean "deit"?)',
    );
  });

  test("lists what is small enough, of a size, or under a licence", async () => {
    const tiny = await names("vit_*", { maxParams: 6e6, maxMacs: 2e9 });
    expect(tiny).toContain("vit_tiny_patch16_224");
    expect(tiny).not.toContain("vit_tiny_patch16_384");
    expect(tiny).not.toContain("vit_small_patch32_224");
    expect(await names("vit_tiny_*", { imgSize: 384 })).toEqual(["vit_tiny_patch16_384"]);
    const licensed = await listModels("vit_*", { license: "Apache-2.0" });
    expect(new Set(licensed.map(({ license }) => license))).toEqual(new Set(["apache-2.0"]));
  });

  test("tells what is known of a model", async () => {
    expect(await modelInfo("vit_base_patch16_384.orig_in21k_ft_in1k")).toMatchObject({
      family: "vit",
      params: 86_859_496,
      inputSize: [384, 384],
      paper: "https://arxiv.org/abs/2010.11929",
      license: "apache-2.0",
      hub: "timm/vit_base_patch16_384.orig_in21k_ft_in1k",
    });
    await expect(modelInfo("resnet5O")).rejects.toThrow('unknown model "resnet5O"');
  });
});

describe("the list of families", () => {
  test("finds each name by its family's prefixes, and has no name twice", async () => {
    const all = await loadFamilies();
    expect(all.map(({ name }) => name)).toEqual(Object.keys(families));
    const names = all.flatMap((family) => Object.keys(family.variants));
    expect(new Set(names).size).toBe(names.length);
    for (const family of all)
      for (const name of Object.keys(family.variants)) {
        const { prefixes } = families[family.name as keyof typeof families];
        expect(
          prefixes.some((prefix) => name.startsWith(prefix)),
          name,
        ).toBe(true);
      }
  });
});

describe("the table of multiply-adds", () => {
  const models = fileURLToPath(new URL("../../models", import.meta.url));
  const listed = readdirSync(models, { recursive: true, encoding: "utf8" })
    .filter((file) => /fixtures[\\/](.+[\\/])?variants\.json$/.test(file) && !file.includes("node_modules"))
    .flatMap((file) =>
      Object.entries(JSON.parse(readFileSync(join(models, file), "utf8")) as Record<string, { gmacs: number | null }>),
    );

  test("has every model, each within one per cent of its reference", async () => {
    const ours = new Map((await listModels()).map(({ name, macs }) => [name, macs]));
    expect([...ours].filter(([, macs]) => macs === undefined)).toEqual([]);
    expect(listed.map(([name]) => name).sort()).toEqual([...ours.keys()].sort());
    // Axial attention multiplies with all offsets at once, the reference with a table of them that it has looked up; MaxViT's
    // reference looks its tables up by products, which count.
    const boundOf = (name: string) => (name.startsWith("axial_") ? 0.11 : name === "maxvit_tiny_tf_512" ? 0.012 : 0.01);
    const off = listed.filter(([name, { gmacs }]) => {
      return gmacs !== null && !(Math.abs(ours.get(name)! / gmacs / 1e9 - 1) < boundOf(name));
    });
    expect(off).toEqual([]);
  });
});
