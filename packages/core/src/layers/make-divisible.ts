// Widths rounded to what hardware likes.

/**
 * The multiple of `divisor` nearest to `value`, and no less than `divisor`; the next one where rounding would take more than
 * a share of 1 - `roundLimit` away. timm's `make_divisible`.
 */
export function makeDivisible(value: number, divisor = 8, roundLimit = 0.9): number {
  const rounded = Math.max(divisor, Math.floor((value + divisor / 2) / divisor) * divisor);
  return rounded < roundLimit * value ? rounded + divisor : rounded;
}
