// Planes of samples to pixels: colours that were halved are stretched by a triangle filter ("fancy upsampling"), and
// luminance with two differences becomes red, green, blue (JFIF; ITU-R 601). Roundings are the Independent JPEG Group's.

/** Rows of `count` samples, halved across: each output is three quarters of the nearer and one of the farther. */
export function stretchAcross(row: usize, from: i32, to: i32, count: i32, out: usize): void {
  mirrorEnds(row, count);
  for (let i = from; i < to; i += 8) {
    const at = row + i;
    const left = v128.load8x8_u(at - 1);
    const right = v128.load8x8_u(at + 1);
    const thrice = i16x8.mul(v128.load8x8_u(at), i16x8.splat(3));
    const even = i16x8.shr_u(i16x8.add(i16x8.add(thrice, left), i16x8.splat(1)), 2);
    const odd = i16x8.shr_u(i16x8.add(i16x8.add(thrice, right), i16x8.splat(2)), 2);
    v128.store(out + 2 * i, v128.or(even, i16x8.shl(odd, 8)));
  }
}

/**
 * Rows halved across and down: `near` is the row that an output row lies in, `far` the one beyond. `sums` has room for
 * 16-bit integers from position -1 on.
 */
export function stretchBoth(near: usize, far: usize, from: i32, to: i32, count: i32, sums: usize, out: usize): void {
  mirrorEnds(near, count);
  mirrorEnds(far, count);
  for (let i = from - 1; i < to + 1; i += 8) {
    const thrice = i16x8.mul(v128.load8x8_u(near + i), i16x8.splat(3));
    v128.store(sums + 2 * i, i16x8.add(thrice, v128.load8x8_u(far + i)));
  }
  for (let i = from; i < to; i += 8) {
    const at = sums + 2 * i;
    const left = v128.load(at - 2);
    const right = v128.load(at + 2);
    const thrice = i16x8.mul(v128.load(at), i16x8.splat(3));
    const even = i16x8.shr_u(i16x8.add(i16x8.add(thrice, left), i16x8.splat(8)), 4);
    const odd = i16x8.shr_u(i16x8.add(i16x8.add(thrice, right), i16x8.splat(7)), 4);
    v128.store(out + 2 * i, v128.or(even, i16x8.shl(odd, 8)));
  }
}

/** What lies beyond the first and the last sample of a row is that sample. */
function mirrorEnds(row: usize, count: i32): void {
  store<u8>(row - 1, load<u8>(row));
  store<u8>(row + count, load<u8>(row + count - 1));
}

/** `count` pixels, interleaved. Up to 45 bytes behind the last are written as well. */
export function toRgb(luma: usize, blue: usize, red: usize, count: i32, out: usize): void {
  const middle = i16x8.splat(128);
  for (let i = 0; i < count; i += 16) {
    const y = v128.load(luma + i);
    const cb = v128.load(blue + i);
    const cr = v128.load(red + i);
    const y0 = i16x8.extend_low_i8x16_u(y);
    const y1 = i16x8.extend_high_i8x16_u(y);
    const cb0 = i16x8.sub(i16x8.extend_low_i8x16_u(cb), middle);
    const cb1 = i16x8.sub(i16x8.extend_high_i8x16_u(cb), middle);
    const cr0 = i16x8.sub(i16x8.extend_low_i8x16_u(cr), middle);
    const cr1 = i16x8.sub(i16x8.extend_high_i8x16_u(cr), middle);
    const r = i8x16.narrow_i16x8_u(i16x8.add(y0, redOf(cr0)), i16x8.add(y1, redOf(cr1)));
    const g = i8x16.narrow_i16x8_u(i16x8.add(y0, greenOf(cb0, cr0)), i16x8.add(y1, greenOf(cb1, cr1)));
    const b = i8x16.narrow_i16x8_u(i16x8.add(y0, blueOf(cb0)), i16x8.add(y1, blueOf(cb1)));
    const rg0 = i8x16.shuffle(r, g, 0, 16, 0, 1, 17, 0, 2, 18, 0, 3, 19, 0, 4, 20, 0, 5);
    const rg1 = i8x16.shuffle(r, g, 21, 0, 6, 22, 0, 7, 23, 0, 8, 24, 0, 9, 25, 0, 10, 26);
    const rg2 = i8x16.shuffle(r, g, 0, 11, 27, 0, 12, 28, 0, 13, 29, 0, 14, 30, 0, 15, 31, 0);
    v128.store(out, i8x16.shuffle(rg0, b, 0, 1, 16, 3, 4, 17, 6, 7, 18, 9, 10, 19, 12, 13, 20, 15), 0);
    v128.store(out, i8x16.shuffle(rg1, b, 0, 21, 2, 3, 22, 5, 6, 23, 8, 9, 24, 11, 12, 25, 14, 15), 16);
    v128.store(out, i8x16.shuffle(rg2, b, 26, 1, 2, 27, 4, 5, 28, 7, 8, 29, 10, 11, 30, 13, 14, 31), 32);
    out += 48;
  }
}

// The factors 1.402, -0.34414 with -0.71414, and 1.772, without their whole parts, which are added. Those of red and blue
// have 15 bits and not 16: for differences of 8 bits the rounded products are the same.

function redOf(cr: v128): v128 {
  return i16x8.add(cr, i16x8.q15mulr_sat_s(cr, i16x8.splat(13173)));
}

function greenOf(cb: v128, cr: v128): v128 {
  const factors = i32x4.splat((18734 << 16) | (-22554 & 0xffff));
  const half = i32x4.splat(1 << 15);
  const low = i32x4.dot_i16x8_s(v128.shuffle<i16>(cb, cr, 0, 8, 1, 9, 2, 10, 3, 11), factors);
  const high = i32x4.dot_i16x8_s(v128.shuffle<i16>(cb, cr, 4, 12, 5, 13, 6, 14, 7, 15), factors);
  const sum = i16x8.narrow_i32x4_s(i32x4.shr_s(i32x4.add(low, half), 16), i32x4.shr_s(i32x4.add(high, half), 16));
  return i16x8.sub(sum, cr);
}

function blueOf(cb: v128): v128 {
  return i16x8.add(i16x8.shl(cb, 1), i16x8.q15mulr_sat_s(cb, i16x8.splat(-7471)));
}
