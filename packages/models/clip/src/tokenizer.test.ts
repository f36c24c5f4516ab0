// Numbers: CLIPTokenizer of transformers 5.23, with a vocabulary of a few merges; made by scripts/fixtures/clip.py.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { useBackend } from "@vitrine/test-utils";
import { describe, expect, test } from "vitest";
import { readTokenizer } from "./node.ts";
import { clipTokenizer } from "./tokenizer.ts";

const folder = fileURLToPath(new URL("../fixtures/tokenizer/", import.meta.url));
const rows = JSON.parse(readFileSync(`${folder}texts.json`, "utf8")) as {
  text: string;
  ids: number[];
  padded: number[];
  decoded: string;
}[];
const tokenizer = await readTokenizer(folder);

describe("clipTokenizer", () => {
  test.each(rows)("gives the reference's tokens: $text", ({ text, ids }) => {
    expect(tokenizer.encode(text)).toEqual(ids);
  });

  test.each(rows)("gives the reference's text back: $text", ({ padded, decoded }) => {
    expect(tokenizer.decode(padded)).toBe(decoded);
  });

  test("cuts and fills up to a length", async () => {
    await useBackend("cpu");
    const batch = tokenizer.batch(
      rows.map(({ text }) => text),
      24,
    );
    expect(batch.dtype).toBe("int32");
    expect(await batch.array()).toEqual(rows.map(({ padded }) => padded));
    expect(tokenizer.batch(["cat"]).shape).toEqual([1, 77]);
  });

  test("fills up with another token where the vocabulary has one", () => {
    const vocab = { "<|startoftext|>": 0, "<|endoftext|>": 1, "!</w>": 2, "!": 3 };
    expect(clipTokenizer({ vocab, merges: [], padToken: "!" }).padId).toBe(3);
    expect(() => clipTokenizer({ vocab: { a: 0 }, merges: [] })).toThrow('the vocabulary has no "<|startoftext|>"');
  });
});
