// vitrine data split photos data --train 0.8

import { splitFolder, splitFolds } from "@vitrine/data";
import { defineCommand } from "../command.ts";
import { UsageError } from "../usage-error.ts";

export default defineCommand({
  name: "data split",
  summary: "split a folder of images into train and val",
  positionals: [
    { name: "source", help: "a folder with <class>/*", count: "one" },
    { name: "output", help: "a new folder", count: "one" },
  ],
  options: {
    train: { kind: "number", above: 0, max: 1, default: 0.7, help: "share of train" },
    val: { kind: "number", min: 0, max: 1, help: "share of val (what is left)" },
    test: { kind: "number", min: 0, max: 1, default: 0, help: "share of test" },
    folds: { kind: "integer", min: 2, help: "so many folds for cross-validation instead, each with train and val" },
    mode: {
      kind: "string",
      choices: ["copy", "link", "symlink"],
      default: "copy",
      help: "copies, hard links, or symbolic links",
    },
    seed: { kind: "integer", min: 0, default: 42, help: "of the draw; the same seed gives the same split" },
  },
  examples: [
    ["vitrine data split photos data", "70 % train, 30 % val, class by class"],
    ["vitrine data split photos data --train 0.8 --test 0.1 --mode link", "80, 10 and 10 %, without taking space"],
    ["vitrine data split photos folds --folds 5 --mode symlink", "folds/fold-0/train, folds/fold-0/val and so on"],
  ],
  async run(args, [source, output], { report, given }) {
    const { train, test, mode, seed, folds } = args;
    const onNotice = (message: string) => report.notice(message);
    if (folds !== undefined) {
      const share = ["train", "val", "test"].find((name) => given[name] !== undefined);
      if (share !== undefined) throw new UsageError(`--folds makes parts of one size; leave out --${share}`);
      const onProgress = report.progress("Splitting");
      report.split(await splitFolds(source!, output!, { folds, mode, seed, onProgress, onNotice }));
      return 0;
    }
    // To a millionth, so that 1 - 0.7 is 0.3.
    const val = args.val ?? Math.round((1 - train - test) * 1e6) / 1e6;
    if (val < 0) throw new UsageError(`--train ${train} and --test ${test} are more than everything`);
    const ratios = Object.fromEntries(Object.entries({ train, val, test }).filter(([, share]) => share > 0));
    const onProgress = report.progress("Splitting");
    report.split(await splitFolder(source!, output!, { ratios, mode, seed, onProgress, onNotice }));
    return 0;
  },
});
