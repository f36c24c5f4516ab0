// Pixels that move within their rows, whatever their channels.

/** Rows from right to left. */
export function mirror(source: usize, width: i32, height: i32, channels: i32, out: usize): void {
  const stride: usize = width * channels;
  const group = 16 / channels;
  const length: usize = group * channels;
  const order = backwards(channels);
  for (let y = 0; y < height; y++) {
    const first = source;
    source += stride;
    const end = out + stride;
    let from = source;
    if (width < group) {
      for (; out < end; out += channels) {
        from -= channels;
        memory.copy(out, from, channels);
      }
      continue;
    }
    for (; out + length < end; out += length) {
      from -= length;
      v128.store(out, i8x16.swizzle(v128.load(from), order));
    }
    // The last group may overlap the one before. Of 3 channels it writes a byte of the next row, which is yet to come.
    v128.store(end - length, i8x16.swizzle(v128.load(first), order));
    out = end;
  }
}

/** Whole pixels of 16 bytes from the last to the first. */
function backwards(channels: i32): v128 {
  if (channels === 1) return i8x16(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  if (channels === 2) return i8x16(14, 15, 12, 13, 10, 11, 8, 9, 6, 7, 4, 5, 2, 3, 0, 1);
  if (channels === 3) return i8x16(12, 13, 14, 9, 10, 11, 6, 7, 8, 3, 4, 5, 0, 1, 2, 15);
  return i8x16(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
}
