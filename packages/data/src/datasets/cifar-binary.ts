// CIFAR's binary version: rows of labels and three planes, and a text of class names.

import { readFile } from "node:fs/promises";
import { VitrineError } from "@vitrine/core";
import { type CifarRows, imageBytes } from "./cifar-rows.ts";
import { kindOf } from "./find-images.ts";

/** @param labelBytes how many labels a row begins with; the last one counts (CIFAR-100 has the coarse one first) */
export async function readBinary(file: string, labelBytes: number): Promise<CifarRows> {
  const bytes = await readFile(file);
  const stride = labelBytes + imageBytes;
  if (bytes.length === 0 || bytes.length % stride !== 0) {
    throw new VitrineError(
      file,
      `truncated CIFAR file: expected a multiple of ${stride} bytes (${labelBytes} for labels, 3 x 32 x 32 for pixels), ` +
        `found ${bytes.length}; download it again`,
    );
  }
  const labels = Uint8Array.from({ length: bytes.length / stride }, (_, i) => bytes[i * stride + labelBytes - 1]!);
  return { file, labels, bytes, first: labelBytes, stride };
}

/** A name a line; undefined where there is no such file. */
export async function readNameLines(file: string): Promise<string[] | undefined> {
  if ((await kindOf(file)) !== "file") return undefined;
  const names = (await readFile(file, "utf8")).split(/\r?\n/).map((line) => line.trim());
  return names.filter((line) => line !== "");
}
