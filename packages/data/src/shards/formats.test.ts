import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { temporaryFolders } from "../testing.ts";
import { ByteReader } from "./byte-reader.ts";
import { crc32c } from "./crc32c.ts";
import { encodeExample, parseExample } from "./example.ts";
import { padding, readTar, tarHeader } from "./tar-file.ts";
import { fixtures, tarEnd, tarFile } from "./testing.ts";

const folder = temporaryFolders("shards");

describe("checksums and messages", () => {
  test("CRC-32C of RFC 3720, B.4", () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
  });

  test("CRC-32C by its definition, bit by bit", () => {
    const byBits = (bytes: Uint8Array) => {
      let crc = 0xffffffff;
      for (const byte of bytes) {
        crc ^= byte;
        for (let k = 0; k < 8; k++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
      }
      return (crc ^ 0xffffffff) >>> 0;
    };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(crc32c(bytes)).toBe(byBits(bytes));
      }),
    );
  });

  test("examples come back as they were written", () => {
    const integers = fc.integer({ min: -(2 ** 53) + 1, max: 2 ** 53 - 1 });
    fc.assert(
      fc.property(fc.uint8Array(), integers, fc.string(), (bytes, number, text) => {
        const found = parseExample(encodeExample({ bytes, number, text }));
        expect(found.get("bytes")!.bytes[0]).toEqual(bytes);
        expect(found.get("number")!.ints[0]! + 0).toBe(number + 0);
        expect(new TextDecoder().decode(found.get("text")!.bytes[0])).toBe(Buffer.from(text).toString());
      }),
    );
  });

  test("integers may be packed or not, and floats are passed over", () => {
    // feature { key: "n" value { int64_list { value: [1, 300] } } }, unpacked; { key: "f" value { float_list { value: 1 } } }.
    const n = [0x0a, 1, 0x6e, 0x12, 7, 0x1a, 5, 0x08, 1, 0x08, 0xac, 0x02];
    const f = [0x0a, 1, 0x66, 0x12, 8, 0x12, 6, 0x0a, 4, 0, 0, 128, 63];
    const features = [0x0a, n.length, ...n, 0x0a, f.length, ...f];
    const found = parseExample(Uint8Array.from([0x0a, features.length, ...features]));
    expect(found.get("n")!.ints).toEqual([1, 300]);
    expect(found.get("f")).toEqual({ bytes: [], ints: [] });
  });

  test("bytes that are no example are refused or read as an empty one, never worse", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          parseExample(bytes);
        } catch (error) {
          expect(String(error)).toMatch(/damaged message/);
        }
      }),
    );
  });
});

test("the reader of bytes gives what the file holds, however it is asked", async () => {
  const path = await folder();
  const bytes = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * 31 + (i >> 9)) & 255);
  await writeFile(join(path, "a"), bytes);
  await writeFile(join(path, "a.gz"), gzipSync(bytes));
  const steps = fc.array(fc.tuple(fc.boolean(), fc.nat(1_500_000)), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(steps, fc.constantFrom("a", "a.gz"), async (asked, name) => {
      const reader = await ByteReader.open(join(path, name));
      let at = 0;
      for (const [skip, length] of asked) {
        const expected = Math.min(length, bytes.length - at);
        expect(reader.position).toBe(at);
        if (skip) expect(await reader.skip(length)).toBe(expected);
        else {
          const found = await reader.read(length);
          expect(Buffer.from(found).equals(bytes.subarray(at, at + expected))).toBe(true);
          if (length % 3 === 0) {
            reader.unread(found);
            continue;
          }
        }
        at += expected;
      }
      await reader.close();
    }),
    { numRuns: 30 },
  );
});

test("a pax header gives the size where it stands", async () => {
  const path = join(await folder(), "a.tar");
  const pax = "12 path=abc\n";
  const header = tarHeader("x", pax.length);
  header[156] = "x".charCodeAt(0);
  header.set(Buffer.from("        "), 148);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.set(Buffer.from(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  await writeFile(
    path,
    Buffer.concat([header, Buffer.from(pax), new Uint8Array(padding(pax.length)), tarFile("y", "hello"), tarEnd]),
  );
  const reader = await ByteReader.open(path);
  for await (const entry of readTar(reader, () => {})) {
    expect(entry.name).toBe("abc");
    expect(Buffer.from((await entry.read())!).toString()).toBe("hello");
  }
  await reader.close();
});

test("fixtures of other programs are gzip files", async () => {
  for (const form of ["pax", "gnu"])
    expect(gunzipSync(await readFile(join(fixtures, `${form}.tar.gz`))).length % 512).toBe(0);
});
