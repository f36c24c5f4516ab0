// Values of an image at any positions (pairs of x and y in double precision), with PIL's arithmetic
// (src/transforms/sample.ts). Positions outside leave `out` alone. Here is the short way of pixels whose neighbours all
// lie inside; the others are left to edges.ts. Where a position lies on a line of pixels (shears, translations), the
// pixels beside that line count times zero, and are not looked at.

import { between, bytesCubic, straight } from "./curves";
import { bicubicAt, bilinearAt } from "./edges";
import { isFlat, nearlyBicubic } from "./nearly";
import { addressOf, isWithin, pair } from "./places";
import { later, put, putIntegers } from "./put";

/** By straight lines over 2 x 2 pixels. */
export function bilinear(
  source: usize,
  width: i32,
  height: i32,
  channels: i32,
  positions: usize,
  count: i32,
  out: usize,
): void {
  const stride = width * channels;
  const limits = pair(width - 1, height - 1);
  for (let i = 0; i < count; i++, positions += 16, out += channels) {
    const position = v128.load(positions);
    const corner = f64x2.sub(position, f64x2.splat(0.5));
    if (!isWithin(corner, 0, limits)) {
      bilinearAt(source, width, height, channels, position, out);
      continue;
    }
    const whole = f64x2.floor(corner);
    const at = addressOf(source, whole, stride, channels);
    const d = f64x2.sub(corner, whole);
    const dx = v128.shuffle<f64>(d, d, 0, 0);
    const dy = v128.shuffle<f64>(d, d, 1, 1);
    const zeros = i64x2.bitmask(f64x2.eq(d, f64x2.splat(0)));
    const start = v128.load8x8_u(at);
    const a = i32x4.extend_low_i16x8_s(start);
    if (zeros !== 0) {
      const next = v128.load8x8_u(at + (zeros & 2 ? channels : stride));
      const b = i32x4.extend_low_i16x8_s(i16x8.sub(next, start));
      const along = zeros & 2 ? dx : dy;
      put(out, channels, straight(a, b, along), straight(later(a), later(b), along));
      continue;
    }
    const below = v128.load8x8_u(at + stride);
    const b = i32x4.extend_low_i16x8_s(i16x8.sub(v128.load8x8_u(at + channels), start));
    const c = i32x4.extend_low_i16x8_s(below);
    const e = i32x4.extend_low_i16x8_s(i16x8.sub(v128.load8x8_u(at + stride + channels), below));
    const first = between(straight(a, b, dx), straight(c, e, dx), dy);
    const second = between(straight(later(a), later(b), dx), straight(later(c), later(e), dx), dy);
    put(out, channels, first, second);
  }
}

/** By a cubic over 4 x 4 pixels. */
export function bicubic(
  source: usize,
  width: i32,
  height: i32,
  channels: i32,
  positions: usize,
  count: i32,
  out: usize,
): void {
  const stride = width * channels;
  const limits = pair(width - 2, height - 2);
  for (let i = 0; i < count; i++, positions += 16, out += channels) {
    const position = v128.load(positions);
    const corner = f64x2.sub(position, f64x2.splat(0.5));
    if (!isWithin(corner, 1, limits)) {
      bicubicAt(source, width, height, channels, position, out);
      continue;
    }
    const whole = f64x2.floor(corner);
    const at = addressOf(source, whole, stride, channels);
    const d = f64x2.sub(corner, whole);
    const zeros = i64x2.bitmask(f64x2.eq(d, f64x2.splat(0)));
    if (zeros !== 0) {
      const step = zeros & 2 ? channels : stride;
      const along = zeros & 2 ? v128.shuffle<f64>(d, d, 0, 0) : v128.shuffle<f64>(d, d, 1, 1);
      cubicAlong(at, step, along, channels, out);
      continue;
    }
    if (channels === 3) {
      const value = nearlyBicubic(at - stride - 3, stride, d);
      const off = f32x4.abs(f32x4.sub(value, f32x4.nearest(value)));
      if ((i32x4.bitmask(f32x4.lt(off, f32x4.splat(doubt))) & 7) === 0) {
        putIntegers(out, 3, i32x4.trunc_sat_f32x4_s(value));
        continue;
      }
      if (isFlat(at - stride - 3, stride)) {
        putIntegers(out, 3, i32x4.extend_low_i16x8_u(v128.load8x8_u(at)));
        continue;
      }
    }
    bicubicAt(source, width, height, channels, position, out);
  }
}

/** How near a whole number a value may not be to be cut without the full arithmetic: twice its error, or more. */
const doubt: f32 = 1.0 / 2048;

/** By a cubic over four pixels `step` bytes apart, the second of which lies `at`. */
function cubicAlong(at: usize, step: i32, d: v128, channels: i32, out: usize): void {
  const v0 = v128.load8x8_u(at - step);
  const v1 = v128.load8x8_u(at);
  const v2 = v128.load8x8_u(at + step);
  const v3 = v128.load8x8_u(at + 2 * step);
  const a = i32x4.extend_low_i16x8_s(v1);
  const b = i32x4.extend_low_i16x8_s(i16x8.sub(v2, v0));
  const c = i32x4.extend_low_i16x8_s(i16x8.sub(i16x8.add(i16x8.shl(i16x8.sub(v0, v1), 1), v2), v3));
  const e = i32x4.extend_low_i16x8_s(i16x8.add(i16x8.sub(i16x8.sub(v1, v0), v2), v3));
  put(out, channels, bytesCubic(a, b, c, e, d), bytesCubic(later(a), later(b), later(c), later(e), d));
}
