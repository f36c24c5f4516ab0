// ITU-R 601 luma of pixels of 3 or 4 channels (red, green, blue, and perhaps alpha), as PIL's mode "L" has it.

/** Where the bytes of red and green of 4 pixels go, and of green and blue: pairs of 16-bit integers. */
export function redGreenOf(channels: i32): v128 {
  return channels === 4
    ? i8x16(0, -1, 1, -1, 4, -1, 5, -1, 8, -1, 9, -1, 12, -1, 13, -1)
    : i8x16(0, -1, 1, -1, 3, -1, 4, -1, 6, -1, 7, -1, 9, -1, 10, -1);
}

export function greenBlueOf(channels: i32): v128 {
  return channels === 4
    ? i8x16(1, -1, 2, -1, 5, -1, 6, -1, 9, -1, 10, -1, 13, -1, 14, -1)
    : i8x16(1, -1, 2, -1, 4, -1, 5, -1, 7, -1, 8, -1, 10, -1, 11, -1);
}

/** Luma of 4 pixels to their colours. */
export function spreadOf(channels: i32): v128 {
  return channels === 4
    ? i8x16(0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12)
    : i8x16(0, 0, 0, 4, 4, 4, 8, 8, 8, 12, 12, 12, 0, 0, 0, 0);
}

/** The bytes of 4 pixels that are colours. */
export function colorsOf(channels: i32): v128 {
  return channels === 4
    ? i8x16(-1, -1, -1, 0, -1, -1, -1, 0, -1, -1, -1, 0, -1, -1, -1, 0)
    : i8x16(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0);
}

/** The luma of 4 pixels as 32-bit integers. The factor of green, 38470, takes 17 bits: each pair has half of it. */
export function lumaOf(pixels: v128, redGreen: v128, greenBlue: v128): v128 {
  const a = i32x4.dot_i16x8_s(i8x16.swizzle(pixels, redGreen), i32x4.splat((19235 << 16) | 19595));
  const b = i32x4.dot_i16x8_s(i8x16.swizzle(pixels, greenBlue), i32x4.splat((7471 << 16) | 19235));
  return i32x4.shr_u(i32x4.add(i32x4.add(a, b), i32x4.splat(0x8000)), 16);
}

/** A byte for each pixel of `source` … `end`. */
export function luma(source: usize, end: usize, channels: i32, out: usize): void {
  const redGreen = redGreenOf(channels);
  const greenBlue = greenBlueOf(channels);
  for (; source < end; source += 4 * channels, out += 4) {
    const grey = lumaOf(v128.load(source), redGreen, greenBlue);
    v128.store32_lane(out, i8x16.swizzle(grey, i32x4.splat(0x0c080400)), 0);
  }
}

/** The same pixels with luma for each colour. */
export function grayscale(source: usize, end: usize, channels: i32, out: usize): void {
  const redGreen = redGreenOf(channels);
  const greenBlue = greenBlueOf(channels);
  const spread = spreadOf(channels);
  const colors = colorsOf(channels);
  for (; source < end; source += 4 * channels, out += 4 * channels) {
    const pixels = v128.load(source);
    const grey = i8x16.swizzle(lumaOf(pixels, redGreen, greenBlue), spread);
    v128.store(out, v128.bitselect(grey, pixels, colors));
  }
}
