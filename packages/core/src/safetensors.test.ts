import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isVitrineError } from "./errors.ts";
import { encodeSafetensors, parseSafetensors, type TensorEntry } from "./safetensors.ts";
import { dtypeSize, dtypes, viewAs } from "./safetensors-dtype.ts";

// Written by Python's safetensors 0.8.0 (safetensors.numpy.save): every dtype, a scalar, an empty tensor, odd names.
const reference = Buffer.from(
  [
    "WAQAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJucCJ9LCJiLnU2NCI6eyJkdHlwZSI6IlU2NCIsInNoYXBlIjpbMl0sImRhdGFfb2",
    "Zmc2V0cyI6WzAsMTZdfSwiYi5pNjQiOnsiZHR5cGUiOiJJNjQiLCJzaGFwZSI6WzJdLCJkYXRhX29mZnNldHMiOlsxNiwzMl19LCJiLmY2NCI6",
    "eyJkdHlwZSI6IkY2NCIsInNoYXBlIjpbMl0sImRhdGFfb2Zmc2V0cyI6WzMyLDQ4XX0sImEuMTAiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6W1",
    "0sImRhdGFfb2Zmc2V0cyI6WzQ4LDUyXX0sImEuMiI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMCwzXSwiZGF0YV9vZmZzZXRzIjpbNTIsNTJd",
    "fSwiYi5mMzIiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzJdLCJkYXRhX29mZnNldHMiOls1Miw2MF19LCJxXCJcXFxuXHUwMDAxIjp7ImR0eX",
    "BlIjoiRjMyIiwic2hhcGUiOlsxXSwiZGF0YV9vZmZzZXRzIjpbNjAsNjRdfSwi772eIjp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlsxXSwiZGF0",
    "YV9vZmZzZXRzIjpbNjQsNjhdfSwi8J+YgCI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMV0sImRhdGFfb2Zmc2V0cyI6WzY4LDcyXX0sImIudT",
    "MyIjp7ImR0eXBlIjoiVTMyIiwic2hhcGUiOlsyXSwiZGF0YV9vZmZzZXRzIjpbNzIsODBdfSwiYi5pMzIiOnsiZHR5cGUiOiJJMzIiLCJzaGFw",
    "ZSI6WzIsMV0sImRhdGFfb2Zmc2V0cyI6WzgwLDg4XX0sImIuYmYxNiI6eyJkdHlwZSI6IkJGMTYiLCJzaGFwZSI6WzJdLCJkYXRhX29mZnNldH",
    "MiOls4OCw5Ml19LCJiLmYxNiI6eyJkdHlwZSI6IkYxNiIsInNoYXBlIjpbMl0sImRhdGFfb2Zmc2V0cyI6WzkyLDk2XX0sImIudTE2Ijp7ImR0",
    "eXBlIjoiVTE2Iiwic2hhcGUiOlsyXSwiZGF0YV9vZmZzZXRzIjpbOTYsMTAwXX0sImIuaTE2Ijp7ImR0eXBlIjoiSTE2Iiwic2hhcGUiOlsyXS",
    "wiZGF0YV9vZmZzZXRzIjpbMTAwLDEwNF19LCJiLmk4Ijp7ImR0eXBlIjoiSTgiLCJzaGFwZSI6WzJdLCJkYXRhX29mZnNldHMiOlsxMDQsMTA2",
    "XX0sImIudTgiOnsiZHR5cGUiOiJVOCIsInNoYXBlIjpbMl0sImRhdGFfb2Zmc2V0cyI6WzEwNiwxMDhdfSwiYi5ib29sIjp7ImR0eXBlIjoiQk",
    "9PTCIsInNoYXBlIjpbMl0sImRhdGFfb2Zmc2V0cyI6WzEwOCwxMTBdfX0gICAgIAAAAAAAAAAA////////HwABAAAAAADg/wcAAAAAAAAAmpmZ",
    "mZmZuT+cdQCIPOQ3/gAAgD/NzMw9mXaW/gAAgEAAAEBAAAAAQAAAAAD/////AAAAgP///3/AP2L/AD7/+wAA//8AgP9/gH8A/wEA",
  ].join(""),
  "base64",
);

const emoji = "\u{1f600}";
const tilde = "\uff5e";
const odd = 'q"\\\n\x01';
const referenceEntries: TensorEntry[] = [
  { name: "b.bool", dtype: "BOOL", shape: [2], data: Uint8Array.of(1, 0) },
  { name: "b.u8", dtype: "U8", shape: [2], data: Uint8Array.of(0, 255) },
  { name: "b.i8", dtype: "I8", shape: [2], data: Int8Array.of(-128, 127) },
  { name: "b.i16", dtype: "I16", shape: [2], data: Int16Array.of(-32768, 32767) },
  { name: "b.u16", dtype: "U16", shape: [2], data: Uint16Array.of(0, 65535) },
  { name: "b.f16", dtype: "F16", shape: [2], data: Float32Array.of(1.5, -65504) },
  { name: "b.bf16", dtype: "BF16", shape: [2], data: Float32Array.of(1.5, -3e38) },
  { name: "b.i32", dtype: "I32", shape: [2, 1], data: Int32Array.of(-(2 ** 31), 2 ** 31 - 1) },
  { name: "b.u32", dtype: "U32", shape: [2], data: Uint32Array.of(0, 2 ** 32 - 1) },
  { name: "b.f32", dtype: "F32", shape: [2], data: Float32Array.of(0.1, -1e38) },
  { name: "b.f64", dtype: "F64", shape: [2], data: Float64Array.of(0.1, -1e300) },
  { name: "b.i64", dtype: "I64", shape: [2], data: BigInt64Array.of(-(2n ** 53n) + 1n, 7n) },
  { name: "b.u64", dtype: "U64", shape: [2], data: BigUint64Array.of(0n, 2n ** 53n - 1n) },
  { name: "a.10", dtype: "F32", shape: [], data: Float32Array.of(1) },
  { name: "a.2", dtype: "F32", shape: [0, 3], data: new Float32Array(0) },
  { name: emoji, dtype: "F32", shape: [1], data: Float32Array.of(2) },
  { name: tilde, dtype: "F32", shape: [1], data: Float32Array.of(3) },
  { name: odd, dtype: "F32", shape: [1], data: Float32Array.of(4) },
];

/** A file with the given header text and data. */
function file(header: string | Uint8Array, data: Uint8Array = new Uint8Array(0), length?: bigint): Uint8Array {
  const json = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}

const tensor = (dtype: string, shape: unknown, offsets: unknown) =>
  `{"dtype":${JSON.stringify(dtype)},"shape":${JSON.stringify(shape)},"data_offsets":${JSON.stringify(offsets)}}`;

describe("against the reference implementation", () => {
  test("reads what it wrote, in the order of the bytes", () => {
    const checkpoint = parseSafetensors(reference);
    expect(checkpoint.metadata).toEqual({ format: "np" });
    expect([...checkpoint.header.keys()].slice(0, 5)).toEqual(["b.u64", "b.i64", "b.f64", "a.10", "a.2"]);
    expect(checkpoint.header.get("b.i32")).toEqual({ dtype: "I32", shape: [2, 1], offsets: expect.any(Array) });
    for (const { name, dtype, data } of referenceEntries)
      if (dtype === "F16" || dtype === "BF16") expect(checkpoint.readFloat32(name)[0]).toBe(1.5);
      else expect(checkpoint.read(name)).toEqual(data);
    expect(checkpoint.readNumbers("b.f16")).toEqual(Float64Array.of(1.5, -65504));
    expect(checkpoint.readNumbers("b.bf16")[1]).toBeCloseTo(-3e38, -36);
  });

  test("writes the same bytes, whatever the order of the entries", () => {
    expect(Buffer.from(encodeSafetensors(referenceEntries, { format: "np" }))).toEqual(reference);
    expect(Buffer.from(encodeSafetensors([...referenceEntries].reverse(), { format: "np" }))).toEqual(reference);
  });

  test("writes a file without tensors as it does", () => {
    expect(Buffer.from(encodeSafetensors([]))).toEqual(Buffer.from("\x08\0\0\0\0\0\0\0{}      ", "latin1"));
  });
});

describe("numbers", () => {
  test("keep every half-precision value: all 65,536 decode and encode to themselves", () => {
    const all = Uint16Array.from({ length: 65536 }, (_, i) => i);
    for (const dtype of ["F16", "BF16"] as const) {
      const floats = parseSafetensors(encodeSafetensors([{ name: "x", dtype, shape: [65536], data: all }])).readFloat32(
        "x",
      );
      const back = parseSafetensors(
        encodeSafetensors([{ name: "x", dtype, shape: [65536], data: floats.slice() }]),
      ).read("x") as Uint16Array;
      const wrong = [...all].filter((half, i) => !Number.isNaN(floats[i]) && back[i] !== half);
      expect(wrong).toEqual([]);
      expect(floats.filter(Number.isNaN).length).toBe(dtype === "F16" ? 2046 : 254);
      expect([...back].every((half, i) => !Number.isNaN(floats[i]) || half === 0 || isNaNHalf(dtype, half))).toBe(true);
    }
    function isNaNHalf(dtype: "F16" | "BF16", half: number): boolean {
      return (half & 0x7fff) > (dtype === "F16" ? 0x7c00 : 0x7f80);
    }
  });

  test("round to the nearest half, ties to even", () => {
    const half = (values: number[], dtype: "F16" | "BF16") =>
      parseSafetensors(
        encodeSafetensors([{ name: "x", dtype, shape: [values.length], data: Float32Array.from(values) }]),
      ).readNumbers("x");
    const ulp = 2 ** -10;
    expect([...half([1 + ulp / 2, 1 + 1.5 * ulp, 1 + 0.51 * ulp, 65519, 65520, -1e9], "F16")]).toEqual([
      1,
      1 + 2 * ulp,
      1 + ulp,
      65504,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ]);
    const tiny = 2 ** -24;
    expect([...half([0.5 * tiny, 1.5 * tiny, 0.51 * tiny, 1023.5 * tiny], "F16")]).toEqual([
      0,
      2 * tiny,
      tiny,
      1024 * tiny,
    ]);
    expect([...half([1 + 2 ** -8, 1 + 3 * 2 ** -8], "BF16")]).toEqual([1, 1 + 2 ** -6]);
  });

  test("of 64 bits are given only where they are exact", () => {
    const checkpoint = parseSafetensors(
      encodeSafetensors([
        { name: "steps", dtype: "I64", shape: [2], data: Int32Array.of(-5, 40) },
        { name: "big", dtype: "I64", shape: [2], data: BigInt64Array.of(1n, 2n ** 53n) },
        { name: "odd", dtype: "I64", shape: [1], data: BigInt64Array.of(2n ** 24n + 1n) },
      ]),
    );
    expect([...checkpoint.readNumbers("steps")]).toEqual([-5, 40]);
    expect([...checkpoint.readFloat32("steps")]).toEqual([-5, 40]);
    expect(() => checkpoint.readNumbers("big")).toThrow("element 1 is 9007199254740992");
    expect(() => checkpoint.readFloat32("odd")).toThrow("element 0 is 16777217, which float32 cannot hold");
  });
});

describe("refuses", () => {
  const one = Uint8Array.of(1, 2, 3, 4);
  const cases: [what: string, bytes: Uint8Array, message: string | RegExp][] = [
    ["an empty file", new Uint8Array(0), "at least 8 bytes, found 0"],
    ["a file of 7 bytes", new Uint8Array(7), "at least 8 bytes, found 7"],
    ["a header longer than the file", file("{}", undefined, 3n), "says it is 3 bytes long, but the file has only 2"],
    ["a header over 100 MB", file("{}", undefined, 100_000_001n), "more than the format's limit of 100000000"],
    ["a header length of 2^64 - 1", file("{}", undefined, 2n ** 64n - 1n), "more than the format's limit"],
    ["a pickle", Buffer.from("PK\x03\x04 and so on"), "a PyTorch pickle"],
    ["an LFS pointer", Buffer.from("version https://git-lfs.github.com/spec/v1"), "git lfs pull"],
    ["a web page", Buffer.from("<!DOCTYPE html><html></html>"), "a web page"],
    ["text that is not UTF-8", file(Uint8Array.of(0x7b, 0xff, 0x7d)), "not UTF-8"],
    ["a byte order mark", file("\ufeff{}"), "expected the header"],
    ["an empty header", file(""), "expected the header, found the end"],
    ["a header that is a list", file("[]"), 'expected the header, found "[]"'],
    ["a header without end", file('{"a":'), "expected tensor"],
    ["a text without end", file('{"a'), "text without an end"],
    ["text after the header", file("{} x"), 'expected the end, found "x"'],
    ["a trailing comma", file(`{"a":${tensor("U8", [4], [0, 4])},}`, one), "expected a key of the header"],
    [
      "a name given twice",
      file(`{"a":${tensor("U8", [4], [0, 4])},"a":${tensor("U8", [4], [0, 4])}}`, one),
      '"a" twice',
    ],
    ["an escaped name given twice", file(`{"a":${tensor("U8", [4], [0, 4])},"\\u0061":{}}`, one), '"a" twice'],
    ["a key given twice", file('{"a":{"dtype":"U8","dtype":"I8"}}'), '"dtype" twice'],
    ["metadata that is no text", file('{"__metadata__":{"a":1}}'), 'the text of __metadata__ "a"'],
    ["metadata given twice", file('{"__metadata__":{},"__metadata__":{}}'), "twice"],
    ["a tensor that is a number", file('{"a":1}'), 'expected tensor "a", found "1}"'],
    ["a tensor without shape", file('{"a":{"dtype":"U8","data_offsets":[0,4]}}', one), "found no shape"],
    ["an unknown dtype", file(`{"a":${tensor("F8_E4M3", [4], [0, 4])}}`, one), '"F8_E4M3" is not one of U64'],
    ["a dtype named like an object's member", file(`{"a":${tensor("toString", [4], [0, 4])}}`, one), "is not one of"],
    [
      "a negative dimension",
      file(`{"a":${tensor("U8", [-4], [0, 4])}}`, one),
      'a dimension of tensor "a", a whole number',
    ],
    ["a fractional dimension", file(`{"a":${tensor("U8", [1.5], [0, 4])}}`, one), "whole number"],
    ["a dimension in exponents", file('{"a":{"dtype":"U8","shape":[4e0],"data_offsets":[0,4]}}', one), "whole number"],
    [
      "a dimension over 2^53",
      file('{"a":{"dtype":"U8","shape":[9007199254740992],"data_offsets":[0,4]}}', one),
      "2^53",
    ],
    ["a shape over 2^53", file(`{"a":${tensor("U8", [2 ** 30, 2 ** 30], [0, 4])}}`, one), "larger than any file"],
    ["a huge shape times zero", file(`{"a":${tensor("U8", [2 ** 52, 2 ** 52, 0], [0, 0])}}`), "larger than any file"],
    ["a shape that is a text", file(`{"a":${tensor("U8", "4", [0, 4])}}`, one), 'the shape of tensor "a"'],
    [
      "a size unequal to the shape",
      file(`{"a":${tensor("U8", [3], [0, 4])}}`, one),
      "takes 3 bytes, but its offsets [0, 4] span 4",
    ],
    ["offsets that run backwards", file(`{"a":${tensor("U8", [4], [4, 0])}}`, one), "start <= end, found [4,0]"],
    ["three offsets", file(`{"a":${tensor("U8", [4], [0, 4, 4])}}`, one), "found [0,4,4]"],
    [
      "offsets beyond the file",
      file(`{"a":${tensor("U8", [5], [0, 5])}}`, one),
      "ends at byte 5, but the file holds only 4",
    ],
    [
      "overlap",
      file(`{"a":${tensor("U8", [3], [0, 3])},"b":${tensor("U8", [2], [2, 4])}}`, one),
      '"b" at bytes [2,4] overlaps tensor "a"',
    ],
    [
      "a tensor inside another",
      file(`{"a":${tensor("U8", [4], [0, 4])},"b":${tensor("U8", [1], [1, 2])}}`, one),
      "overlaps",
    ],
    [
      "a gap",
      file(`{"a":${tensor("U8", [1], [0, 1])},"b":${tensor("U8", [2], [2, 4])}}`, one),
      'between tensor "a" and tensor "b" lie 1 bytes',
    ],
    ["a gap at the start", file(`{"a":${tensor("U8", [3], [1, 4])}}`, one), "between the header and"],
    ["bytes after the last tensor", file(`{"a":${tensor("U8", [3], [0, 3])}}`, one), "1 bytes follow the last tensor"],
    ["a name that reaches into objects", file(`{"__proto__":${tensor("U8", [4], [0, 4])}}`, one), "not allowed"],
    ["such a name in a path", file(`{"a.constructor.b":${tensor("U8", [4], [0, 4])}}`, one), "not allowed"],
    ["deep nesting", file(`{"a":{"x":${"[".repeat(50_000)}`), "nested too deeply"],
  ];
  test.for(cases)("%s", ([, bytes, message]) => {
    let error: unknown;
    try {
      parseSafetensors(bytes, "best.safetensors");
    } catch (caught) {
      error = caught;
    }
    expect(isVitrineError(error), String(error)).toBe(true);
    expect((error as Error).message).toMatch(/^best\.safetensors: /);
    expect((error as Error).message).toContain(message);
  });

  test("to write what it would not read", () => {
    const data = new Float32Array(2);
    const entry = (over: object): TensorEntry => ({ name: "a", dtype: "F32", shape: [2], data, ...over });
    const write =
      (...entries: TensorEntry[]) =>
      () =>
        encodeSafetensors(entries);
    expect(write(entry({}), entry({}))).toThrow('"a" is given twice');
    expect(write(entry({ name: "__metadata__" }))).toThrow("reserved");
    expect(write(entry({ name: "a.__proto__" }))).toThrow("not allowed");
    expect(write(entry({ shape: [3] }))).toThrow("takes 12 bytes, found 8");
    expect(write(entry({ shape: [-2] }))).toThrow("not a whole number");
    expect(write(entry({ dtype: "I32" }))).toThrow("expected Int32Array for dtype I32, found Float32Array");
    expect(write(entry({ dtype: "F8" }))).toThrow("not one of");
  });

  test("a name that is not there, with the nearest that is", () => {
    expect(() => parseSafetensors(reference).read("a.1O")).toThrow('no tensor "a.1O" (did you mean "a.10"?)');
  });
});

test("takes a header whose length looks like the first bytes of a pickle", () => {
  const bytes = file("{}".padEnd(0x280));
  expect(bytes.subarray(0, 2)).toEqual(Uint8Array.of(0x80, 0x02));
  expect(parseSafetensors(bytes).header.size).toBe(0);
});

test("passes over what it does not know of a tensor, and takes tensors in any order of the header", () => {
  const header = `{ "b":${tensor("U8", [2], [2, 4])}, "a":{"extra":[{"x":[1,-2.5e3,null,true,"]"]}],"dtype":"U8","shape":[2],"data_offsets":[0,2]} } \n`;
  const checkpoint = parseSafetensors(file(header, Uint8Array.of(1, 2, 3, 4)));
  expect([...checkpoint.header.keys()]).toEqual(["a", "b"]);
  expect([...checkpoint.readNumbers("b")]).toEqual([3, 4]);
});

describe("any input", () => {
  const entries = fc.uniqueArray(
    fc.record({
      name: fc
        .string({ unit: "binary", maxLength: 12 })
        .filter((name) => !/^__metadata__$|__proto__|constructor/.test(name)),
      dtype: fc.constantFrom(...dtypes),
      shape: fc.array(fc.nat(4), { maxLength: 4 }),
      seed: fc.nat(255),
    }),
    { selector: ({ name }) => name, maxLength: 6 },
  );
  const build = (drawn: { name: string; dtype: (typeof dtypes)[number]; shape: number[]; seed: number }[]) =>
    drawn.map(({ name, dtype, shape, seed }): TensorEntry => {
      const bytes = Uint8Array.from(
        { length: shape.reduce((a, b) => a * b, dtypeSize(dtype)) },
        (_, i) => (seed + 37 * i) & (dtype === "BOOL" ? 1 : 255),
      );
      return { name, dtype, shape, data: viewAs(dtype, bytes.buffer) };
    });

  test("comes back as it went in", () => {
    fc.assert(
      fc.property(entries, fc.dictionary(fc.string(), fc.string()), (drawn, metadata) => {
        const tensors = build(drawn);
        const back = parseSafetensors(encodeSafetensors(tensors, metadata));
        expect(back.header.size).toBe(tensors.length);
        expect({ ...back.metadata }).toEqual({ ...metadata });
        for (const { name, dtype, shape, data } of tensors) {
          expect(back.header.get(name)).toMatchObject({ dtype, shape });
          expect(Buffer.from(back.read(name).buffer as ArrayBuffer)).toEqual(Buffer.from(data.buffer as ArrayBuffer));
        }
      }),
      { numRuns: 100 },
    );
  });

  /** Reads everything; the only way to fail is a VitrineError. Returns whether the bytes were accepted. */
  function accepts(bytes: Uint8Array): boolean {
    try {
      const checkpoint = parseSafetensors(bytes);
      let total = 0;
      for (const name of checkpoint.header.keys()) total += checkpoint.read(name).byteLength;
      expect(total).toBeLessThanOrEqual(bytes.length);
      return true;
    } catch (error) {
      if (isVitrineError(error)) return false;
      throw error;
    }
  }

  test("with bytes changed, cut or added is read or refused, and nothing larger than the file is allocated", () => {
    const flips = fc.array(fc.tuple(fc.nat(reference.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(flips, fc.integer({ min: -40, max: 40 }), (changes, grow) => {
        const bytes = new Uint8Array(Math.max(0, reference.length + (grow > 20 || grow < -20 ? grow : 0)));
        bytes.set(reference.subarray(0, bytes.length));
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        accepts(bytes);
      }),
      { numRuns: 3000 },
    );
  });

  test("with numbers and texts of the header exchanged is read or refused", () => {
    const length = Number(reference.readBigUInt64LE());
    const header = reference.toString("utf8", 8, 8 + length);
    const tokens = [...header.matchAll(/\d+|"[^"]*"|[{}[\],:]/g)];
    const replacement = fc.oneof(
      fc.constantFrom(
        "-1",
        "0",
        "1e9",
        "1e400",
        "9007199254740993",
        "null",
        "{}",
        "[]",
        '"F32"',
        '"__proto__"',
        ",",
        "}",
        "",
      ),
      fc.nat().map(String),
      fc.json(),
    );
    fc.assert(
      fc.property(fc.nat(tokens.length - 1), replacement, (which, text) => {
        const { 0: token, index } = tokens[which]!;
        const changed = header.slice(0, index) + text + header.slice(index + token.length);
        accepts(file(changed, reference.subarray(8 + length)));
      }),
      { numRuns: 3000 },
    );
    expect(accepts(reference)).toBe(true);
  });

  test("made of random bytes is refused", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => !accepts(bytes)),
      { numRuns: 500 },
    );
  });
});
