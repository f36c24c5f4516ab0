// Damage, lies and malice; what is sound is in cifar-python.test.ts.

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { isVitrineError } from "@vitrine/core";
import { describe, expect, test } from "vitest";
import { readPickle } from "./pickle.ts";
import { integersOf, type PickleValue, textOf } from "./pickle-values.ts";

const packed = readFileSync(new URL("../__fixtures__/cifar-python.json.gz", import.meta.url));
const stored = JSON.parse(gunzipSync(packed).toString()) as Record<string, Record<string, string>>;
const meta = Buffer.from(stored.python2!["cifar-10-batches-py/batches.meta"]!, "base64");
const again = Object.entries(stored.again!).map(([how, text]) => [how, Buffer.from(text, "base64")] as const);

/** A pickle by its instructions, each a letter a byte. */
const pickle = (instructions: string) => Buffer.from(`\x80\x02${instructions}`, "latin1");
const read = (bytes: Uint8Array) => readPickle(bytes, "file", "a CIFAR batch");
const readText = (instructions: string) => read(pickle(instructions));

/** Whether the bytes are read; any error but ours fails the test. */
function isRead(bytes: Uint8Array): boolean {
  try {
    read(bytes);
    return true;
  } catch (error) {
    if (!isVitrineError(error)) throw error;
    return false;
  }
}

test("plain values are those of Python", () => {
  const values = readText("(NK\x07M\x00\x01J\xfe\xff\xff\xff\x8a\x00\x8a\x01\xff\x8a\x02\x2c\x01\x88\x89t.");
  expect(values).toEqual([null, 7, 256, -2, 0, -1, 300, true, false]);
  expect(integersOf(readText("](K\x01Ne."), 2)).toBeUndefined();
  expect(integersOf(readText("]q\x00(K\x01K\x02eK\x03a."), 3)).toEqual([1, 2, 3]);
  const dictionary = readText("}q\x01X\x02\x00\x00\x00\xc3\xa9K\x05s(U\x01ah\x01u.") as Map<string, PickleValue>;
  expect([...dictionary.keys()]).toEqual(["é", "a"]);
  // A dictionary may hold itself.
  expect(dictionary.get("a")).toBe(dictionary);
});

describe("a damaged pickle", () => {
  test("is an error of ours, wherever it is cut off", () => {
    for (const [how, bytes] of again) {
      // All of the instructions around the pixels, and some of the pixels.
      for (let end = 0; end < bytes.length; end += end > 250 && end < bytes.length - 300 ? 97 : 1)
        expect(isRead(bytes.subarray(0, end)), `${how}, ${end} bytes`).toBe(false);
      expect(isRead(bytes), how).toBe(true);
    }
  });

  test("is read or an error of ours, whatever byte is wrong", () => {
    const flipped = Array.from({ length: 8 }, (_, i) => 1 << i);
    const codes = Buffer.from("(.)]}tbRcTXJhqraeus\x94\x93", "latin1");
    const batch = again.find(([how]) => how.startsWith("labels of two"))![1];
    for (const bytes of [meta, batch]) {
      for (let at = 0; at < Math.min(bytes.length, 400); at++) {
        const damaged = Buffer.from(bytes);
        for (const wrong of [...flipped.map((bit) => bytes[at]! ^ bit), ...codes]) {
          damaged[at] = wrong;
          isRead(damaged);
        }
      }
    }
  });

  test("says what it lacks, with the byte", () => {
    const mistakes: [string, string][] = [
      ["T\xff\xff\xff\x7fabc", "truncated: expected 2147483647 bytes from byte 7 on, found 3; download it again"],
      [
        "\x8d\xff\xff\xff\xff\xff\xff\xff\xff",
        "truncated: expected 18446744073709552000 bytes from byte 11 on, found 0; download it again",
      ],
      ["\x96\x00\x00\x00\x00\x01\x00\x00\x00", "truncated: expected 4294967296 bytes from byte 11 on, found 0"],
      ["M\x00", "truncated: expected 2 bytes from byte 3 on, found 1"],
      [".", "expected a CIFAR batch, found a value missing at byte 2"],
      ["K\x01(.", "found a value missing at byte 5"],
      ["K\x01\x86.", "found a value missing at byte 4"],
      ["K\x01t.", "found a mark missing at byte 4"],
      ["K\x01K\x02a.", "found values for a list that is none at byte 6"],
      ["]K\x01K\x02s.", "found values for a dictionary that is none at byte 7"],
      ["}(K\x01u.", "found values for a dictionary that is none at byte 6"],
      ["}K\x01K\x02s.", "found a key that is no short text at byte 7"],
      [`}X\x01\x01\x00\x00${"a".repeat(257)}Ns.`, "found a key that is no short text at byte 266"],
      ["h\x05.", "found a use of value 5, which was not kept, at byte 2"],
      ["j\x05\x00\x00\x00.", "found a use of value 5, which was not kept, at byte 2"],
      ["\x8a\x07\x01\x01\x01\x01\x01\x01\x01.", "found an integer of 7 bytes at byte 2"],
      ["cos", "found a name without an end at byte 2"],
      ["K\x01K\x02\x93.", "found a name that is no short text at byte 6"],
    ];
    for (const [instructions, message] of mistakes) expect(() => readText(instructions)).toThrow(message);
  });
});

describe("a pickle that would call something", () => {
  test("is refused by the name of it, before anything else", () => {
    expect(() => readText("cos\nsystem\n(U\x08rm -rf /tR.")).toThrow(
      "file: expected a CIFAR batch, found a pickle that calls os.system at byte 2",
    );
    expect(() => readText("X\x02\x00\x00\x00osX\x06\x00\x00\x00system\x93.")).toThrow("calls os.system at byte 20");
    const names: [string, string][] = [
      ["__builtin__\neval", "__builtin__.eval"],
      ["numpy\nload", "numpy.load"],
      ["numpy.core.multiarray\n__proto__", "numpy.core.multiarray.__proto__"],
      ["os\x1b[2J\nsystem", "os?[2J.system"],
    ];
    for (const [name, shown] of names)
      expect(() => readText(`c${name}\n.`)).toThrow(`a pickle that calls ${shown} at byte 2`);
  });

  test("is refused where an instruction makes objects or takes them from elsewhere", () => {
    // OBJ, INST, NEWOBJ, NEWOBJ_EX, EXT1, PERSID, BINPERSID, NEXT_BUFFER
    for (const code of ["o", "i", "\x81", "\x92", "\x82", "P", "Q", "\x97"])
      expect(() => readText(`N${code}.`)).toThrow(/found an instruction that no data need, 0x[0-9a-f]{2}, at byte 3$/);
  });

  test("is refused where what is allowed is called in another way", () => {
    const array = "cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R";
    const mistakes: [string, string][] = [
      ["cnumpy\nndarray\n(tR.", "found a call of numpy.ndarray at byte 19"],
      ["cnumpy.core.multiarray\n_reconstruct\nN\x85R.", "found an array that is None at byte"],
      ["cnumpy\ndtype\nU\x01O\x85R.", "found an array of O at byte"],
      ["cnumpy\ndtype\nU\x02u3\x85R.", "found an array of u3 at byte"],
      ["c_codecs\nencode\nX\x01\x00\x00\x00aX\x05\x00\x00\x00utf-7\x86R.", "text that does not stand for bytes"],
      // A letter above 0xff, and half a letter.
      [
        "c_codecs\nencode\nX\x02\x00\x00\x00\xc4\x80X\x06\x00\x00\x00latin1\x86R.",
        "text that does not stand for bytes",
      ],
      ["c_codecs\nencode\nX\x01\x00\x00\x00\xc3X\x06\x00\x00\x00latin1\x86R.", "text that does not stand for bytes"],
      ["K\x01)R.", "found a call of 1 at byte 5"],
      ["cnumpy\ndtype\nNR.", "found a call of numpy.dtype at byte"],
      ["]Nb.", "found a state of a list of 0 at byte 4"],
      [`${array}Nb.`, "found an array of nothing at byte"],
      [`${array}(K\x01K\x05\x85cnumpy\ndtype\nU\x02u1\x85R\x89NtbR.`, "found an array made of None at byte"],
      [`${array}(K\x01]cnumpy\ndtype\nU\x02u1\x85R\x89U\x00tb.`, "found an array of shape a list of 0 at byte"],
      [
        `${array}(K\x01J\xff\xff\xff\xff\x85cnumpy\ndtype\nU\x02u1\x85R\x89U\x00tb.`,
        "found an array of shape a list of 1",
      ],
      [
        `${array}(K\x01(J\xff\xff\xff\x7fJ\xff\xff\xff\x7fK\x00tcnumpy\ndtype\nU\x02u1\x85R\x89U\x01atb.`,
        "found an array [2147483647, 2147483647, 0] of u1 with 1 bytes, not 0, at byte",
      ],
    ];
    for (const [instructions, message] of mistakes) expect(() => readText(instructions)).toThrow(message);
  });
});

describe("a pickle that would grow", () => {
  test("is refused after a million instructions", () => {
    expect(() => readText("(".repeat(2 ** 20))).toThrow("found a pickle of more than 1048576 instructions at byte");
  });

  test("has one copy of a text that it uses often", () => {
    const text = "a".repeat(255);
    const encode = "h\x00h\x01h\x02\x86R";
    const all = readText(
      `(c_codecs\nencode\nq\x00X\xff\x00\x00\x00${text}q\x01X\x06\x00\x00\x00latin1q\x02${encode.repeat(1000)}t.`,
    ) as PickleValue[];
    const bytes = all.slice(3);
    expect(bytes.length).toBe(1000);
    expect(new Set(bytes).size).toBe(1);
    expect(textOf(bytes[0])).toBe(text);
  });
});
