// Options of a model, shared by the commands that make one. timm's names.

import { VitrineError } from "@vitrine/core";
import { defineOptions, type Values } from "../args.ts";

const group = "Model";

export const modelOptions = defineOptions({
  "img-size": { kind: "integer", min: 1, group, help: "height and width of the input (the model's)" },
  "input-size": { kind: "numbers", count: [3], value: "C H W", group, help: "channels, height and width of the input" },
  "in-chans": { kind: "integer", min: 1, group, help: "channels of the input (3)" },
  gp: { kind: "string", group, help: "pooling of the features, where the model has a choice" },
  drop: { kind: "number", min: 0, max: 1, group, help: "dropout before the classifier (0)" },
  "drop-path": { kind: "number", min: 0, max: 1, group, help: "chance that a block's branch is left out" },
  "model-kwargs": { kind: "pairs", group, help: "further options of the model, for example depth=8 embedDim=192" },
});

/** The model's options from the command line's. @throws VitrineError for a size that is said twice. */
export function modelConfig(args: Values<typeof modelOptions>): Record<string, unknown> {
  const size = args["input-size"];
  if (size !== undefined && args["img-size"] !== undefined)
    throw new VitrineError("--input-size", "says the same as --img-size; give one of them", { usage: true });
  const given = {
    imgSize: size === undefined ? args["img-size"] : size[1] === size[2] ? size[1] : [size[1], size[2]],
    inChans: args["in-chans"] ?? size?.[0],
    globalPool: args.gp,
    dropRate: args.drop,
    dropPathRate: args["drop-path"],
    ...Object.fromEntries(Object.entries(args["model-kwargs"] ?? {}).map(([key, word]) => [camel(key), meaning(word)])),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

const camel = (key: string) => key.replace(/[_-](\w)/g, (_, letter: string) => letter.toUpperCase());

/** A word as JSON means it: numbers, true, false, null, lists; anything else is text. Python's spellings work too. */
function meaning(word: string): unknown {
  if (/^(True|False|None)$/.test(word)) return { True: true, False: false, None: null }[word];
  try {
    return JSON.parse(word) as unknown;
  } catch {
    return word;
  }
}
