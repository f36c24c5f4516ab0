// Pixels of 1 and of 4 channels to pixels of 3. What is written behind the last pixel is less than 16 bytes.

/** Each byte three times. */
export function repeat(source: usize, end: usize, out: usize): void {
  for (; source < end; source += 5, out += 15) {
    v128.store(out, i8x16.swizzle(v128.load(source), i8x16(0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5)));
  }
}

/** Without the fourth. */
export function dropFourth(source: usize, end: usize, out: usize): void {
  for (; source < end; source += 16, out += 12) {
    v128.store(out, i8x16.swizzle(v128.load(source), i8x16(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 0, 0, 0, 0)));
  }
}
