// Straight lines and cubics in double precision, with PIL's order of operations; two channels a vector.

/** `start` and `slope`: integers, in the first two lanes. */
export function straight(start: v128, slope: v128, d: v128): v128 {
  return f64x2.add(f64x2.convert_low_i32x4_s(start), f64x2.mul(f64x2.convert_low_i32x4_s(slope), d));
}

export function between(a: v128, b: v128, d: v128): v128 {
  return f64x2.add(a, f64x2.mul(f64x2.sub(b, a), d));
}

/** By its factors, which are integers where the cubic goes through bytes (first two lanes). */
export function bytesCubic(a: v128, b: v128, c: v128, e: v128, d: v128): v128 {
  const high = f64x2.add(f64x2.convert_low_i32x4_s(c), f64x2.mul(d, f64x2.convert_low_i32x4_s(e)));
  const middle = f64x2.add(f64x2.convert_low_i32x4_s(b), f64x2.mul(d, high));
  return f64x2.add(f64x2.convert_low_i32x4_s(a), f64x2.mul(d, middle));
}

/** Through four values one apart, `d` of the way from the second to the third; Keys' with a = -1. */
export function cubic(v0: v128, v1: v128, v2: v128, v3: v128, d: v128): v128 {
  const linear = f64x2.sub(v2, v0);
  const square = f64x2.sub(f64x2.add(f64x2.mul(f64x2.splat(2), f64x2.sub(v0, v1)), v2), v3);
  const third = f64x2.add(f64x2.sub(f64x2.sub(v1, v0), v2), v3);
  const high = f64x2.add(square, f64x2.mul(d, third));
  return f64x2.add(v1, f64x2.mul(d, f64x2.add(linear, f64x2.mul(d, high))));
}
