// One image of a data set, looked at from its bytes to its pixels.

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { isVitrineError } from "@vitrine/core";
import type { Dataset } from "../datasets/dataset.ts";
import { decodeImage, imageInfo } from "../image.ts";
import { describeUnknown, imageFormat } from "../image-format.ts";
import { isRawImage, type RawImage } from "../raw-image.ts";
import { type Fingerprint, fingerprint } from "./fingerprint.ts";
import type { IssueKind } from "./issues.ts";

export interface Limits {
  maxPixels: number;
  /** Shorter edge below which an image is called tiny. */
  minSide: number;
  /** Pixels above which an image is called huge. */
  hugePixels: number;
}

export interface Inspected {
  findings: { kind: IssueKind; detail: string }[];
  /** SHA-256 of the file's bytes, or of the pixels. Left out where there are none. */
  digest?: string;
  /** Left out where the image could not be decoded. */
  print?: Fingerprint;
}

const endings: Readonly<Record<string, string>> = { jpg: "jpeg", jpe: "jpeg", tif: "tiff" };

/** Everything that is to be said of sample `i` alone. Throws only for what is not the image's fault. */
export async function inspectSample(dataset: Dataset, i: number, limits: Limits): Promise<Inspected> {
  const path = dataset.path(i);
  let content: RawImage | Uint8Array;
  try {
    content = dataset.files ? await readFile(path) : await dataset.load(i);
  } catch (error) {
    return { findings: [{ kind: "unreadable", detail: reasonOf(error, path) }] };
  }
  if (isRawImage(content)) {
    const { data, width, height, channels } = content;
    const digest = createHash("sha256").update(`${width} ${height} ${channels} `).update(data).digest("base64");
    return { findings: sizeFindings(width, height, limits), digest, print: fingerprint(content) };
  }
  return inspectBytes(content, path, dataset.files === true, limits);
}

async function inspectBytes(bytes: Uint8Array, path: string, named: boolean, limits: Limits): Promise<Inspected> {
  const findings: Inspected["findings"] = [];
  if (bytes.length === 0) return { findings: [{ kind: "empty", detail: "the file is empty" }] };
  const digest = createHash("sha256").update(bytes).digest("base64");
  const format = imageFormat(bytes);
  if (format === undefined) {
    findings.push({ kind: "not-an-image", detail: describeUnknown(bytes) });
    return { findings, digest };
  }
  const ending = extname(path).slice(1).toLowerCase();
  if (named && (endings[ending] ?? ending) !== format)
    findings.push({ kind: "wrong-extension", detail: `ends in .${ending}, holds ${format}` });
  try {
    const { width, height, frames, orientation } = await imageInfo(bytes, { path });
    if (width * height > limits.maxPixels) {
      const limit = limits.maxPixels.toLocaleString("en");
      findings.push({ kind: "too-large", detail: `${width} x ${height} pixels are more than the limit of ${limit}` });
      return { findings, digest };
    }
    findings.push(...sizeFindings(width, height, limits));
    if (orientation > 1) findings.push({ kind: "exif", detail: `orientation ${orientation}` });
    if (frames > 1) findings.push({ kind: "animated", detail: `${frames} frames` });
    const image = await decodeImage(bytes, { path, maxPixels: limits.maxPixels });
    return { findings, digest, print: fingerprint(image) };
  } catch (error) {
    if (!isVitrineError(error)) throw error;
    const detail = reasonOf(error, path);
    findings.push({ kind: detail.startsWith("truncated") ? "truncated" : "damaged", detail });
    return { findings, digest };
  }
}

function sizeFindings(width: number, height: number, { minSide, hugePixels }: Limits): Inspected["findings"] {
  const detail = `${width} x ${height} pixels`;
  if (Math.min(width, height) < minSide) return [{ kind: "tiny", detail }];
  return width * height > hugePixels ? [{ kind: "huge", detail }] : [];
}

/** The message without the path, which stands beside it. */
function reasonOf(error: unknown, path: string): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.startsWith(`${path}: `) ? message.slice(path.length + 2) : message;
}
