// vitrine data convert data shards --to tfrecord

import { type ConvertReport, type ConvertSource, convertData, listSplits, openDataset } from "@vitrine/data";
import { defineCommand } from "../command.ts";
import { optional } from "../options/recipe.ts";
import { badRecords, parseBytes, sourceOptions, sourceSettings } from "../options/source.ts";
import { alignRows, count } from "../text.ts";
import { UsageError } from "../usage-error.ts";

export default defineCommand({
  name: "data convert",
  summary: "write any data set as a folder, TFRecord or WebDataset shards",
  positionals: [
    { name: "source", help: "a folder, shards, parquet files, a list, or FORMAT:PATH", count: "one" },
    { name: "destination", help: "a new folder", count: "one" },
  ],
  options: {
    to: {
      kind: "string",
      choices: ["folder", "tfrecord", "webdataset"],
      help: "one folder a class, or shards of one kind (needed)",
    },
    split: { kind: "string", help: "one split, or several with commas (all there are)" },
    shards: { kind: "integer", min: 1, help: "shards of each split" },
    "max-shard-size": { kind: "string", value: "SIZE", help: "or how large they may grow (256MB)" },
    gzip: { kind: "boolean", help: "gzipped shards" },
    shuffle: { kind: "boolean", default: true, help: "keep the order of the source" },
    seed: { kind: "integer", min: 0, default: 42, help: "of the order; the same seed gives the same bytes" },
    limit: { kind: "integer", min: 1, help: "samples of each split at most, the first of that order" },
    ...sourceOptions,
  },
  examples: [
    ["vitrine data convert data shards --to webdataset --shards 8", "tar shards of a folder"],
    [
      "vitrine data convert cifar10:cifar photos --to folder --split train --limit 100",
      "100 of its images as PNG files",
    ],
    ["vitrine data convert 'parquet:hub/*.parquet' records --to tfrecord", "Hugging Face's files for TensorFlow"],
  ],
  interruptible: true,
  async run(args, [source, destination], { report, signal }) {
    if (args.to === undefined) throw new UsageError("--to is needed: folder, tfrecord or webdataset");
    if (args.shards !== undefined && args["max-shard-size"] !== undefined)
      throw new UsageError("--shards and --max-shard-size say the same thing twice; give one");
    const size = args["max-shard-size"];
    // The records that are bad in the source are told once, by the writer.
    const { onBad: _, ...settings } = sourceSettings(args, report);
    const there = await listSplits(source!);
    const wanted = args.split?.split(",").map((name) => name.trim()) ?? (there.length > 0 ? there : [""]);
    const sources: ConvertSource[] = [];
    for (const split of wanted) {
      const classes = sources[0]?.data.classes;
      const known = classes === undefined ? {} : { classes };
      const data = await openDataset(source!, { ...settings, ...known, ...(split === "" ? {} : { split }) });
      sources.push({ split, data });
    }
    const work = convertData(sources, destination!, {
      to: args.to,
      seed: args.seed,
      shuffle: args.shuffle,
      gzip: args.gzip,
      ...optional("limit", args.limit),
      ...optional("shards", args.shards),
      ...optional("maxShardSize", size === undefined ? undefined : parseBytes("max-shard-size", size)),
      signal,
      onBad: badRecords(report),
      onProgress: report.progress("Writing"),
    });
    const result = await work.catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    if (result === undefined) {
      report.note("Interrupted; nothing was written.");
      return 130;
    }
    report.result([{ type: "convert", ...result }], table(result));
    return 0;
  },
});

function table({ splits, skipped, output }: ConvertReport): string[] {
  const rows = splits.map(({ split, samples, files }) => [
    split || "(all)",
    count(samples),
    files.length === 0 ? "" : count(files.length),
  ]);
  const lines = alignRows([["split", "images", "shards"], ...rows], [1, 2]);
  if (skipped > 0) lines.push(`${count(skipped)} could not be used.`);
  return [...lines, `Written to ${output}`];
}
