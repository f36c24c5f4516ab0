// vitrine data download cifar10

import { downloadData, knownDataSets } from "@vitrine/data";
import { defineCommand } from "../command.ts";
import { optional } from "../options/recipe.ts";
import { alignRows, bytes } from "../text.ts";

export default defineCommand({
  name: "data download",
  summary: "download a public data set, checked and ready to use",
  positionals: [
    { name: "name", help: "which one; without a name, a list of them", count: "optional" },
    { name: "folder", help: "a new folder (the data set's name)", count: "optional" },
  ],
  options: {
    mirror: { kind: "string", value: "PLACE", help: "address or folder that has the files (VITRINE_DATA_MIRROR)" },
    keep: { kind: "boolean", help: "keep the archives beside the folder" },
  },
  examples: [
    ["vitrine data download", "what there is, and how large it is"],
    ["vitrine data download cifar10 data/cifar10", "then: vitrine train data/cifar10"],
  ],
  interruptible: true,
  async run(args, [name, folder], { report, signal }) {
    if (name === undefined) {
      const known = knownDataSets();
      const rows = known.map(({ name, title, megabytes }) => [name, bytes(megabytes * 1e6), title]);
      report.result(
        known.map((one) => ({ type: "data set", ...one })),
        alignRows([["name", "size", "what it is"], ...rows], [1]),
      );
      return 0;
    }
    const received = report.download();
    const unpacking = report.progress("Unpacking files");
    const work = downloadData(name, {
      ...optional("folder", folder),
      ...optional("mirror", args.mirror),
      keep: args.keep,
      signal,
      onBytes: (_file, done, total) => received(done, total),
      onFiles: (files) => unpacking(files, undefined),
    });
    const result = await work.catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    if (result === undefined) {
      report.note("Interrupted; the same command goes on where it stopped.");
      return 130;
    }
    const lines = [`${result.downloaded ? "Downloaded to" : "Already there:"} ${result.folder}`];
    if (result.skipped > 0) lines.push(`${result.skipped} links in the archive were left out.`);
    lines.push(`Use it: vitrine train ${result.source}`);
    report.result([{ type: "download", ...result }], lines);
    return 0;
  },
});
