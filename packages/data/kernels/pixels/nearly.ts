// Bicubic values in single precision. What is kept of a value is its whole part, so that a value that is surely not at a
// whole number needs no more; it takes half the time of doubles.

/**
 * The cubic over 4 x 4 pixels of 3 channels, the first of which lies `at`; `d`: how far x and y lie from the second
 * pixel to the third. Off by less than 2 ** -12: weights are right to 2 ** -25, values up to 319 are rounded to half of
 * 2 ** -15, and the weights of a row or column add up to 1.5 at most without their signs.
 */
export function nearlyBicubic(at: usize, stride: i32, d: v128): v128 {
  const rest = f64x2.sub(f64x2.splat(1), d);
  const both = f64x2.mul(d, rest);
  const more = f64x2.add(f64x2.splat(1), both);
  const w0 = f32x4.demote_f64x2_zero(f64x2.mul(f64x2.neg(both), rest));
  const w1 = f32x4.demote_f64x2_zero(f64x2.mul(rest, more));
  const w2 = f32x4.demote_f64x2_zero(f64x2.mul(d, more));
  const w3 = f32x4.demote_f64x2_zero(f64x2.mul(f64x2.neg(both), d));

  // Down: twelve columns of bytes.
  const y0 = v128.shuffle<f32>(w0, w0, 1, 1, 1, 1);
  const y1 = v128.shuffle<f32>(w1, w1, 1, 1, 1, 1);
  const y2 = v128.shuffle<f32>(w2, w2, 1, 1, 1, 1);
  const y3 = v128.shuffle<f32>(w3, w3, 1, 1, 1, 1);
  const at1 = at + stride;
  const at2 = at1 + stride;
  const at3 = at2 + stride;
  const r0 = v128.load8x8_u(at);
  const r1 = v128.load8x8_u(at1);
  const r2 = v128.load8x8_u(at2);
  const r3 = v128.load8x8_u(at3);
  const s0 = v128.load8x8_u(at, 8);
  const s1 = v128.load8x8_u(at1, 8);
  const s2 = v128.load8x8_u(at2, 8);
  const s3 = v128.load8x8_u(at3, 8);
  const a = sum(f32x4.mul(y0, low(r0)), f32x4.mul(y1, low(r1)), f32x4.mul(y2, low(r2)), f32x4.mul(y3, low(r3)));
  const b = sum(f32x4.mul(y0, high(r0)), f32x4.mul(y1, high(r1)), f32x4.mul(y2, high(r2)), f32x4.mul(y3, high(r3)));
  const c = sum(f32x4.mul(y0, low(s0)), f32x4.mul(y1, low(s1)), f32x4.mul(y2, low(s2)), f32x4.mul(y3, low(s3)));

  // Across: the channels of four pixels, one behind the other.
  const p = f32x4.mul(a, v128.shuffle<f32>(w0, w1, 0, 0, 0, 4));
  const q = f32x4.mul(b, v128.shuffle<f32>(w1, w2, 0, 0, 4, 4));
  const r = f32x4.mul(c, v128.shuffle<f32>(w2, w3, 0, 4, 4, 4));
  return sum(
    p,
    v128.shuffle<f32>(p, q, 3, 4, 5, 6),
    v128.shuffle<f32>(q, r, 2, 3, 4, 5),
    v128.shuffle<f32>(r, r, 1, 2, 3, 0),
  );
}

function low(bytes: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(bytes));
}

function high(bytes: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(bytes));
}

function sum(a: v128, b: v128, c: v128, d: v128): v128 {
  return f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
}

/** Whether the 4 x 4 pixels are the same; then so is what lies between them. */
export function isFlat(at: usize, stride: i32): bool {
  const r0 = v128.load(at);
  const r1 = v128.load(at + stride);
  const r2 = v128.load(at + 2 * stride);
  const r3 = v128.load(at + 3 * stride);
  const down = v128.and(v128.and(i8x16.eq(r0, r1), i8x16.eq(r0, r2)), i8x16.eq(r0, r3));
  const across = i8x16.eq(r0, v128.load(at + 3));
  return (i8x16.bitmask(down) & 0xfff) === 0xfff && (i8x16.bitmask(across) & 0x1ff) === 0x1ff;
}
