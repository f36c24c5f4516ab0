// Every line that a human reads, and the object that a program gets in its place (`--json`, one a line). Results go to
// standard output, everything about how it is going to standard error.

import type { Pretrained } from "@vitrine/core";
import type { BadSample, Dataset, SplitReport } from "@vitrine/data";
import type { ModelDescription, OnnxFile, OnnxMetadata, PortSummary, VerifyReport } from "@vitrine/export";
import type { Evaluation, EvaluationProgress } from "@vitrine/train";
import type { ModelInfo } from "vitrine";
import type { Finding } from "./checks.ts";
import type { PredictedImage } from "./results.ts";
import { alignRows, bytes, count, giga, painter, percent } from "./text.ts";

export interface ModelFacts extends Omit<ModelInfo, "inputSize"> {
  macs: number;
  /** Channels, height, width. */
  input: readonly number[];
  preparation: Pretrained["preparation"];
  weights?: string;
  classes?: readonly string[] | undefined;
}

const eraseLine = "\r\u001b[2K";

export class Report {
  /** A terminal gets a live line, a pipe plain lines, a program JSON. */
  readonly mode: "json" | "terminal" | "plain";
  readonly #paint: ReturnType<typeof painter>;
  #live = false;
  #drawn = 0;

  constructor({ json }: { json: boolean }) {
    this.mode = json ? "json" : process.stdout.isTTY ? "terminal" : "plain";
    this.#paint = painter(this.mode === "terminal" && !process.env.NO_COLOR);
  }

  // ------------------------------------------------------------ how it goes

  note(text: string): void {
    this.#clear();
    process.stderr.write(`${text}\n`);
  }

  /** A sentence of a library, which begins small and ends without a point. */
  notice(message: string): void {
    this.note(`${message[0]!.toUpperCase()}${message.slice(1)}.`);
  }

  badImage(path: string, reason: string): void {
    this.note(`Skipped ${path}: ${reason.startsWith(`${path}: `) ? reason.slice(path.length + 2) : reason}`);
  }

  badImages(bad: readonly BadSample[]): void {
    if (bad.length > 0) this.note(`${bad.length} ${bad.length === 1 ? "image" : "images"} could not be read.`);
  }

  modelNotes(notes: readonly string[]): void {
    for (const note of notes) this.note(`Adapted ${note}`);
  }

  /** A live line on a terminal; nothing elsewhere. */
  progress(what: string): (done: number, total: number | undefined) => void {
    return (done, total) => {
      const share = total === undefined ? "" : ` of ${count(total)} (${Math.floor((100 * done) / total)} %)`;
      this.#draw(`${what}: ${count(done)}${share}`, done === total);
    };
  }

  download(): (received: number, total: number | undefined) => void {
    return (received, total) =>
      this.#draw(
        `Downloading: ${bytes(received)}${total === undefined ? "" : ` of ${bytes(total)}`}`,
        received === total,
      );
  }

  evaluating(): (progress: EvaluationProgress) => void {
    return ({ batch, batches, loss, top1, samples, seconds }) =>
      this.#draw(
        `Evaluating: ${batch}/${batches}  loss ${loss.avg.toFixed(4)}  top-1 ${percent(top1.avg)}  ${(samples / seconds).toFixed(1)} img/s`,
        batch === batches,
      );
  }

  #draw(text: string, last: boolean): void {
    if (this.mode !== "terminal" || !process.stderr.isTTY) return;
    const now = performance.now();
    if (!last && now - this.#drawn < 100) return;
    this.#drawn = now;
    process.stderr.write(`${eraseLine}${text.slice(0, (process.stderr.columns ?? 80) - 1)}`);
    this.#live = true;
    if (last) this.#clear();
  }

  #clear(): void {
    if (this.#live) process.stderr.write(eraseLine);
    this.#live = false;
  }

  // --------------------------------------------------------------- results

  models(models: readonly ModelInfo[]): void {
    for (const one of models) this.#object({ type: "model", ...one });
    if (models.length === 0) return;
    const rows = models.map(({ name, params, macs, inputSize, license, pretrained, paper }) => [
      name,
      `${(params / 1e6).toFixed(2)} M`,
      macs === undefined ? "" : giga(macs),
      inputSize.join("x"),
      String(pretrained.length),
      license ?? "",
      paper.replace("https://", ""),
    ]);
    const head = ["model", "parameters", "multiply-adds", "input", "weights", "licence", "paper"];
    this.#lines(alignRows([head, ...rows], [1, 2, 3, 4]));
  }

  model(facts: ModelFacts): void {
    this.#object({ type: "model", ...facts });
    const { preparation: p, pretrained } = facts;
    const rows: [string, string | undefined][] = [
      ["model", `${facts.name}, ${facts.title}`],
      ["parameters", `${count(facts.params)} (${(facts.params / 1e6).toFixed(2)} M)`],
      ["multiply-adds", `${giga(facts.macs)} for one image`],
      ["input", `${facts.input.slice(1).join(" x ")}, ${facts.input[0]} channels`],
      [
        "preparation",
        `${p.interpolation}, crop ${p.cropPct} ${p.cropMode}, mean ${p.mean.join(" ")}, std ${p.std.join(" ")}`,
      ],
      ["classes", facts.classes && shortList(facts.classes)],
      ["weights", facts.weights ?? facts.hub ?? "none published"],
      ["licence", facts.license],
      ["tags", pretrained.length > 0 ? pretrained.map(({ tag }) => tag).join(", ") : undefined],
      ["paper", facts.paper],
    ];
    this.#facts(rows);
  }

  onnxFile(path: string, model: ModelDescription, metadata: OnnxMetadata): void {
    const { opset, producer, inputs, outputs } = model;
    this.#object({ type: "onnx", path, opset, producer, inputs, outputs, metadata });
    this.#facts([
      ["file", path],
      ["made by", `${producer || "unknown"}, opset ${opset}`],
      ["model", metadata.arch],
      ["inputs", inputs.map(portText).join("; ")],
      ["outputs", outputs.map(portText).join("; ")],
      ["classes", metadata.classes && shortList(metadata.classes)],
    ]);
  }

  exported(file: OnnxFile): void {
    this.#object({ type: "exported", ...file });
    this.#lines([`${file.path}  ${bytes(file.bytes)}  opset ${file.opset}  ${file.nodes} nodes`]);
    if (file.data !== undefined)
      this.#lines([`${file.data.path}  ${bytes(file.data.bytes)}  weights, to be kept beside it`]);
    for (const port of file.inputs) this.#lines([`  input   ${portText(port)}`]);
    for (const port of file.outputs) this.#lines([`  output  ${portText(port)}`]);
  }

  verified(checked: VerifyReport): void {
    this.#object({ type: "verified", ...checked });
    const random = checked.batches.filter(({ images }) => images === "random").map(({ size }) => size);
    const given = checked.batches.length - random.length;
    const on = `batches of ${random.join(", ")}${given > 0 ? ` and ${given} images` : ""}`;
    const agreed = Math.min(...checked.batches.map(({ top1Agreement }) => top1Agreement));
    this.#lines([
      `  ${this.#paint.good("verified")} on ${on}: largest difference ${checked.maxAbsError.toExponential(1)}, same top class ${percent(100 * agreed)}`,
    ]);
  }

  prediction({ path, predictions }: PredictedImage): void {
    this.#object({ type: "prediction", path, predictions });
    this.#lines([`${path}: ${predictions.map(({ label, score }) => `${label} ${percent(100 * score)}`).join(", ")}`]);
  }

  predicted(images: number, failed: number): void {
    this.#object({ type: "predicted", images, failed });
    if (failed > 0) this.note(`${failed} of ${images} images could not be read.`);
  }

  evaluated({ loss, top1, top5, samples, confusion }: Evaluation, { name, classes }: Dataset, perClass: boolean): void {
    this.#clear();
    const metrics = confusion.perClass().map((one, i) => ({ class: classes[i]!, ...one }));
    this.#object({
      type: "evaluation",
      data: name,
      samples,
      loss,
      top1,
      top5,
      ...(perClass ? { classes: metrics } : {}),
    });
    // timm's words, which people's scripts look for.
    const five = classes.length > 5 ? ` Acc@5 ${top5.toFixed(3)} (${(100 - top5).toFixed(3)})` : "";
    this.#lines([
      ` * Acc@1 ${top1.toFixed(3)} (${(100 - top1).toFixed(3)})${five} loss ${loss.toFixed(4)} on ${count(samples)} images of ${name}`,
    ]);
    if (!perClass) return;
    const rows = metrics.map(({ class: label, precision, recall, f1, support }) => [
      label,
      ...[precision, recall, f1].map((share) => percent(100 * share)),
      count(support),
    ]);
    this.#lines(alignRows([["class", "precision", "recall", "f1", "images"], ...rows], [1, 2, 3, 4]));
  }

  trained(folder: string, interrupted: boolean): void {
    this.#object({ type: "trained", output: folder, interrupted });
    if (interrupted) {
      this.#lines([`Interrupted; go on with  vitrine train --resume ${folder}`]);
      return;
    }
    this.#lines([
      `Report: ${folder}/report.html`,
      `Next:   vitrine predict ${folder} IMAGE...`,
      `        vitrine export ${folder}`,
    ]);
  }

  split({ output, classes, counts }: SplitReport): void {
    this.#clear();
    this.#object({ type: "split", output, classes, counts });
    const names = Object.keys(counts);
    const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
    const rows = classes.map((label, i) => [label, ...names.map((name) => count(counts[name]![i]!))]);
    const total = ["(all)", ...names.map((name) => count(sum(counts[name]!)))];
    this.#lines([
      ...alignRows(
        [["class", ...names], ...rows, total],
        names.map((_, i) => i + 1),
      ),
      `Written to ${output}`,
    ]);
  }

  /** A result that a file of its own puts into words. */
  result(objects: readonly Record<string, unknown>[], lines: readonly string[]): void {
    this.#clear();
    for (const object of objects) this.#object(object);
    this.#lines(lines);
  }

  /** Colours of a terminal; plain text elsewhere. */
  get paint(): ReturnType<typeof painter> {
    return this.#paint;
  }

  finding({ what, state, found, fix }: Finding): void {
    this.#object({ type: "finding", what, state, found, fix });
    const word = { ok: this.#paint.good("ok  "), warn: this.#paint.warn("warn"), fail: this.#paint.bad("fail") }[state];
    this.#lines([
      `${word}  ${what.padEnd(14)}  ${found}`,
      ...(fix === undefined ? [] : [`${" ".repeat(22)}-> ${fix}`]),
    ]);
  }

  #object(object: Record<string, unknown>): void {
    if (this.mode === "json") process.stdout.write(`${JSON.stringify(object)}\n`);
  }

  #lines(lines: readonly string[]): void {
    if (this.mode === "json") return;
    this.#clear();
    process.stdout.write(lines.map((line) => `${line.trimEnd()}\n`).join(""));
  }

  #facts(rows: readonly [string, string | undefined][]): void {
    this.#lines(rows.flatMap(([key, value]) => (value === undefined ? [] : [`${key.padEnd(14)} ${value}`])));
  }
}

function portText({ name, dtype, shape }: PortSummary): string {
  return `${name}  ${dtype} [${shape.join(", ")}]`;
}

function shortList(names: readonly string[], shown = 8): string {
  const more = names.length - shown;
  return `${names.length}: ${names.slice(0, shown).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
