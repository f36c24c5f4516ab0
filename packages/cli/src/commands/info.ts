// vitrine info vit_small_patch16_224.augreg_in21k_ft_in1k

import { configure, findVariant, imageSize, parameterCount } from "@vitrine/core";
import { countVariantMacs, describeModel, parseMetadata } from "@vitrine/export";
import { familyOf, modelInfo } from "vitrine";
import { defineCommand } from "../command.ts";
import { locate, readAbout } from "../open-model.ts";
import { modelConfig, modelOptions } from "../options/model.ts";
import type { ModelFacts } from "../report.ts";
import { UsageError } from "../usage-error.ts";

export default defineCommand({
  name: "info",
  summary: "parameters, multiply-adds, input and licence of a model",
  positionals: [{ name: "model", help: "a model's name, a run folder, a checkpoint, or an ONNX file", count: "one" }],
  options: {
    model: { kind: "string", short: "m", group: "Model", help: "model's name, for a checkpoint that does not say it" },
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
      report.model(await facts(located.name, given));
      return 0;
    }
    const { arch, config = {}, classes, preprocess } = await readAbout(located.path);
    const name = args.model ?? arch;
    if (name === undefined) throw new UsageError(`${located.path} does not say which model it is of; give --model`);
    report.model({
      ...(await facts(name, { ...config, ...given })),
      ...(preprocess === undefined ? {} : { preparation: preprocess }),
      // Of these weights nothing is published.
      ...{ pretrained: [], license: undefined, hub: undefined },
      weights: located.path,
      classes,
    });
    return 0;
  },
});

async function facts(fullName: string, options: object): Promise<ModelFacts> {
  const family = await familyOf(fullName);
  const { name, variant, pretrained } = findVariant(family, fullName);
  const config = configure(family, name, options);
  return {
    ...(await modelInfo(fullName)),
    params: parameterCount(family, name, options),
    macs: await countVariantMacs(family, name, options),
    input: [config.inChans, ...imageSize(config)],
    preparation: pretrained?.preparation ?? variant.preparation,
  };
}
