// Colour and sharpness: from something dull (factor 0) to the image (factor 1) and beyond, as PIL's Image.blend does it.

import { colorsOf, greenBlueOf, lumaOf, redGreenOf, spreadOf } from "./luma";

/** From the luma of each pixel. `channels`: 3 or 4. */
export function color(source: usize, end: usize, channels: i32, factor: f32, out: usize): void {
  const redGreen = redGreenOf(channels);
  const greenBlue = greenBlueOf(channels);
  const spread = spreadOf(channels);
  const colors = colorsOf(channels);
  for (; source < end; source += 4 * channels, out += 4 * channels) {
    const pixels = v128.load(source);
    const grey = i8x16.swizzle(lumaOf(pixels, redGreen, greenBlue), spread);
    v128.store(out, v128.bitselect(blend(grey, pixels, factor), pixels, colors));
  }
}

/** From a mean of 3 x 3 pixels, the middle of which counts five times. Edges stay; 3 x 3 pixels at least. */
export function sharpness(source: usize, width: i32, height: i32, channels: i32, factor: f32, out: usize): void {
  const stride: usize = width * channels;
  const colors = channels === 4 ? i32x4.splat(0x00ffffff) : channels === 2 ? i16x8.splat(0x00ff) : i8x16.splat(-1);
  memory.copy(out, source, stride * height);
  for (let y = 1; y < height - 1; y++) {
    source += stride;
    out += stride;
    let i: usize = channels;
    for (; i < stride - channels; i += 16) {
      const at = source + i;
      const pixels = v128.load(at);
      const smooth = i8x16.narrow_i16x8_u(smoothed(at, stride, channels), smoothed(at + 8, stride, channels));
      v128.store(out + i, v128.bitselect(blend(smooth, pixels, factor), pixels, colors));
    }
    // What was written beyond the row's inner pixels.
    i = stride - channels;
    v128.store(out + i, v128.load(source + i));
  }
}

/** The means around 8 bytes, as 16-bit integers. */
function smoothed(at: usize, stride: usize, step: usize): v128 {
  const middle = v128.load8x8_u(at);
  const beside = i16x8.add(v128.load8x8_u(at - step), v128.load8x8_u(at + step));
  const corners = i16x8.add(columns(at - step, stride), columns(at + step, stride));
  const cross = i16x8.add(i16x8.add(columns(at, stride), beside), i16x8.mul(middle, i16x8.splat(5)));
  // (2 * sum + 1) * 1260 / 2 ** 15, rounded, is sum / 13, rounded, for all sums up to 13 * 255.
  const twice = i16x8.shl(i16x8.add(cross, corners), 1);
  return i16x8.q15mulr_sat_s(i16x8.add(twice, i16x8.splat(1)), i16x8.splat(1260));
}

/** The sums of what lies above and below. */
function columns(at: usize, stride: usize): v128 {
  return i16x8.add(v128.load8x8_u(at - stride), v128.load8x8_u(at + stride));
}

/** from + factor * (to - from) of 16 bytes, in single precision; fractions are dropped, and it is cut to 0 … 255. */
function blend(from: v128, to: v128, factor: f32): v128 {
  const low = blendHalf(i16x8.extend_low_i8x16_u(from), i16x8.extend_low_i8x16_u(to), factor);
  const high = blendHalf(i16x8.extend_high_i8x16_u(from), i16x8.extend_high_i8x16_u(to), factor);
  return i8x16.narrow_i16x8_u(low, high);
}

function blendHalf(from: v128, to: v128, factor: f32): v128 {
  const way = i16x8.sub(to, from);
  const low = blendQuarter(i32x4.extend_low_i16x8_s(from), i32x4.extend_low_i16x8_s(way), factor);
  const high = blendQuarter(i32x4.extend_high_i16x8_s(from), i32x4.extend_high_i16x8_s(way), factor);
  return i16x8.narrow_i32x4_s(low, high);
}

function blendQuarter(from: v128, way: v128, factor: f32): v128 {
  const part = f32x4.mul(f32x4.convert_i32x4_s(way), f32x4.splat(factor));
  return i32x4.trunc_sat_f32x4_s(f32x4.add(f32x4.convert_i32x4_s(from), part));
}
