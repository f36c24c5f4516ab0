// Results as files: CSV as RFC 4180 has it, JSON as a list.

import type { Prediction } from "@vitrine/export";

export interface PredictedImage {
  path: string;
  predictions: readonly Prediction[];
}

/** A row an image and class: file, rank, label, index, score. */
export function predictionsCsv(images: readonly PredictedImage[]): string {
  const rows = images.flatMap(({ path, predictions }) =>
    predictions.map(({ label, index, score }, rank) => [path, rank + 1, label, index, score.toFixed(6)]),
  );
  return csv([["filename", "rank", "label", "index", "prob"], ...rows]);
}

export function predictionsJson(images: readonly PredictedImage[]): string {
  const list = images.map(({ path, predictions }) => ({ filename: path, predictions }));
  return `${JSON.stringify(list, undefined, 2)}\n`;
}

export function csv(rows: readonly (readonly unknown[])[]): string {
  const cell = (value: unknown) => {
    const text = String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => `${row.map(cell).join(",")}\n`).join("");
}
