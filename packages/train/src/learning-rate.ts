// The learning rate where none is given: timm's rule of a base rate for a batch of 256 images.

import { didYouMean, VitrineError } from "@vitrine/core";

export interface LearningRateRule {
  /** Rate of a batch of `baseSize` images. Default 0.1, which suits SGD. */
  base?: number;
  /** Default 256. */
  baseSize?: number;
  /** How the rate grows with the batch. Default `sqrt` for optimizers whose name holds "ada" or "lamb", else `linear`. */
  scale?: "linear" | "sqrt";
}

/** The rate and, in words, where it comes from. @param batch images in an update, over all accumulated micro-batches. */
export function resolveLearningRate(
  given: number | LearningRateRule | undefined,
  optimizer: string,
  batch: number,
): { learningRate: number; why: string } {
  if (typeof given === "number") {
    if (!(given > 0)) throw usage(`learningRate must be above 0, found ${given}`);
    return { learningRate: given, why: "as given" };
  }
  const { base = 0.1, baseSize = 256 } = given ?? {};
  const { scale = /ada|lamb/i.test(optimizer) ? "sqrt" : "linear" } = given ?? {};
  const scales = ["linear", "sqrt"];
  if (!scales.includes(scale))
    throw usage(`unknown scale "${scale}"${didYouMean(scale, scales)}; it is one of ${scales.join(", ")}`);
  if (!(base > 0 && baseSize > 0)) throw usage(`base and baseSize must be above 0, found ${base} and ${baseSize}`);
  const ratio = batch / baseSize;
  const learningRate = base * (scale === "sqrt" ? Math.sqrt(ratio) : ratio);
  const factor = scale === "sqrt" ? `√(${batch} / ${baseSize})` : `${batch} / ${baseSize}`;
  return { learningRate, why: `base rate ${base} × ${factor}, ${scale} in the batch for ${optimizer}` };
}

function usage(message: string): VitrineError {
  return new VitrineError("learningRate", message, { usage: true });
}
