// Bytes through tables, and how often each value occurs. `step`: from a channel's byte to that of the next pixel.

/** Replaces the bytes at `at`, `at + step` … before `end` by what `table` (256 bytes) holds for them. */
export function lookUp(at: usize, end: usize, step: usize, table: usize): void {
  for (; at + 3 * step < end; at += 4 * step) {
    const second = at + step;
    const third = second + step;
    const fourth = third + step;
    const a = load<u8>(table + load<u8>(at));
    const b = load<u8>(table + load<u8>(second));
    const c = load<u8>(table + load<u8>(third));
    const d = load<u8>(table + load<u8>(fourth));
    store<u8>(at, a);
    store<u8>(second, b);
    store<u8>(third, c);
    store<u8>(fourth, d);
  }
  for (; at < end; at += step) store<u8>(at, load<u8>(table + load<u8>(at)));
}

/** Pixels side by side are often equal, and a count must be written before it can be read again: hence several. */
const parts = 4;

/** How often each value occurs, to `counts`: 256 32-bit integers, and room for three times as many behind them. */
export function histogram(at: usize, end: usize, step: usize, counts: usize): void {
  memory.fill(counts, 0, parts * 1024);
  for (; at + 3 * step < end; at += 4 * step) {
    const second = at + step;
    const third = second + step;
    countOne(counts + 4 * <usize>load<u8>(at));
    countOne(counts + 1024 + 4 * <usize>load<u8>(second));
    countOne(counts + 2048 + 4 * <usize>load<u8>(third));
    countOne(counts + 3072 + 4 * <usize>load<u8>(third + step));
  }
  for (; at < end; at += step) countOne(counts + 4 * <usize>load<u8>(at));
  for (const last = counts + 1024; counts < last; counts += 16) {
    const sum = i32x4.add(v128.load(counts), v128.load(counts, 1024));
    v128.store(counts, i32x4.add(sum, i32x4.add(v128.load(counts, 2048), v128.load(counts, 3072))));
  }
}

function countOne(count: usize): void {
  store<u32>(count, load<u32>(count) + 1);
}
