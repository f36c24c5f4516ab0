// Pixels as they are, from other places.

import { addressOf, isWithin, pair } from "./places";

/** The pixels at any positions: pairs of x and y in double precision. Those outside leave `out` alone. */
export function nearest(
  source: usize,
  width: i32,
  height: i32,
  channels: i32,
  positions: usize,
  count: i32,
  out: usize,
): void {
  const stride = width * channels;
  const limits = pair(width, height);
  for (let i = 0; i < count; i++, positions += 16, out += channels) {
    const position = v128.load(positions);
    if (!isWithin(position, 0, limits)) continue;
    const at = addressOf(source, f64x2.floor(position), stride, channels);
    if (channels === 4) {
      store<u32>(out, load<u32>(at));
    } else if (channels === 1) {
      store<u8>(out, load<u8>(at));
    } else {
      store<u16>(out, load<u16>(at));
      if (channels === 3) store<u8>(out, load<u8>(at, 2), 2);
    }
  }
}

/** A row of pixels: those that lie `offsets` bytes behind `row`. */
export function pick(row: usize, offsets: usize, count: i32, channels: i32, out: usize): void {
  const end = offsets + (count << 2);
  // What is written beyond a pixel is written again with the next one.
  if (channels > 2)
    for (; offsets < end; offsets += 4, out += channels) store<u32>(out, load<u32>(row + load<u32>(offsets)));
  else if (channels === 2)
    for (; offsets < end; offsets += 4, out += 2) store<u16>(out, load<u16>(row + load<u32>(offsets)));
  else for (; offsets < end; offsets += 4, out += 1) store<u8>(out, load<u8>(row + load<u32>(offsets)));
}
