// Moving averages of parameters, as timm's ModelEmaV3 schedules them.

/** The decay of update number `update` (from 0). */
export function emaDecayAt(ema: { decay: number; warmup?: boolean }, update: number): number {
  const step = Math.max(0, update - 1);
  if (step <= 0) return 0;
  return ema.warmup ? Math.min(ema.decay, 1 - (1 + step) ** (-2 / 3)) : ema.decay;
}
