// vitrine data check data

import { writeFileAtomic } from "@vitrine/core/node";
import { checkData } from "@vitrine/data";
import { defineCommand } from "../command.ts";
import { optional } from "../options/recipe.ts";
import { dataPositional, sourceOptions, sourceSettings } from "../options/source.ts";
import { checkPage, checkText } from "../pages/check.ts";
import { htmlFile } from "../pages/html-file.ts";

export default defineCommand({
  name: "data check",
  summary: "find damaged images, copies, leaks between splits, and more",
  positionals: [dataPositional],
  options: {
    ...sourceOptions,
    split: { kind: "string", help: "look at one part of the data (all there are)" },
    "look-alikes": { kind: "boolean", default: true, help: "do not look for images that are nearly the same" },
    near: { kind: "integer", min: 0, max: 16, default: 4, help: "bits of 64 in which their hashes may differ" },
    "min-side": { kind: "integer", min: 1, default: 16, help: "a shorter edge below this is called tiny" },
    "huge-pixels": { kind: "integer", min: 1, default: 40_000_000, help: "more pixels are called huge" },
    "max-pixels": { kind: "integer", min: 1, help: "more pixels are not decoded, and an error (178956970)" },
    imbalance: { kind: "number", min: 1, default: 10, help: "largest class over smallest that is put up with" },
    strict: { kind: "boolean", help: "end with code 1 for warnings too" },
    all: { kind: "boolean", help: "list every finding" },
    output: { kind: "string", short: "o", value: "FILE.html", help: "write a page with pictures too" },
  },
  examples: [
    ["vitrine data check data", "ends with code 1 where there are errors"],
    ["vitrine data check data -o check.html --near 6", "a page, with more images taken for look-alikes"],
  ],
  async run(args, [data], { report }) {
    htmlFile(args.output);
    // Bad records are findings like others.
    const { onBad: _, onProgress: __, ...source } = sourceSettings(args, report);
    const found = await checkData(data!, {
      ...source,
      ...(args.split === undefined ? {} : { splits: [args.split] }),
      ...optional("maxPixels", args["max-pixels"]),
      minSide: args["min-side"],
      hugePixels: args["huge-pixels"],
      near: args["look-alikes"] && args.near,
      imbalance: args.imbalance,
      onProgress: report.progress("Checking"),
    });
    const { issues, ...summary } = found;
    const objects = [...issues.map((issue) => ({ type: "issue", ...issue })), { type: "check", ...summary }];
    report.result(objects, checkText(found, report.paint, args.all));
    if (args.output !== undefined) {
      await writeFileAtomic(args.output, await checkPage(found));
      report.note(`Written to ${args.output}`);
    }
    return found.errors > 0 || (args.strict && found.warnings > 0) ? 1 : 0;
  },
});
