// Pairs of x and y, in double precision.

import { integers } from "./put";

export function pair(x: i32, y: i32): v128 {
  return f64x2.replace_lane(f64x2.splat(<f64>x), 1, <f64>y);
}

/** Whether both are `least` or more, and less than `limits`. */
export function isWithin(place: v128, least: f64, limits: v128): bool {
  return i64x2.bitmask(v128.and(f64x2.ge(place, f64x2.splat(least)), f64x2.lt(place, limits))) === 3;
}

/** Where the pixel of a whole pair lies. */
export function addressOf(source: usize, whole: v128, stride: i32, channels: i32): usize {
  const numbers = integers(whole);
  return source + i32x4.extract_lane(numbers, 2) * stride + i32x4.extract_lane(numbers, 0) * channels;
}
