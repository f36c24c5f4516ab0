// The checksum of TFRecord files: CRC-32C (Castagnoli), eight bytes at a step.
// Kounavis and Berry 2008, https://doi.org/10.1109/TC.2008.85

/** 0x1EDC6F41 with its bits turned around. */
const polynomial = 0x82f63b78;
let tables: Int32Array | undefined;

/** Table 0 is the effect of a byte; table k that of a byte with k zero bytes behind it. [8 * 256] */
function makeTables(): Int32Array {
  const out = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    out[byte] = crc;
  }
  for (let i = 256; i < out.length; i++) out[i] = (out[i - 256]! >>> 8) ^ out[out[i - 256]! & 255]!;
  return out;
}

/** CRC-32C of `bytes[from … to)`, as an unsigned number. */
export function crc32c(bytes: Uint8Array, from = 0, to = bytes.length): number {
  tables ??= makeTables();
  const t = tables;
  let crc = -1;
  let i = from;
  for (; i + 8 <= to; i += 8) {
    crc ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    crc =
      t[1792 + (crc & 255)]! ^
      t[1536 + ((crc >>> 8) & 255)]! ^
      t[1280 + ((crc >>> 16) & 255)]! ^
      t[1024 + (crc >>> 24)]! ^
      t[768 + bytes[i + 4]!]! ^
      t[512 + bytes[i + 5]!]! ^
      t[256 + bytes[i + 6]!]! ^
      t[bytes[i + 7]!]!;
  }
  for (; i < to; i++) crc = (crc >>> 8) ^ t[(crc ^ bytes[i]!) & 255]!;
  return ~crc >>> 0;
}

/** The form in which TFRecord files hold it: turned by 15 bits, plus a constant. */
export function maskedCrc32c(bytes: Uint8Array, from = 0, to = bytes.length): number {
  const crc = crc32c(bytes, from, to);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
