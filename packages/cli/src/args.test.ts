import { expect, test } from "vitest";
import { defineOptions, parseArgs, readConfig, withDefaults } from "./args.ts";

const options = defineOptions({
  "weight-decay": { kind: "number", min: 0, default: 0.1, aliases: ["wd"], help: "" },
  epochs: { kind: "integer", min: 1, default: 300, help: "" },
  "batch-size": { kind: "integer", min: 1, short: "b", help: "" },
  opt: { kind: "string", choices: ["sgd", "adamw"], default: "sgd", help: "" },
  scale: { kind: "numbers", count: [2], help: "" },
  aug: { kind: "boolean", default: true, help: "" },
  "model-ema": { kind: "boolean", help: "" },
  "model-kwargs": { kind: "pairs", help: "" },
});
const read = (...tokens: string[]) => parseArgs(tokens, options);

test.each([
  [["--epochs", "3"], { epochs: 3 }],
  [["--epochs=3"], { epochs: 3 }],
  [["epochs=3"], { epochs: 3 }],
  [["-b", "64"], { "batch-size": 64 }],
  [["-b64"], { "batch-size": 64 }],
  [["b=64"], { "batch-size": 64 }],
  [["--weight_decay", "1e-4"], { "weight-decay": 1e-4 }],
  [["weightDecay=0.2"], { "weight-decay": 0.2 }],
  [["--wd", "0"], { "weight-decay": 0 }],
  [["--model-ema"], { "model-ema": true }],
  [["--model-ema=false"], { "model-ema": false }],
  [["--no-aug"], { aug: false }],
  [["--scale", "0.08", "1.0"], { scale: [0.08, 1] }],
  [["--scale", "0.08,1"], { scale: [0.08, 1] }],
  [["--model-kwargs", "depth=8", "qkvBias=false"], { "model-kwargs": { depth: "8", qkvBias: "false" } }],
  [["--epochs", "3", "--epochs", "4"], { epochs: 4 }],
])("understands %j", (tokens, given) => {
  expect(read(...tokens)).toEqual({ given, rest: [] });
});

test("leaves everything else in its order, also what follows --", () => {
  expect(read("a", "--epochs", "3", "cat=c.jpg", "--", "--epochs")).toEqual({
    given: { epochs: 3 },
    rest: ["a", "cat=c.jpg", "--epochs"],
  });
  expect(read("--scale", "0.1", "1", "data").rest).toEqual(["data"]);
});

test.each([
  [["--epochs"], "--epochs needs a value: a whole number of at least 1"],
  [["--epochs", "--model-ema"], "--epochs needs a value"],
  [["--epochs", "0"], "--epochs must be a whole number of at least 1, found 0"],
  [["--epochs", "1.5"], "found 1.5"],
  [["--epochs", "ten"], '--epochs must be a whole number of at least 1, found "ten"'],
  [["--wd", "-1"], "--weight-decay must be a number of at least 0, found -1"],
  [["--opt", "adamm"], '--opt must be one of sgd, adamw, found "adamm"'],
  [["--scale", "1"], "--scale takes 2 numbers, found 1"],
  [["--model-ema=maybe"], '--model-ema must be true or false, found "maybe"'],
  [["--no-epochs"], "--epochs takes a value"],
  [["--epoch", "3"], "unknown option --epoch"],
  [["-x"], "unknown option -x"],
])("refuses %j", (tokens, message) => {
  expect(() => read(...tokens)).toThrow(message);
});

test("reads a file's values in any spelling, and names what it does not know", () => {
  const content = { weight_decay: 0.3, scale: [0.5, 1], modelEma: true, "model-kwargs": { depth: 8 }, opt: null };
  expect(readConfig("c.yaml", content, options)).toEqual({
    "weight-decay": 0.3,
    scale: [0.5, 1],
    "model-ema": true,
    "model-kwargs": { depth: "8" },
  });
  expect(() => readConfig("c.yaml", { epohcs: 3 }, options)).toThrow('c.yaml: unknown option "epohcs"');
  expect(() => readConfig("c.yaml", [1], options)).toThrow("found a list");
  expect(() => readConfig("c.yaml", { epochs: "x" }, options)).toThrow("--epochs must be");
});

test("fills in defaults under what was given", () => {
  expect(withDefaults(options, { epochs: 3 })).toMatchObject({ epochs: 3, opt: "sgd", aug: true, "model-ema": false });
});
