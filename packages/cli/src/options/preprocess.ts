// How evaluation prepares images, where it is not as the model says. timm's names.

import type { Model, Preprocess } from "@vitrine/core";
import { defineOptions, type Values } from "../args.ts";
import { setPreprocess } from "../open-model.ts";

const group = "Images";

export const preprocessOptions = defineOptions({
  mean: { kind: "numbers", group, help: "subtracted from pixels of 0 to 1, by channel (the model's)" },
  std: { kind: "numbers", group, help: "divided by, by channel (the model's)" },
  "crop-pct": {
    kind: "number",
    above: 0,
    max: 1,
    group,
    help: "share of the resized image that is seen (the model's)",
  },
  "crop-mode": {
    kind: "string",
    choices: ["center", "squash", "border"],
    group,
    help: "how an image becomes a square",
  },
  interpolation: { kind: "string", choices: ["nearest", "bilinear", "bicubic", "lanczos"], group, help: "of resizing" },
});

export function applyPreprocess(model: Model, args: Values<typeof preprocessOptions>): void {
  const { channels } = model.preprocess;
  const perChannel = (values: readonly number[] | undefined) =>
    values?.length === 1 ? new Array<number>(channels).fill(values[0]!) : values;
  const given: Partial<Record<keyof Preprocess, unknown>> = {
    mean: perChannel(args.mean),
    std: perChannel(args.std),
    cropPct: args["crop-pct"],
    cropMode: args["crop-mode"],
    interpolation: args.interpolation,
  };
  setPreprocess(model, Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)));
}
