// The two passes of resizing. Weights have 22 bits; sums begin with a half, so that the shift rounds.

import { turn } from "./turn";

const precision = 22;
const half: i32 = 1 << (precision - 1);

/** Rows that are worked on at once, as columns. */
const lines = 16;

/**
 * Along rows: each pixel of `out` is a weighted sum of `counts[x]` pixels of the row, which begin at `starts[x]`, in
 * bytes times 16. Weights of a pixel are `size` apart. Rows of `out` are `outStride` bytes apart, a multiple of 8. Where
 * rows are fewer than 16, there is room for 16. `tile`: room for 16 rows of both, each a multiple of 8 bytes.
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
  outStride: i32,
  tile: usize,
): void {
  const turned = tile + lines * ((stride + 7) & -8);
  for (let y = 0; y < height; y += lines) {
    // The last ones are worked on again where fewer are left.
    const top = max(min(y, height - lines), 0);
    const from = source + top * stride;
    const to = out + top * outStride;
    for (let i = 0; i < stride; i += 8) {
      turn(from + i, stride, tile + lines * i, lines);
      turn(from + i + 8 * stride, stride, tile + lines * i + 8, lines);
    }
    columns(tile, lines * channels, lines * channels, starts, counts, values, size, width, turned);
    for (let i = 0; i < width * channels; i += 8) {
      turn(turned + lines * i, lines, to + i, outStride);
      turn(turned + lines * i + 8, lines, to + i + 8 * outStride, outStride);
    }
  }
}

/** Along columns: each row of `out` (`length` bytes) is a weighted sum of `counts[y]` rows from byte `starts[y]` on. */
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
