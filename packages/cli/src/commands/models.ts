// vitrine models "vit_*_224"

import { listModels } from "vitrine";
import { defineCommand } from "../command.ts";

export default defineCommand({
  name: "models",
  summary: "list the models there are",
  positionals: [{ name: "pattern", help: "with * and ?; one that begins with ! leaves out", count: "many" }],
  options: {
    family: { kind: "string", help: "only models of this family" },
    pretrained: { kind: "boolean", help: "only models with published weights" },
  },
  examples: [
    ['vitrine models "vit_*_224" --pretrained', "small enough, with weights"],
    ["vitrine models --json | head -1", "for programs"],
  ],
  async run({ family, pretrained }, patterns, { report }) {
    const options = { pretrained, ...(family === undefined ? {} : { family: family as never }) };
    const found = await listModels(patterns.length === 0 ? "*" : patterns, options);
    if (found.length === 0) report.note(`No model is called ${patterns.join(" or ")}; vitrine models lists all.`);
    report.models(found);
    return found.length === 0 ? 1 : 0;
  },
});
