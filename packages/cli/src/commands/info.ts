// vitrine info vit_small_patch16_224.augreg_in21k_ft_in1k

import { configure, findVariant, imageSize, parameterCount } from "@vitrine/core";
import { countVariantMacs, describeModel, parseMetadata } from "@vitrine/export";
import { familyOf, modelInfo } from "vitrine";
import { defineCommand } from "../command.ts";
import { locate, openModel } from "../open-model.ts";
import { modelConfig, modelOptions } from "../options/model.ts";

export default defineCommand({
  name: "info",
  summary: "parameters, multiply-adds, input and licence of a model",
  positionals: [{ name: "model", help: "a model's name, a run folder, a checkpoint, or an ONNX file", count: "one" }],
  options: {
    "num-classes": { kind: "integer", min: 0, group: "Model", help: "classes (1000)" },
    ...modelOptions,
  },
  examples: [
    ["vitrine info vit_small_patch16_224", "before it is made"],
    ["vitrine info runs/train/latest", "what a run has made"],
  ],
  async run(args, [source], { report }) {
    const located = await locate(source!);
    if (located.kind === "onnx") {
      const description = await describeModel(located.path);
      report.onnxFile(located.path, description, parseMetadata(located.path, description));
      return 0;
    }
    const given = {
      ...modelConfig(args),
      ...(args["num-classes"] === undefined ? {} : { numClasses: args["num-classes"] }),
    };
    if (located.kind === "name") {
      const family = await familyOf(located.name);
      const { name, variant, pretrained } = findVariant(family, located.name);
      const [height, width] = imageSize(configure(family, name, given));
      report.model({
        ...(await modelInfo(located.name)),
        params: parameterCount(family, name, given),
        macs: await countVariantMacs(family, name, given),
        input: [configure(family, name, given).inChans, height, width],
        preparation: pretrained?.preparation ?? variant.preparation,
      });
      return 0;
    }
    const model = await openModel(located, { config: given });
    const { name, config } = model;
    const { title, paper } = await modelInfo(name);
    const family = await familyOf(name);
    report.model({
      name,
      family: model.family,
      title,
      paper,
      params: parameterCount(family, name, config),
      macs: await countVariantMacs(family, name, config),
      input: [config.inChans, ...model.preprocess.size],
      preparation: model.preprocess,
      pretrained: [],
      license: undefined,
      hub: undefined,
      weights: located.path,
      classes: model.classes,
    });
    return 0;
  },
});
