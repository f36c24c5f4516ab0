// Values of an image at any positions, with PIL's arithmetic in double precision (src/transforms/sample.ts), two channels
// a vector. Positions outside leave `out` alone.

/** By straight lines over 2 x 2 pixels. */
export function bilinear(
  source: usize,
  width: i32,
  height: i32,
  channels: i32,
  xs: usize,
  ys: usize,
  count: i32,
  out: usize,
): void {
  const stride = width * channels;
  const right = width - 1;
  const bottom = height - 1;
  for (let i = 0; i < count; i++, xs += 8, ys += 8, out += channels) {
    const px = load<f64>(xs);
    const py = load<f64>(ys);
    if (!(px >= 0 && px < <f64>width && py >= 0 && py < <f64>height)) continue;
    const x = px - 0.5;
    const y = py - 0.5;
    const floorX = Math.floor(x);
    const floorY = Math.floor(y);
    const dx = f64x2.splat(x - floorX);
    const dy = f64x2.splat(y - floorY);
    const column = <i32>floorX;
    const line = <i32>floorY;
    const s0 = max(column, 0) * channels;
    const s1 = min(column + 1, right) * channels;
    const upper = source + max(line, 0) * stride;
    const lower = source + min(line + 1, bottom) * stride;
    const a = pixel(upper + s0);
    const b = i32x4.sub(pixel(upper + s1), a);
    const c = pixel(lower + s0);
    const d = i32x4.sub(pixel(lower + s1), c);
    const first = between(line2(a, b, dx), line2(c, d, dx), dy);
    const second = between(line2(later(a), later(b), dx), line2(later(c), later(d), dx), dy);
    put(out, channels, first, second);
  }
}

function line2(start: v128, slope: v128, d: v128): v128 {
  return f64x2.add(f64x2.convert_low_i32x4_s(start), f64x2.mul(f64x2.convert_low_i32x4_s(slope), d));
}

function between(a: v128, b: v128, d: v128): v128 {
  return f64x2.add(a, f64x2.mul(f64x2.sub(b, a), d));
}

/** By a cubic over 4 x 4 pixels. */
export function bicubic(
  source: usize,
  width: i32,
  height: i32,
  channels: i32,
  xs: usize,
  ys: usize,
  count: i32,
  out: usize,
): void {
  const stride = width * channels;
  const right = width - 1;
  const bottom = height - 1;
  for (let i = 0; i < count; i++, xs += 8, ys += 8, out += channels) {
    const px = load<f64>(xs);
    const py = load<f64>(ys);
    if (!(px >= 0 && px < <f64>width && py >= 0 && py < <f64>height)) continue;
    const x = px - 0.5;
    const y = py - 0.5;
    const floorX = Math.floor(x);
    const floorY = Math.floor(y);
    const dx = f64x2.splat(x - floorX);
    const dy = f64x2.splat(y - floorY);
    const column = <i32>floorX;
    const line = <i32>floorY;
    const s0 = max(column - 1, 0) * channels;
    const s1 = max(column, 0) * channels;
    const s2 = min(column + 1, right) * channels;
    const s3 = min(column + 2, right) * channels;
    let row = source + max(line - 1, 0) * stride;
    const p0 = pixel(row + s0);
    const q0 = pixel(row + s1);
    const r0 = pixel(row + s2);
    const t0 = pixel(row + s3);
    row = source + max(line, 0) * stride;
    const p1 = pixel(row + s0);
    const q1 = pixel(row + s1);
    const r1 = pixel(row + s2);
    const t1 = pixel(row + s3);
    row = source + min(line + 1, bottom) * stride;
    const p2 = pixel(row + s0);
    const q2 = pixel(row + s1);
    const r2 = pixel(row + s2);
    const t2 = pixel(row + s3);
    row = source + min(line + 2, bottom) * stride;
    const p3 = pixel(row + s0);
    const q3 = pixel(row + s1);
    const r3 = pixel(row + s2);
    const t3 = pixel(row + s3);
    const first = cubic(
      cubicOfBytes(p0, q0, r0, t0, dx),
      cubicOfBytes(p1, q1, r1, t1, dx),
      cubicOfBytes(p2, q2, r2, t2, dx),
      cubicOfBytes(p3, q3, r3, t3, dx),
      dy,
    );
    const second = cubic(
      cubicOfBytes(later(p0), later(q0), later(r0), later(t0), dx),
      cubicOfBytes(later(p1), later(q1), later(r1), later(t1), dx),
      cubicOfBytes(later(p2), later(q2), later(r2), later(t2), dx),
      cubicOfBytes(later(p3), later(q3), later(r3), later(t3), dx),
      dy,
    );
    put(out, channels, first, second);
  }
}

/** The factors of a cubic over bytes are whole numbers, so that their sums are exact in any order. */
function cubicOfBytes(v0: v128, v1: v128, v2: v128, v3: v128, d: v128): v128 {
  const linear = i32x4.sub(v2, v0);
  const square = i32x4.sub(i32x4.add(i32x4.shl(i32x4.sub(v0, v1), 1), v2), v3);
  const third = i32x4.add(i32x4.sub(i32x4.sub(v1, v0), v2), v3);
  const high = f64x2.add(f64x2.convert_low_i32x4_s(square), f64x2.mul(d, f64x2.convert_low_i32x4_s(third)));
  const middle = f64x2.add(f64x2.convert_low_i32x4_s(linear), f64x2.mul(d, high));
  return f64x2.add(f64x2.convert_low_i32x4_s(v1), f64x2.mul(d, middle));
}

function cubic(v0: v128, v1: v128, v2: v128, v3: v128, d: v128): v128 {
  const linear = f64x2.sub(v2, v0);
  const square = f64x2.sub(f64x2.add(f64x2.mul(f64x2.splat(2), f64x2.sub(v0, v1)), v2), v3);
  const third = f64x2.add(f64x2.sub(f64x2.sub(v1, v0), v2), v3);
  const high = f64x2.add(square, f64x2.mul(d, third));
  return f64x2.add(v1, f64x2.mul(d, f64x2.add(linear, f64x2.mul(d, high))));
}

/** The channels of one pixel, and whatever follows. */
function pixel(at: usize): v128 {
  return i32x4.extend_low_i16x8_u(v128.load8x8_u(at));
}

/** The third and fourth channel in front. */
function later(pixel: v128): v128 {
  return v128.shuffle<i64>(pixel, pixel, 1, 1);
}

/** One pixel, cut to 0 … 255: two channels of the first and two of the second, as far as there are. */
function put(out: usize, channels: i32, first: v128, second: v128): void {
  const low = i32x4.trunc_sat_f64x2_s_zero(first);
  const high = i32x4.trunc_sat_f64x2_s_zero(second);
  const words = i16x8.narrow_i32x4_s(v128.shuffle<i64>(low, high, 0, 2), low);
  const bytes = i8x16.narrow_i16x8_u(words, words);
  if (channels === 4) {
    v128.store32_lane(out, bytes, 0);
    return;
  }
  if (channels === 1) {
    v128.store8_lane(out, bytes, 0);
    return;
  }
  v128.store16_lane(out, bytes, 0);
  if (channels === 3) v128.store8_lane(out, bytes, 2, 2);
}
