// A moving average of the parameters: the decay of each update, as timm's ModelEmaV3 schedules it. The averaging itself is
// part of the step.

export interface EmaConfig {
  /** Weight of the old average. timm's default is 0.9998. */
  decay: number;
  /** Raises the decay from 0 to its full value, so that a short run's average is not mostly its start. */
  warmup?: boolean;
  /** Lowest decay while it is being raised. */
  minDecay?: number;
  /** Updates before which the average just follows the parameters. */
  updateAfterStep?: number;
  /** The raise is `1 - (1 + step / warmupGamma)^-warmupPower`. Defaults 1 and 2/3. */
  warmupGamma?: number;
  warmupPower?: number;
}

/** The decay of the average at update number `step`, from 1. 0 where the average is to be a copy. */
export function emaDecay(ema: EmaConfig, step: number): number {
  const { decay, warmup = false, minDecay = 0, updateAfterStep = 0, warmupGamma = 1, warmupPower = 2 / 3 } = ema;
  const counted = Math.max(0, step - updateAfterStep - 1);
  if (counted === 0) return 0;
  return warmup ? Math.max(Math.min(1 - (1 + counted / warmupGamma) ** -warmupPower, decay), minDecay) : decay;
}
