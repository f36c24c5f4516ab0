// The channels of one pixel: four integers, or twice two doubles, of which as many count as there are.

/** The third and fourth channel in front. */
export function later(numbers: v128): v128 {
  return v128.shuffle<i64>(numbers, numbers, 1, 1);
}

/** Doubles that are whole, and small, as integers in lanes 0 and 2. */
export function integers(values: v128): v128 {
  return f64x2.add(values, f64x2.splat(6755399441055744)); // 1.5 * 2 ** 52: no bits are left for a fraction
}

/** One pixel of doubles, cut to whole numbers of 0 … 255: two channels of `first`, then two of `second`. */
export function put(out: usize, channels: i32, first: v128, second: v128): void {
  const low = integers(f64x2.floor(first));
  const high = integers(f64x2.floor(second));
  putIntegers(out, channels, v128.shuffle<i32>(low, high, 0, 2, 4, 6));
}

/** One pixel of integers, cut to 0 … 255. */
export function putIntegers(out: usize, channels: i32, numbers: v128): void {
  const words = i16x8.narrow_i32x4_s(numbers, numbers);
  const bytes = i8x16.narrow_i16x8_u(words, words);
  if (channels === 4) {
    v128.store32_lane(out, bytes, 0);
  } else if (channels === 1) {
    v128.store8_lane(out, bytes, 0);
  } else {
    v128.store16_lane(out, bytes, 0);
    if (channels === 3) v128.store8_lane(out, bytes, 2, 2);
  }
}
