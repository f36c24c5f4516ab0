// Numbers about predictions: running averages, top-k accuracy, the confusion matrix and what follows from it.

/** A running average weighted by counts. */
export class AverageMeter {
  /** The last value. */
  val = 0;
  sum = 0;
  count = 0;

  get avg(): number {
    return this.count === 0 ? 0 : this.sum / this.count;
  }

  update(value: number, count = 1): void {
    this.val = value;
    this.sum += value * count;
    this.count += count;
  }

  reset(): void {
    this.val = 0;
    this.sum = 0;
    this.count = 0;
  }
}

/**
 * The place of the right class among a row's scores, 0 for the best. Of equal scores the lower class index is the better
 * one; a row with a score that is not a number is wrong for every k.
 */
export function rankOf(logits: Float32Array, row: number, classes: number, label: number): number {
  const score = logits[row * classes + label]!;
  let rank = 0;
  for (let c = 0; c < classes; c++) {
    const other = logits[row * classes + c]!;
    if (Number.isNaN(other)) return classes;
    if (other > score || (other === score && c < label)) rank++;
  }
  return rank;
}

/** How many rows have their label among the `k` best scores, for each k. logits: flat [labels.length, classes]. */
export function topK(logits: Float32Array, labels: Int32Array, classes: number, ks: readonly number[]): number[] {
  const counts = ks.map(() => 0);
  labels.forEach((label, row) => {
    const rank = rankOf(logits, row, classes, label);
    ks.forEach((k, i) => {
      if (rank < k) counts[i]!++;
    });
  });
  return counts;
}

/** The class of the best score of a row; the first of equals. */
export function argMax(logits: Float32Array, row: number, classes: number): number {
  let best = 0;
  for (let c = 1; c < classes; c++) if (logits[row * classes + c]! > logits[row * classes + best]!) best = c;
  return best;
}

/** `-log softmax` of the right class, in double precision. */
export function rowLoss(logits: Float32Array, row: number, classes: number, label: number): number {
  let max = -Infinity;
  for (let c = 0; c < classes; c++) max = Math.max(max, logits[row * classes + c]!);
  let sum = 0;
  for (let c = 0; c < classes; c++) sum += Math.exp(logits[row * classes + c]! - max);
  return max + Math.log(sum) - logits[row * classes + label]!;
}

export interface ClassMetrics {
  precision: number;
  recall: number;
  f1: number;
  /** Samples of the class. */
  support: number;
}

/** Counts of (true class, predicted class). */
export class ConfusionMatrix {
  readonly classes: number;
  /** Row by row: [true, predicted]. */
  readonly counts: Float64Array;

  constructor(classes: number, counts = new Float64Array(classes * classes)) {
    this.classes = classes;
    this.counts = counts;
  }

  add(label: number, predicted: number, count = 1): void {
    this.counts[label * this.classes + predicted]! += count;
  }

  at(label: number, predicted: number): number {
    return this.counts[label * this.classes + predicted]!;
  }

  get total(): number {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }

  get accuracy(): number {
    let right = 0;
    for (let c = 0; c < this.classes; c++) right += this.at(c, c);
    return ratio(right, this.total);
  }

  /** Precision, recall and F1 of each class; 0 where there is nothing to divide by, as in scikit-learn. */
  perClass(): ClassMetrics[] {
    return Array.from({ length: this.classes }, (_, c) => {
      let support = 0;
      let predicted = 0;
      for (let other = 0; other < this.classes; other++) {
        support += this.at(c, other);
        predicted += this.at(other, c);
      }
      const right = this.at(c, c);
      return {
        precision: ratio(right, predicted),
        recall: ratio(right, support),
        f1: ratio(2 * right, support + predicted),
        support,
      };
    });
  }

  /** Means over classes: each class counts alike (`macro`), or by its samples (`weighted`). */
  average(kind: "macro" | "weighted"): ClassMetrics {
    const rows = this.perClass();
    const support = this.total;
    const mean = (key: "precision" | "recall" | "f1") =>
      kind === "macro"
        ? ratio(
            rows.reduce((sum, row) => sum + row[key], 0),
            rows.length,
          )
        : ratio(
            rows.reduce((sum, row) => sum + row[key] * row.support, 0),
            support,
          );
    return { precision: mean("precision"), recall: mean("recall"), f1: mean("f1"), support };
  }
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
