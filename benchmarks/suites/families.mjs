// One model of each kind beside PyTorch eager, training and predicting in fp32: whether each is as fast as it has to be.
// rcvit_xs stands beside PyTorch's channels_last too, which suits its depthwise convolutions best.

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { median, speedRatio, startPeer, takeTurns } from "../harness/peer.mjs";
import { machine, save, table } from "../harness/report.mjs";
import { at, say } from "../harness/settings.mjs";

/** `train` and `infer`: how many times as fast as PyTorch eager is asked for. */
const models = {
  swinv2_tiny_window8_256: { img: 256, train: 1, infer: 1.15 },
  maxvit_tiny_tf_224: { img: 224, train: 1, infer: 1.15 },
  rcvit_xs: { img: 224, train: 0.9, infer: 1.15, beside: "channels_last" },
  resnet50: { img: 224, train: 1, infer: 1.15 },
  mobilevit_s: { img: 256, train: 1, infer: 1.15 },
  convit_tiny: { img: 224, train: 1, infer: 1.15 },
  rdnet_tiny: { img: 224, train: 1, infer: 1.15 },
};
const modes = ["train", "infer"];
const python = at(".peers/venv/bin/python");

export async function run(argv) {
  const { values } = parseArgs({
    args: argv,
    options: {
      models: { type: "string", default: Object.keys(models).join() },
      mode: { type: "string" },
      batch: { type: "string", default: "8" },
      threads: { type: "string", default: "2" },
      rounds: { type: "string", default: "5" },
      steps: { type: "string", default: "3" },
      json: { type: "string" },
    },
  });
  const names = values.models.split(",");
  const unknown = names.find((name) => !Object.hasOwn(models, name));
  if (unknown !== undefined) throw new Error(`no model "${unknown}" in this suite; it has ${Object.keys(models)}`);
  if (values.mode !== undefined && !modes.includes(values.mode))
    throw new Error(`--mode is ${modes.join(" or ")}, found "${values.mode}"`);
  const rows = [];
  for (const name of names)
    for (const mode of values.mode === undefined ? modes : [values.mode]) rows.push(await compare(name, mode, values));

  const text = table(
    ["", "", "vitrine ms", "torch ms", "vitrine is", "asked", "", "channels_last ms", "vitrine is"],
    rows.map(({ model, mode, vitrine, torch, ratio, asked, beside }) => [
      model,
      mode,
      vitrine.ms.toFixed(0),
      torch?.ms.toFixed(0) ?? "-",
      ratio === undefined ? "-" : `${ratio.toFixed(2)}x`,
      `${asked.toFixed(2)}x`,
      ratio === undefined ? "" : ratio >= asked ? "ok" : "too slow",
      beside?.ms.toFixed(0) ?? "",
      beside === undefined ? "" : `${beside.ratio.toFixed(2)}x`,
    ]),
  );
  console.log(`\n${text}`);
  if (values.json !== undefined)
    writeFileSync(values.json, `${JSON.stringify({ machine: machine(), settings: values, rows }, null, 2)}\n`);
  // A part of the suite is not its result.
  if (rows.length === Object.keys(models).length * modes.length) save("families", { settings: values, rows }, text);
}

/** One model in one mode, beside its peers in turns. */
async function compare(model, mode, values) {
  const { img, beside, [mode]: asked } = models[model];
  const [rounds, steps] = [Number(values.rounds), Number(values.steps)];
  const common = ["--model", model, "--img", String(img), "--batch", values.batch, "--threads", values.threads];
  say(`${model}, ${mode}: batch ${values.batch}, ${img} pixels, ${values.threads} threads`);
  const variants = beside === undefined ? ["eager"] : ["eager", beside];
  const commands = [
    ["vitrine", process.execPath, at("ours/step.mjs")],
    ...variants.map((variant) => [`torch ${variant}`, python, at("peers/torch_step.py"), "--variant", variant]),
  ];
  const peers = [];
  try {
    for (const [name, ...command] of commands)
      peers.push(await startPeer(name, [...command, ...common, "--mode", mode]));
    const [ours, ...others] = peers;
    await takeTurns(peers, { warmUp: 3, rounds, steps, say });
    const measured = (peer) => ({
      ms: median(peer.times),
      min: Math.min(...peer.times),
      peakMB: peer.last.peak_mb,
      versions: peer.about.versions,
    });
    const [torch, other] = others.map((peer) =>
      peer.missing === undefined ? { ...measured(peer), ratio: speedRatio(ours.times, peer.times, steps) } : undefined,
    );
    const row = { model, mode, img, vitrine: measured(ours), torch, ratio: torch?.ratio, asked };
    return other === undefined ? row : { ...row, beside: { variant: beside, ...other } };
  } finally {
    for (const peer of peers) peer.stop();
  }
}
