// Rows of bytes to columns.

/** 8 x 8 bytes, rows to columns. */
export function turn(source: usize, stride: i32, out: usize, outStride: i32): void {
  const ab = pairs(source, source + stride);
  source += 2 * stride;
  const cd = pairs(source, source + stride);
  source += 2 * stride;
  const ef = pairs(source, source + stride);
  source += 2 * stride;
  const gh = pairs(source, source + stride);
  const ad0 = v128.shuffle<i16>(ab, cd, 0, 8, 1, 9, 2, 10, 3, 11);
  const ad4 = v128.shuffle<i16>(ab, cd, 4, 12, 5, 13, 6, 14, 7, 15);
  const eh0 = v128.shuffle<i16>(ef, gh, 0, 8, 1, 9, 2, 10, 3, 11);
  const eh4 = v128.shuffle<i16>(ef, gh, 4, 12, 5, 13, 6, 14, 7, 15);
  const ah0 = v128.shuffle<i32>(ad0, eh0, 0, 4, 1, 5);
  const ah2 = v128.shuffle<i32>(ad0, eh0, 2, 6, 3, 7);
  const ah4 = v128.shuffle<i32>(ad4, eh4, 0, 4, 1, 5);
  const ah6 = v128.shuffle<i32>(ad4, eh4, 2, 6, 3, 7);
  v128.store64_lane(out, ah0, 0);
  v128.store64_lane(out + outStride, ah0, 1);
  out += 2 * outStride;
  v128.store64_lane(out, ah2, 0);
  v128.store64_lane(out + outStride, ah2, 1);
  out += 2 * outStride;
  v128.store64_lane(out, ah4, 0);
  v128.store64_lane(out + outStride, ah4, 1);
  out += 2 * outStride;
  v128.store64_lane(out, ah6, 0);
  v128.store64_lane(out + outStride, ah6, 1);
}

function pairs(upper: usize, lower: usize): v128 {
  const one = v128.load64_zero(upper);
  const other = v128.load64_zero(lower);
  return i8x16.shuffle(one, other, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
