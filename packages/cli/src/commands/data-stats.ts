// vitrine data stats data --split train

import { writeFileAtomic } from "@vitrine/core/node";
import { dataStats, listSplits, openDataset, sizeBins } from "@vitrine/data";
import { defineCommand } from "../command.ts";
import { optional } from "../options/recipe.ts";
import { dataPositional, sourceOptions, sourceSettings } from "../options/source.ts";
import { htmlFile } from "../pages/html-file.ts";
import { statsPage, statsText } from "../pages/stats.ts";

export default defineCommand({
  name: "data stats",
  summary: "mean, deviation, classes and sizes of images",
  positionals: [dataPositional],
  options: {
    split: { kind: "string", help: "which part of the data (train)" },
    channels: { kind: "integer", min: 1, max: 3, help: "1 to see images in grey (3)" },
    "max-pixels": { kind: "integer", min: 1, help: "larger images are refused (178956970)" },
    output: { kind: "string", short: "o", value: "FILE.html", help: "write a page with charts too" },
    ...sourceOptions,
  },
  examples: [
    ["vitrine data stats data", "what --mean and --std want"],
    ["vitrine data stats data -o stats.html", "with charts of classes and sizes"],
  ],
  async run(args, [data], { report }) {
    htmlFile(args.output);
    const splits = await listSplits(data!);
    const split = args.split ?? (splits.includes("train") ? "train" : splits[0]);
    const dataset = await openDataset(data!, { ...sourceSettings(args, report), ...optional("split", split) });
    const stats = await dataStats(dataset, {
      ...optional("channels", args.channels),
      ...optional("maxPixels", args["max-pixels"]),
      onBad: ({ path, reason }) => report.badImage(path, reason),
      onProgress: report.progress("Reading"),
    });
    report.result(
      [{ type: "stats", data: dataset.name, ...stats, sizeBins: sizeBins(stats.sizes) }],
      statsText(dataset.name, stats),
    );
    report.badImages(stats.bad);
    if (args.output !== undefined) {
      await writeFileAtomic(args.output, statsPage(dataset.name, stats));
      report.note(`Written to ${args.output}`);
    }
    return 0;
  },
});
