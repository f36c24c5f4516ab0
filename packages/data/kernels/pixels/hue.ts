// Hue through PIL's 8-bit HSV. PIL calculates partly in doubles; single precision gives the same bytes for every colour.

import { colorsOf, spreadOf } from "./luma";

/** The hue of each pixel moves by `turn` of 256. `channels`: 3 or 4. */
export function hue(source: usize, end: usize, channels: i32, turn: i32, out: usize): void {
  const colors = colorsOf(channels);
  const spread = spreadOf(channels);
  const reds = channels === 4 ? i32x4(0, 4, 8, 12) : i32x4(0, 3, 6, 9);
  const red = v128.or(reds, i32x4.splat(0xffffff00)); // the upper three bytes of each integer become 0
  const green = i32x4.add(red, i32x4.splat(1));
  const blue = i32x4.add(red, i32x4.splat(2));
  // Green has the part that red has four sixths of the circle on, blue the one two sixths on.
  const ahead = channels === 4 ? i32x4.splat(0x00020400) : i8x16(0, 4, 2, 0, 4, 2, 0, 4, 2, 0, 4, 2, 0, 0, 0, 0);
  const parts = i8x16(0, 1, 2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0, 0, 0, 0);
  for (; source < end; source += 4 * channels, out += 4 * channels) {
    const pixels = v128.load(source);
    const r = i8x16.swizzle(pixels, red);
    const g = i8x16.swizzle(pixels, green);
    const b = i8x16.swizzle(pixels, blue);
    const max = i32x4.max_s(r, i32x4.max_s(g, b));
    const range = i32x4.sub(max, i32x4.min_s(r, i32x4.min_s(g, b)));
    const turned = i32x4.add(hueOf(r, g, b, max, f32x4.convert_i32x4_s(range)), i32x4.splat(turn));
    const six = i32x4.mul(v128.and(turned, i32x4.splat(255)), i32x4.splat(6));
    // 0 … 6; the last is the first again.
    const sector = whole(f32x4.div(f32x4.convert_i32x4_s(six), f32x4.splat(255)));
    const along = divided(i32x4.sub(six, i32x4.mul(sector, i32x4.splat(255))), 255);

    const value = f32x4.convert_i32x4_s(max);
    const saturated = whole(f32x4.mul(f32x4.div(f32x4.convert_i32x4_s(range), value), f32x4.splat(255)));
    const saturation = divided(saturated, 255);
    // Of the two others one is lowest; the middle one falls in odd sectors and rises in even ones.
    const odd = i32x4.eq(v128.and(sector, i32x4.splat(1)), i32x4.splat(1));
    const way = v128.bitselect(along, f32x4.sub(f32x4.splat(1), along), odd);
    const low = without(value, saturation);
    const middle = without(value, f32x4.mul(saturation, way));

    const three = v128.or(max, v128.or(i32x4.shl(middle, 8), i32x4.shl(low, 16)));
    const part = i8x16.swizzle(parts, i8x16.add(i8x16.swizzle(sector, spread), ahead));
    const result = i8x16.swizzle(three, i8x16.add(spread, part));
    v128.store(out, v128.bitselect(result, pixels, colors));
  }
}

/** 0 … 255. Without colour it is 0: so are integers of NaN, which a division by a range of 0 gives. */
function hueOf(r: v128, g: v128, b: v128, max: v128, range: v128): v128 {
  const isRed = i32x4.eq(r, max);
  const isGreen = v128.andnot(i32x4.eq(g, max), isRed);
  const before = v128.bitselect(b, v128.bitselect(r, g, isGreen), isRed);
  const behind = v128.bitselect(g, v128.bitselect(b, r, isGreen), isRed);
  const base = v128.andnot(v128.bitselect(f32x4.splat(2), f32x4.splat(4), isGreen), isRed);
  const one = f32x4.splat(1);
  const plus = f32x4.div(f32x4.convert_i32x4_s(i32x4.sub(max, before)), range);
  const minus = f32x4.div(f32x4.convert_i32x4_s(i32x4.sub(max, behind)), range);
  // One of the two is 1, that of the lowest colour. It goes first, so that only the second step rounds.
  const first = f32x4.sub(f32x4.add(base, plus), minus);
  const second = f32x4.add(f32x4.sub(base, minus), plus);
  const sixths = v128.bitselect(second, first, f32x4.eq(minus, one));
  const circle = f32x4.div(sixths, f32x4.splat(6));
  const positive = v128.bitselect(f32x4.add(circle, one), circle, f32x4.lt(circle, f32x4.splat(0)));
  return whole(f32x4.mul(positive, f32x4.splat(255)));
}

/** value * (1 - share), rounded. */
function without(value: v128, share: v128): v128 {
  const rest = f32x4.mul(value, f32x4.sub(f32x4.splat(1), share));
  return whole(f32x4.add(rest, f32x4.splat(0.5)));
}

function divided(integers: v128, by: f32): v128 {
  return f32x4.div(f32x4.convert_i32x4_s(integers), f32x4.splat(by));
}

function whole(numbers: v128): v128 {
  return i32x4.trunc_sat_f32x4_s(numbers);
}
