// The entropy-coded part of a baseline JPEG (ITU-T T.81, F.2.2): Huffman codes to coefficients, and these to samples.

import { dcOnly, inverseDct } from "./dct";

/** Bits that the lookup tables are indexed by. Codes that are longer are rare. */
export const lookupBits: u32 = 10;

/**
 * A table of Huffman codes as the host lays it out: an entry for each value of the next 10 bits; for each length the
 * first code beyond it (16 bits, from the left) and where its symbols begin; an entry for each symbol in order of codes.
 * An entry: bits 0 … 5 how many bits are used up; 6 … 12 how many zeros come first (127: all others are); 13 … 16 how
 * many of the bits are the value, where it is not known; 17 … 31 the value, where it is. 0 where more bits must be seen.
 */
namespace Codes {
  export const limits: usize = 4 << (<usize>lookupBits);
  export const firsts: usize = limits + 4 * 17;
  export const symbols: usize = firsts + 4 * 17;
}

/** One of the colours. Its planes of samples hold two rows of units each, used in turns. */
@unmanaged
class Component {
  /** Blocks in a unit (MCU). */
  across: i32;
  down: i32;
  dc: usize;
  ac: usize;
  /** 64 divisors as 16-bit integers, in zigzag order. */
  divisors: usize;
  plane: usize;
  /** Bytes from a row of samples to the next. */
  stride: i32;
  /** The DC coefficient of the block before. */
  before: i32;
}

const componentBytes: usize = offsetof<Component>();

/** Where the coefficient of each place in zigzag order lies in its block. */
// biome-ignore format: eight by eight
const zigzag = memory.data<u8>([
  0, 1, 8, 16, 9, 2, 3, 10,
  17, 24, 32, 25, 18, 11, 4, 5,
  12, 19, 26, 33, 40, 48, 41, 34,
  27, 20, 13, 6, 7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36,
  29, 22, 15, 23, 30, 37, 44, 51,
  58, 59, 52, 45, 38, 31, 39, 46,
  53, 60, 61, 54, 47, 55, 62, 63,
]);
const block: usize = memory.data(128, 16);

// The bits that come next, from the highest of `bits` on, and how many there are at least.
let bits: u64 = 0;
let ready: i32 = 0;
let next: usize = 0;
/** Where the segment ends that is being read; segments end at restart markers. */
let end: usize = 0;
/** Where the bounds of the next segment lie. */
let segment: usize = 0;

/**
 * Copies the coded bytes without what was stuffed in, and writes the first and last address of each segment to `bounds`
 * (room for `most`). Returns how many there are; the byte of the marker behind them goes to `bounds` - 4 (0: none).
 */
export function unstuff(source: usize, sourceEnd: usize, target: usize, bounds: usize, most: i32): i32 {
  let count = 0;
  let marker: u32 = 0;
  store<u32>(bounds, target);
  while (source < sourceEnd) {
    const chunk = v128.load(source);
    v128.store(target, chunk);
    const escapes = i8x16.bitmask(i8x16.eq(chunk, i8x16.splat(-1)));
    const plain = min(escapes === 0 ? 16 : <usize>ctz(escapes), sourceEnd - source);
    source += plain;
    target += plain;
    if (plain === 16) continue;
    if (source + 1 >= sourceEnd) break; // cut off: no code, or the first half of a marker
    const code = <u32>load<u8>(source, 1);
    source += 1;
    if (code === 0xff) continue; // fill bytes
    source += 1;
    if (code === 0) {
      store<u8>(target++, 0xff);
      continue;
    }
    if ((code & 0xf8) !== 0xd0 || ((code - 0xd0) & 7) !== (count & 7) || count + 1 >= most) {
      marker = code;
      break;
    }
    store<u32>(bounds + <usize>(8 * count), target, 4);
    count++;
    store<u32>(bounds + <usize>(8 * count), target);
  }
  store<u32>(bounds + <usize>(8 * count), target, 4);
  store<u32>(bounds - 4, marker);
  return count + 1;
}

/** Before the first row of units. */
export function begin(components: usize, count: i32, bounds: usize): void {
  segment = bounds;
  nextSegment(components, count);
}

function nextSegment(components: usize, count: i32): void {
  bits = 0;
  ready = 0;
  next = load<u32>(segment);
  end = load<u32>(segment, 4);
  segment += 8;
  for (let c = 0; c < count; c++) changetype<Component>(components + c * componentBytes).before = 0;
}

/**
 * Reads a row of `units`, the first of which has the number `done`, and writes the samples of those from `from` to
 * before `to`, into the half of the planes that `half` (0 or 1) names. False where the bits make no sense or end early.
 */
export function scanRow(
  components: usize,
  count: i32,
  units: i32,
  from: i32,
  to: i32,
  half: i32,
  done: i32,
  restartInterval: i32,
): bool {
  for (let unit = 0; unit < units; unit++, done++) {
    if (restartInterval > 0 && done > 0 && done % restartInterval === 0) {
      if (overrun()) return false;
      nextSegment(components, count);
    }
    const wanted = unit >= from && unit < to;
    for (let c = 0; c < count; c++) {
      const component = changetype<Component>(components + c * componentBytes);
      for (let y = 0; y < component.down; y++) {
        for (let x = 0; x < component.across; x++) {
          if (!wanted) {
            if (!skipBlock(component)) return false;
            continue;
          }
          for (let at: usize = 0; at < 128; at += 16) v128.store(block + at, i64x2.splat(0));
          const last = readBlock(component);
          if (last < 0) return false;
          const row = (half * component.down + y) * 8;
          const samples = component.plane + row * component.stride + (unit * component.across + x) * 8;
          if (last === 1) dcOnly(load<i16>(block), samples, component.stride);
          else inverseDct(block, samples, component.stride);
        }
      }
    }
    if (next > end + 16) return false;
  }
  return !overrun();
}

/** True where more bits were used than there are. */
function overrun(): bool {
  return <i32>(8 * (next - end)) > ready;
}

/**
 * The coefficients of a block, times their divisors. Those that are zero are not written. Returns where they end in
 * zigzag order, 1 for a block of one value; -1 for codes and coefficients that cannot be.
 */
function readBlock(component: Component): i32 {
  if (!readDc(component)) return -1;
  const table = component.ac;
  const divisors = component.divisors;
  const first = component.before * load<i16>(divisors);
  store<i16>(block, first);
  let buffer = bits;
  let count = ready;
  let at = next;
  let last = 1;
  let sizes = <u32>(first + 8192);
  let k = 1;
  while (k < 64) {
    if (count < 32) {
      buffer |= bswap(load<u64>(at)) >> count;
      at += (63 - count) >> 3;
      count |= 56;
    }
    let entry = load<i32>(table + ((<usize>(buffer >> (64 - lookupBits))) << 2));
    if (entry === 0) {
      entry = longCode(table, <u32>(buffer >> 48));
      if (entry === 0) return -1;
    }
    const used = entry & 63;
    const size = (entry >> 13) & 15;
    const value = size > 0 ? signed(buffer << (used - size), size) : entry >> 17;
    buffer <<= used;
    count -= used;
    k += (entry >> 6) & 127;
    if (k > 63) {
      if (k < 128) return -1; // more zeros than places
      break;
    }
    const coefficient = value * load<i16>(divisors + (k << 1));
    sizes |= <u32>(coefficient + 8192);
    store<i16>(block + ((<usize>load<u8>(zigzag + k)) << 1), coefficient);
    k++;
    last = k;
  }
  bits = buffer;
  ready = count;
  next = at;
  // Samples of 8 bits make coefficients of 11. Where they are past 14, decoders differ in how they overflow.
  return sizes < 1 << 14 ? last : -1;
}

/** Past a block that is not wanted. False for codes that are none. */
function skipBlock(component: Component): bool {
  if (!readDc(component)) return false;
  const table = component.ac;
  let buffer = bits;
  let count = ready;
  let at = next;
  let k = 1;
  while (k < 64) {
    if (count < 32) {
      buffer |= bswap(load<u64>(at)) >> count;
      at += (63 - count) >> 3;
      count |= 56;
    }
    let entry = load<i32>(table + ((<usize>(buffer >> (64 - lookupBits))) << 2));
    if (entry === 0) {
      entry = longCode(table, <u32>(buffer >> 48));
      if (entry === 0) return false;
    }
    const used = entry & 63;
    buffer <<= used;
    count -= used;
    k += ((entry >> 6) & 127) + 1;
  }
  bits = buffer;
  ready = count;
  next = at;
  return k === 64 || k > 128; // else more zeros than places
}

/** The first coefficient, which is told by its difference from the block before. False for a code that is none. */
function readDc(component: Component): bool {
  if (ready < 32) {
    bits |= bswap(load<u64>(next)) >> ready;
    next += (63 - ready) >> 3;
    ready |= 56;
  }
  let entry = load<i32>(component.dc + ((<usize>(bits >> (64 - lookupBits))) << 2));
  if (entry === 0) {
    entry = longCode(component.dc, <u32>(bits >> 48));
    if (entry === 0) return false;
  }
  const used = entry & 63;
  const size = (entry >> 13) & 15;
  component.before += size > 0 ? signed(bits << (used - size), size) : entry >> 17;
  bits <<= used;
  ready -= used;
  return true;
}

/** The value of the first `size` bits: those that begin with a zero are negative (T.81, F.2.2.1). */
function signed(buffer: u64, size: i32): i32 {
  const value = <i32>(buffer >> (64 - size));
  return value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
}

/** The entry of a code longer than the lookup tables take; 0 where there is none. */
function longCode(table: usize, code: u32): i32 {
  for (let length = <usize>lookupBits + 1; length <= 16; length++) {
    const limit = load<u32>(table + Codes.limits + 4 * length);
    if (code >= limit) continue;
    const symbol = <i32>(code >> (16 - <u32>length)) + load<i32>(table + Codes.firsts + 4 * length);
    return load<i32>(table + Codes.symbols + ((<usize>symbol) << 2));
  }
  return 0;
}
