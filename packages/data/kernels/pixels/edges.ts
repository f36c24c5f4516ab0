// One pixel at any position, also at the edges: neighbours beyond them are the edge. As warp.ts, with nothing left out.

import { between, bytesCubic, cubic, straight } from "./curves";
import { later, put } from "./put";

export function bilinearAt(source: usize, width: i32, height: i32, channels: i32, position: v128, out: usize): void {
  if (!isInside(position, width, height)) return;
  const corner = f64x2.sub(position, f64x2.splat(0.5));
  const whole = f64x2.floor(corner);
  const d = f64x2.sub(corner, whole);
  const dx = v128.shuffle<f64>(d, d, 0, 0);
  const dy = v128.shuffle<f64>(d, d, 1, 1);
  const column = <i32>f64x2.extract_lane(whole, 0);
  const line = <i32>f64x2.extract_lane(whole, 1);
  const left = max(column, 0) * channels;
  const right = min(column + 1, width - 1) * channels;
  const upper = source + max(line, 0) * width * channels;
  const lower = source + min(line + 1, height - 1) * width * channels;
  const a = pixel(upper + left);
  const b = i32x4.sub(pixel(upper + right), a);
  const c = pixel(lower + left);
  const e = i32x4.sub(pixel(lower + right), c);
  const first = between(straight(a, b, dx), straight(c, e, dx), dy);
  const second = between(straight(later(a), later(b), dx), straight(later(c), later(e), dx), dy);
  put(out, channels, first, second);
}

export function bicubicAt(source: usize, width: i32, height: i32, channels: i32, position: v128, out: usize): void {
  if (!isInside(position, width, height)) return;
  const corner = f64x2.sub(position, f64x2.splat(0.5));
  const whole = f64x2.floor(corner);
  const d = f64x2.sub(corner, whole);
  const dx = v128.shuffle<f64>(d, d, 0, 0);
  const dy = v128.shuffle<f64>(d, d, 1, 1);
  const column = <i32>f64x2.extract_lane(whole, 0);
  const line = <i32>f64x2.extract_lane(whole, 1);
  const c0 = max(column - 1, 0) * channels;
  const c1 = max(column, 0) * channels;
  const c2 = min(column + 1, width - 1) * channels;
  const c3 = min(column + 2, width - 1) * channels;
  const stride = width * channels;
  const r0 = source + max(line - 1, 0) * stride;
  const r1 = source + max(line, 0) * stride;
  const r2 = source + min(line + 1, height - 1) * stride;
  const r3 = source + min(line + 2, height - 1) * stride;
  let v0 = pixel(r0 + c0);
  let v1 = pixel(r0 + c1);
  let v2 = pixel(r0 + c2);
  let v3 = pixel(r0 + c3);
  const a = across(v0, v1, v2, v3, dx);
  const e = across(later(v0), later(v1), later(v2), later(v3), dx);
  v0 = pixel(r1 + c0);
  v1 = pixel(r1 + c1);
  v2 = pixel(r1 + c2);
  v3 = pixel(r1 + c3);
  const b = across(v0, v1, v2, v3, dx);
  const f = across(later(v0), later(v1), later(v2), later(v3), dx);
  v0 = pixel(r2 + c0);
  v1 = pixel(r2 + c1);
  v2 = pixel(r2 + c2);
  v3 = pixel(r2 + c3);
  const c = across(v0, v1, v2, v3, dx);
  const g = across(later(v0), later(v1), later(v2), later(v3), dx);
  v0 = pixel(r3 + c0);
  v1 = pixel(r3 + c1);
  v2 = pixel(r3 + c2);
  v3 = pixel(r3 + c3);
  const last = across(v0, v1, v2, v3, dx);
  const h = across(later(v0), later(v1), later(v2), later(v3), dx);
  put(out, channels, cubic(a, b, c, last, dy), cubic(e, f, g, h, dy));
}

/** The cubic through bytes: sums of its factors are exact in any order. */
function across(v0: v128, v1: v128, v2: v128, v3: v128, d: v128): v128 {
  const linear = i32x4.sub(v2, v0);
  const square = i32x4.sub(i32x4.add(i32x4.shl(i32x4.sub(v0, v1), 1), v2), v3);
  const third = i32x4.add(i32x4.sub(i32x4.sub(v1, v0), v2), v3);
  return bytesCubic(v1, linear, square, third, d);
}

function isInside(position: v128, width: i32, height: i32): bool {
  const x = f64x2.extract_lane(position, 0);
  const y = f64x2.extract_lane(position, 1);
  return x >= 0 && x < <f64>width && y >= 0 && y < <f64>height;
}

/** The channels of one pixel, and whatever follows. */
function pixel(at: usize): v128 {
  return i32x4.extend_low_i16x8_u(v128.load8x8_u(at));
}
