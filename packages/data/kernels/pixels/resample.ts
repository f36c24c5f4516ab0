// The two passes of resizing. Weights have 22 bits; sums begin with a half, so that the shift rounds.

const precision = 22;
const half: i32 = 1 << (precision - 1);

/**
 * Along rows: each pixel of `out` is a weighted sum of the `counts[x]` pixels from byte `starts[x]` of the row on.
 * Weights of a pixel are `size` apart. Four bytes are worked on at a time: the channels of one pixel, and whatever
 * follows.
 */
export function rows(
  source: usize,
  stride: i32,
  height: i32,
  channels: i32,
  starts: usize,
  counts: usize,
  values: usize,
  size: i32,
  width: i32,
  out: usize,
): void {
  for (let y = 0; y < height; y++, source += stride) {
    let first = values;
    for (let x = 0; x < width; x++, first += size << 2, out += channels) {
      const entry = <usize>(x << 2);
      let pixel = source + load<i32>(starts + entry);
      const end = first + (load<i32>(counts + entry) << 2);
      let sum = i32x4.splat(half);
      for (let weight = first; weight < end; weight += 4, pixel += channels) {
        sum = i32x4.add(sum, i32x4.mul(v128.load32_splat(weight), wide(v128.load32_zero(pixel))));
      }
      sum = i32x4.shr_s(sum, precision);
      sum = i16x8.narrow_i32x4_s(sum, sum);
      v128.store32_lane(out, i8x16.narrow_i16x8_u(sum, sum), 0);
    }
  }
}

function wide(bytes: v128): v128 {
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(bytes));
}

/** Along columns: each row of `out` (`length` bytes) is a weighted sum of the `counts[y]` rows from byte `starts[y]` on. */
export function columns(
  source: usize,
  stride: i32,
  length: i32,
  starts: usize,
  counts: usize,
  values: usize,
  size: i32,
  height: i32,
  out: usize,
): void {
  for (let y = 0; y < height; y++, starts += 4, counts += 4, values += size << 2, out += length) {
    const row = source + load<i32>(starts);
    const end = values + (load<i32>(counts) << 2);
    for (let i = 0; i < length; i += 16) {
      let at = row + i;
      let a = i32x4.splat(half);
      let b = a;
      let c = a;
      let d = a;
      for (let weight = values; weight < end; weight += 4, at += stride) {
        const factor = v128.load32_splat(weight);
        const bytes = v128.load(at);
        const low = i16x8.extend_low_i8x16_u(bytes);
        const high = i16x8.extend_high_i8x16_u(bytes);
        a = i32x4.add(a, i32x4.mul(factor, i32x4.extend_low_i16x8_u(low)));
        b = i32x4.add(b, i32x4.mul(factor, i32x4.extend_high_i16x8_u(low)));
        c = i32x4.add(c, i32x4.mul(factor, i32x4.extend_low_i16x8_u(high)));
        d = i32x4.add(d, i32x4.mul(factor, i32x4.extend_high_i16x8_u(high)));
      }
      v128.store(out + i, i8x16.narrow_i16x8_u(rounded(a, b), rounded(c, d)));
    }
  }
}

function rounded(low: v128, high: v128): v128 {
  return i16x8.narrow_i32x4_s(i32x4.shr_s(low, precision), i32x4.shr_s(high, precision));
}
