// Learning rates as functions of time, numerically equal to timm's schedulers. Time is in epochs or in updates: a curve does
// not know. `t` is what timm passes to `step` and `step_update`.

export interface WarmupShape {
  /** Time of the linear rise. */
  warmupT?: number;
  /** Rate at time 0. */
  warmupLrInit?: number;
  /** The curve starts after the rise, rather than being hidden by it. */
  warmupPrefix?: boolean;
}

export interface CycleShape {
  lrMin?: number;
  /** Each cycle is this many times as long as the one before. */
  cycleMul?: number;
  /** Each cycle starts at this share of the one before. */
  cycleDecay?: number;
  /** Cycles; afterwards the rate is `lrMin`. */
  cycleLimit?: number;
  /** Exponent of time within a cycle, https://arxiv.org/abs/2004.05909 */
  kDecay?: number;
}

/** The rate at time `t`. `metrics` holds what was measured at times 1, 2, … so far. */
export type Curve = (t: number, metrics?: readonly number[]) => number;

function warmed(base: number, shape: WarmupShape, after: Curve, risesTo = base): Curve {
  const { warmupT = 0, warmupLrInit = 0, warmupPrefix = false } = shape;
  return (t, metrics) =>
    t < warmupT
      ? warmupLrInit + (t * (risesTo - warmupLrInit)) / warmupT
      : after(warmupPrefix ? t - warmupT : t, metrics);
}

/** One cycle's form: from `top` down to `low`; `share` of it has passed, in 0 to 1. */
type Fall = (top: number, low: number, share: number) => number;

/** Cycles of a falling form. */
function cycles(base: number, tInitial: number, shape: CycleShape, fall: Fall): Curve {
  const { lrMin = 0, cycleMul = 1, cycleDecay = 1, cycleLimit = 1, kDecay = 1 } = shape;
  return (t) => {
    const { cycle, length, passed } = place(t, tInitial, cycleMul);
    if (cycle >= cycleLimit) return lrMin;
    return fall(base * cycleDecay ** cycle, lrMin, passed ** kDecay / length ** kDecay);
  };
}

function place(t: number, tInitial: number, mul: number): { cycle: number; length: number; passed: number } {
  if (mul === 1) {
    const cycle = Math.floor(t / tInitial);
    return { cycle, length: tInitial, passed: t - tInitial * cycle };
  }
  const cycle = Math.floor(Math.log(1 - (t / tInitial) * (1 - mul)) / Math.log(mul));
  return { cycle, length: mul ** cycle * tInitial, passed: t - ((1 - mul ** cycle) / (1 - mul)) * tInitial };
}

/** Time until the last cycle ends. */
export function cycleLength(tInitial: number, { cycleMul = 1, cycleLimit = 1 }: CycleShape): number {
  if (cycleMul === 1) return tInitial * cycleLimit;
  return Math.floor((-tInitial * (cycleMul ** cycleLimit - 1)) / (1 - cycleMul));
}

/** Cosine annealing with warm restarts, https://arxiv.org/abs/1608.03983 */
export function cosine(base: number, shape: CycleShape & WarmupShape & { tInitial: number }): Curve {
  const fall: Fall = (top, low, share) => low + 0.5 * (top - low) * (1 + Math.cos(Math.PI * share));
  return warmed(base, shape, cycles(base, shape.tInitial, shape, fall));
}

/** `(1 - share)^power`. */
export function poly(base: number, shape: CycleShape & WarmupShape & { tInitial: number; power?: number }): Curve {
  const { power = 0.5 } = shape;
  const fall: Fall = (top, low, share) => low + (top - low) * (1 - share) ** power;
  return warmed(base, shape, cycles(base, shape.tInitial, shape, fall));
}

/** Hyperbolic tangent between `lb` and `ub`, https://arxiv.org/abs/1806.01593 */
export function tanh(
  base: number,
  shape: Omit<CycleShape, "kDecay"> & WarmupShape & { tInitial: number; lb?: number; ub?: number },
): Curve {
  const { lb = -7, ub = 3, warmupT = 0, warmupPrefix = false } = shape;
  const fall: Fall = (top, low, share) => low + 0.5 * (top - low) * (1 - Math.tanh(lb * (1 - share) + ub * share));
  const curve = cycles(base, shape.tInitial, { ...shape, kDecay: 1 }, fall);
  return warmed(base, shape, curve, warmupPrefix ? base : curve(warmupT));
}

/** Times `decayRate` every `decayT`. */
export function step(base: number, shape: WarmupShape & { decayT: number; decayRate: number }): Curve {
  const { decayT, decayRate } = shape;
  return warmed(base, shape, (t) => base * decayRate ** Math.floor(t / decayT));
}

/** Times `decayRate` at each milestone. timm counts a milestone as passed one unit of time before it. */
export function multistep(
  base: number,
  shape: WarmupShape & { milestones: readonly number[]; decayRate: number },
): Curve {
  const { milestones, decayRate } = shape;
  return warmed(base, shape, (t) => base * decayRate ** milestones.filter((m) => m <= t + 1).length);
}

export interface PlateauShape extends WarmupShape {
  decayRate: number;
  /** Measurements without improvement that are borne. */
  patienceT: number;
  /** Measurements after a fall that do not count. */
  cooldownT?: number;
  lrMin?: number;
  /** Relative improvement that counts as one. */
  threshold?: number;
  mode: "min" | "max";
}

/** Times `decayRate` when the metric has stopped improving. A function of all measurements so far, so it needs no state. */
export function plateau(base: number, shape: PlateauShape): Curve {
  const { decayRate, patienceT, cooldownT = 0, lrMin = 0, threshold = 1e-4, mode } = shape;
  const { warmupT = 0, warmupLrInit = 0 } = shape;
  return (t, metrics = []) => {
    if (warmupT > 0 && t <= warmupT) return warmupLrInit + (t * (base - warmupLrInit)) / warmupT;
    let rate = base;
    let best = mode === "min" ? Infinity : -Infinity;
    let bad = 0;
    let cooldown = 0;
    for (const metric of metrics.slice(warmupT, t)) {
      const better = mode === "min" ? metric < best * (1 - threshold) : metric > best * (1 + threshold);
      if (better) best = metric;
      bad = better ? 0 : bad + 1;
      if (cooldown > 0) {
        cooldown--;
        bad = 0;
      }
      if (bad <= patienceT) continue;
      rate = Math.max(rate * decayRate, lrMin);
      cooldown = cooldownT;
      bad = 0;
    }
    return rate;
  };
}
