// Image operations beside sharp's and Pillow's: how far results are from Pillow's, and the CPU time of one, in one process
// each, taking turns. Writes benchmarks/results/transforms.* and the table in docs/transforms.md.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { Rng } from "@vitrine/core";
import * as data from "@vitrine/data";
import { median } from "../harness/peer.mjs";
import { picture } from "../harness/photographs.mjs";
import { save, table } from "../harness/report.mjs";
import { at, say } from "../harness/settings.mjs";

const sharp = createRequire(at("../packages/data/package.json"))("sharp");
const fill = [128, 128, 128];
const how = (interpolation) => ({ interpolation, fill });

/** By the names that peers/pil_ops.py has. `sharp`: what comes nearest there; null where it has nothing alike. */
const operations = {
  invert: { ours: (i) => data.invert(i), sharp: (s) => s.negate() },
  "posterize 4": { ours: (i) => data.posterize(i, 4) },
  "solarize 128": { ours: (i) => data.solarize(i, 128) },
  equalize: { ours: (i) => data.equalize(i) },
  autocontrast: { ours: (i) => data.autocontrast(i), sharp: (s) => s.normalise({ lower: 0, upper: 100 }) },
  grayscale: { ours: (i) => data.grayscale(i), sharp: (s) => s.greyscale() },
  "gamma 0.7": { ours: (i) => data.adjustGamma(i, 0.7) },
  "hue 0.1": { ours: (i) => data.adjustHue(i, 0.1), sharp: (s) => s.modulate({ hue: 36 }) },
  "brightness 1.4": { ours: (i) => data.enhanceBrightness(i, 1.4), sharp: (s) => s.linear(1.4, 0) },
  "contrast 1.4": { ours: (i) => data.enhanceContrast(i, 1.4), sharp: (s) => s.linear(1.4, -0.4 * 128) },
  "color 1.4": { ours: (i) => data.enhanceColor(i, 1.4), sharp: (s) => s.modulate({ saturation: 1.4 }) },
  "sharpness 1.4": { ours: (i) => data.enhanceSharpness(i, 1.4), sharp: (s) => s.sharpen() },
  "gaussian blur 1.5": { ours: (i) => data.gaussianBlur(i, 1.5), sharp: (s) => s.blur(1.5) },
  "kernel blur 9, 1.5": { ours: (i) => data.gaussianKernelBlur(i, 9, 1.5), sharp: (s) => s.blur(1.5) },
  flip: { ours: (i) => data.flipHorizontally(i), sharp: (s) => s.flop() },
  "flip down": { ours: (i) => data.flipVertically(i), sharp: (s) => s.flip() },
  "rotate 15 nearest": { ours: (i) => data.rotate(i, 15, how("nearest")), sharp: turned("nearest") },
  "rotate 15 bilinear": { ours: (i) => data.rotate(i, 15, how("bilinear")), sharp: turned("bilinear") },
  "rotate 15 bicubic": { ours: (i) => data.rotate(i, 15, how("bicubic")), sharp: turned("bicubic") },
  "shear 0.2 bicubic": { ours: (i) => data.shearX(i, 0.2, how("bicubic")) },
  "translate 20.5 bilinear": { ours: (i) => data.translateX(i, 20.5, how("bilinear")) },
  "perspective bilinear": {
    ours: (i) => data.perspective(i, [0.9, 0.05, 4, -0.03, 1.1, -2, 0.001, -0.0006], how("bilinear")),
  },
  "resize to 224 nearest": resized(224, 224, "nearest", "nearest"),
  "resize to 224 bilinear": resized(224, 224, "bilinear", "linear"),
  "resize to 341 x 256 bicubic": resized(341, 256, "bicubic", "cubic"),
  "resize to 341 x 256 lanczos": resized(341, 256, "lanczos", "lanczos3"),
  "crop and resize bicubic": {
    large: true,
    ours: (i) => data.resample(i, 224, 224, "bicubic", { box: { left: 50, top: 40, width: 300, height: 260 } }),
    sharp: (s) =>
      s.extract({ left: 50, top: 40, width: 300, height: 260 }).resize(224, 224, { fit: "fill", kernel: "cubic" }),
  },
};

function resized(width, height, interpolation, kernel) {
  return {
    large: true,
    ours: (i) => data.resample(i, width, height, interpolation),
    sharp: (s) => s.resize(width, height, { fit: "fill", kernel }),
  };
}

/** sharp's rotation turns the other way and grows; the middle is what the others give. */
function turned(interpolator) {
  const angle = (15 * Math.PI) / 180;
  const matrix = [Math.cos(angle), Math.sin(angle), -Math.sin(angle), Math.cos(angle)];
  return (s) => s.affine(matrix, { background: { r: 128, g: 128, b: 128 }, interpolator });
}

export async function run(argv) {
  const { values } = parseArgs({
    args: argv,
    options: { rounds: { type: "string", default: "7" }, times: { type: "string", default: "20" } },
  });
  const [rounds, times] = [Number(values.rounds), Number(values.times)];
  const folder = mkdtempSync(join(tmpdir(), "vitrine-transforms-"));
  const large = picture(Rng.of("transforms"));
  const small = data.resample(large, 224, 224, "lanczos");
  const files = [join(folder, "small.png"), join(folder, "large.png")];
  await data.writeImage(small, files[0]);
  await data.writeImage(large, files[1]);
  const pil = await openPil(files);
  try {
    const rows = [];
    for (const [name, operation] of Object.entries(operations)) {
      rows.push(await measure(name, operation, operation.large ? large : small, pil, folder, rounds, times));
      say(`  ${name}`);
    }
    const decoding = await decoders(large, pil, folder);
    finish(rows, decoding, pil.versions, { rounds, times });
  } finally {
    pil.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(name, operation, image, pil, folder, rounds, times) {
  const out = join(folder, "pil.raw");
  const { width, height } = await pil.ask({ op: name, times: 3, out });
  const expected = readFileSync(out);
  const ours = operation.ours(image);
  const row = { name, ours: difference(ours, expected, width, height) };
  const [input, raw] = [Buffer.from(image.data), { raw: { width: image.width, height: image.height, channels: 3 } }];
  const viaSharp =
    operation.sharp && (() => operation.sharp(sharp(input, raw)).raw().toBuffer({ resolveWithObject: true }));
  if (viaSharp) {
    const { data: bytes, info } = await viaSharp();
    row.sharp = difference(middle({ ...info, data: bytes }, width, height), expected, width, height);
  }
  const spent = { ours: [], sharp: [], pil: [] };
  for (let i = 0; i < 40; i++) operation.ours(image);
  for (let round = 0; round < rounds; round++) {
    spent.ours.push(await cpuOf(() => operation.ours(image), times));
    if (viaSharp) spent.sharp.push(await cpuOf(viaSharp, times));
    spent.pil.push((await pil.ask({ op: name, times })).cpu_ms / times);
  }
  row.ours.ms = median(spent.ours);
  if (viaSharp) row.sharp.ms = median(spent.sharp);
  row.pil = { ms: median(spent.pil) };
  return row;
}

/** CPU time of one run, of all threads: it counts where all cores are at work on images, and others do not disturb it. */
async function cpuOf(action, times) {
  const start = process.cpuUsage();
  for (let i = 0; i < times; i++) await action();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000 / times;
}

/** Largest and mean difference in levels; another size cannot be compared. */
function difference(image, expected, width, height) {
  if (image.width !== width || image.height !== height) return { largest: null, mean: null };
  let largest = 0;
  let sum = 0;
  for (let i = 0; i < expected.length; i++) {
    const off = Math.abs(image.data[i] - expected[i]);
    if (off > largest) largest = off;
    sum += off;
  }
  return { largest, mean: sum / expected.length };
}

function middle(image, width, height) {
  if (image.channels !== 3) return middle(data.withChannels(image, 3), width, height);
  if (image.width <= width && image.height <= height) return image;
  const box = {
    left: Math.round((image.width - width) / 2),
    top: Math.round((image.height - height) / 2),
    width,
    height,
  };
  return data.crop(image, box);
}

/** The same JPEG by both decoders, for the ways in which cameras and programs store colours. */
async function decoders(image, pil, folder) {
  const rows = [];
  const input = sharp(Buffer.from(image.data), { raw: { width: image.width, height: image.height, channels: 3 } });
  for (const chromaSubsampling of ["4:4:4", "4:2:0"]) {
    for (const progressive of [false, true]) {
      const file = join(folder, "photo.jpg");
      await input.clone().jpeg({ quality: 90, chromaSubsampling, progressive }).toFile(file);
      const out = join(folder, "decoded.raw");
      const { width, height } = await pil.ask({ decode: file, out });
      const found = await data.decodeImage(file);
      rows.push({ chromaSubsampling, progressive, ...difference(found, readFileSync(out), width, height) });
    }
  }
  return rows;
}

function finish(rows, decoding, versions, count) {
  const levels = (d) => (d === undefined ? "-" : d.largest === null ? "-" : `${d.largest} / ${d.mean.toFixed(3)}`);
  const ms = (d) => (d === undefined ? "-" : d.ms.toFixed(2));
  const head = [
    "operation",
    "ours: largest / mean",
    "sharp: largest / mean",
    "ours CPU ms",
    "sharp CPU ms",
    "PIL CPU ms",
    "PIL / ours",
  ];
  const cells = rows.map((row) => [
    row.name,
    levels(row.ours),
    levels(row.sharp),
    ms(row.ours),
    ms(row.sharp),
    ms(row.pil),
    (row.pil.ms / row.ours.ms).toFixed(1),
  ]);
  const jpeg = decoding.map((d) => [
    `${d.progressive ? "progressive" : "baseline"} ${d.chromaSubsampling}`,
    String(d.largest),
    d.mean.toFixed(3),
  ]);
  const text = `${table(head, cells)}\n\n${table(["JPEG: decoders", "largest", "mean"], jpeg)}`;
  console.log(text);
  save("transforms", { versions: { ...versions, sharp: sharp.versions.sharp }, count, rows, decoding }, text);
  const about = `Pillow ${versions.pillow}, torchvision ${versions.torchvision}, sharp ${sharp.versions.sharp}; medians of ${count.rounds} rounds of ${count.times} runs.`;
  const block = `${about}\n\n${markdown(head, cells)}\n\n${markdown(["JPEG of 500 x 375 by sharp's and PIL's decoder", "largest", "mean"], jpeg)}`;
  const page = at("../docs/transforms.md");
  const old = readFileSync(page, "utf8");
  const marked = /(<!-- measured: pnpm bench transforms -->\n)[\s\S]*?(<!-- end -->)/;
  if (marked.test(old))
    writeFileSync(
      page,
      old.replace(marked, (_, start, end) => `${start}\n${block}\n\n${end}`),
    );
}

/** A table of Markdown with columns of one width, as the formatter wants it. */
function markdown(head, rows) {
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i].length)));
  const line = (cells) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

/** The peer, which answers one question at a time. */
async function openPil(files) {
  const child = spawn(at(".peers/venv/bin/python"), [at("peers/pil_ops.py"), ...files], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const failed = new Promise((_, reject) => child.once("error", reject));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const next = await Promise.race([lines.next(), failed]);
    if (next.done) throw new Error("pil_ops.py ended");
    const found = JSON.parse(next.value);
    if (found.error || found.missing) throw new Error(found.error ?? found.missing);
    return found;
  };
  const { versions } = await answer();
  return {
    versions,
    async ask(question) {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      return answer();
    },
    stop() {
      child.stdin.end();
      child.kill();
    },
  };
}
