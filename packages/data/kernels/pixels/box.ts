// Blurring by a box.

/**
 * One pass along columns: `whole` of 2 ** 24 for each of the rows up to `reach` away, `end` for the next ones. Rows
 * beyond an edge are the edge. `sums`: for each byte of a row the sum of the box around the row before the first.
 */
export function box(
  source: usize,
  out: usize,
  sums: usize,
  length: i32,
  height: i32,
  reach: i32,
  whole: i32,
  end: i32,
): void {
  const wholes = i32x4.splat(whole);
  const ends = i32x4.splat(end);
  for (let y = 0; y < height; y++, out += length) {
    const first = rowAt(source, length, height, y - reach - 1);
    const last = rowAt(source, length, height, y + reach + 1);
    const added = rowAt(source, length, height, y + reach);
    let sum = sums;
    for (let i = 0; i < length; i += 8, sum += 32) {
      const left = v128.load8x8_u(first + i);
      const change = i16x8.sub(v128.load8x8_u(added + i), left);
      const outer = i16x8.add(v128.load8x8_u(last + i), left);
      const low = i32x4.add(v128.load(sum), i32x4.extend_low_i16x8_s(change));
      const high = i32x4.add(v128.load(sum, 16), i32x4.extend_high_i16x8_s(change));
      v128.store(sum, low);
      v128.store(sum, high, 16);
      const words = i16x8.narrow_i32x4_s(
        mean(low, wholes, i32x4.extend_low_i16x8_u(outer), ends),
        mean(high, wholes, i32x4.extend_high_i16x8_u(outer), ends),
      );
      v128.store64_lane(out + i, i8x16.narrow_i16x8_u(words, words), 0);
    }
  }
}

/** (a * factorA + b * factorB) / 2 ** 24, rounded. */
function mean(a: v128, factorA: v128, b: v128, factorB: v128): v128 {
  const sum = i32x4.add(i32x4.mul(a, factorA), i32x4.mul(b, factorB));
  return i32x4.shr_u(i32x4.add(sum, i32x4.splat(1 << 23)), 24);
}

function rowAt(source: usize, length: i32, height: i32, y: i32): usize {
  return source + max(0, min(y, height - 1)) * length;
}
