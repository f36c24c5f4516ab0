// vitrine models "vit_*_224"

import { type FamilyName, type ListOptions, listModels } from "vitrine";
import { defineCommand } from "../command.ts";

export default defineCommand({
  name: "models",
  summary: "list the models there are",
  positionals: [{ name: "pattern", help: "with * and ?; one that begins with ! leaves out", count: "many" }],
  options: {
    family: { kind: "string", help: "only models of this family" },
    pretrained: { kind: "boolean", help: "only models with published weights" },
    "max-params": { kind: "number", above: 0, help: "only models of at most so many million parameters" },
    "max-macs": { kind: "number", above: 0, help: "only models of at most so many billion multiply-adds" },
    "img-size": { kind: "integer", min: 1, help: "only models whose input is so many pixels high or wide" },
    license: { kind: "string", aliases: ["licence"], help: "only models whose weights have this licence" },
    sort: { kind: "string", choices: ["params", "macs"], help: "smallest first (families in order)" },
  },
  examples: [
    ['vitrine models "vit_*_224" --pretrained', "small enough, with weights"],
    ["vitrine models --max-macs 1 --sort params", "what runs fast anywhere"],
    ["vitrine models --json | head -1", "for programs"],
  ],
  async run(args, patterns, { report }) {
    const { family, pretrained, license, sort } = args;
    const given = {
      family: family as FamilyName | undefined,
      pretrained,
      maxParams: scaled(args["max-params"], 1e6),
      maxMacs: scaled(args["max-macs"], 1e9),
      imgSize: args["img-size"],
      license,
    };
    const options = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as ListOptions;
    const found = await listModels(patterns.length === 0 ? "*" : patterns, options);
    if (sort !== undefined)
      found.sort((a, b) => (a[sort] ?? Number.POSITIVE_INFINITY) - (b[sort] ?? Number.POSITIVE_INFINITY));
    if (found.length === 0) report.note(`No model is called ${patterns.join(" or ")}; vitrine models lists all.`);
    report.models(found);
    return found.length === 0 ? 1 : 0;
  },
});

function scaled(value: number | undefined, unit: number): number | undefined {
  return value === undefined ? undefined : value * unit;
}
