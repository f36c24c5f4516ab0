// CLIP's tokenizer: byte-pair encoding of the bytes of lower-case words, with a mark where a word ends. As transformers'
// CLIPTokenizer does it, that is without the repair of broken text that OpenAI's own has.
// Sennrich et al. 2016, https://arxiv.org/abs/1508.07909

import { tf, VitrineError } from "@vitrine/core";

/** What a tokenizer is made of. */
export interface Vocabulary {
  /** Numbers of tokens, in the alphabet of bytes (GPT-2's). */
  vocab: Readonly<Record<string, number>>;
  /** Pairs to join, the most usual first: "th e</w>", or the two apart. */
  merges: readonly (string | readonly [string, string])[];
  /** Token that fills up short texts. Default the end token. */
  padToken?: string;
}

export interface Tokenizer {
  readonly padId: number;
  readonly startId: number;
  readonly endId: number;
  /** Start, the text, end; cut to `maxLength` tokens where that is given, the end kept. */
  encode(text: string, maxLength?: number): number[];
  /** Texts filled up to the same length, as a model takes them: int32 [texts, length]. Default the context of CLIP, 77. */
  batch(texts: readonly string[], length?: number): tf.Tensor2D;
  /** The text of tokens; start, end and padding are left out. */
  decode(ids: readonly number[]): string;
}

const start = "<|startoftext|>";
const end = "<|endoftext|>";
const wordEnd = "</w>";

/** A tokenizer of a vocabulary. @throws VitrineError where it lacks a token that is needed. */
export function clipTokenizer({ vocab, merges, padToken = end }: Vocabulary): Tokenizer {
  const idOf = (token: string): number => {
    const id = vocab[token];
    if (id === undefined) throw new VitrineError("tokenizer", `the vocabulary has no "${token}"; is it CLIP's?`);
    return id;
  };
  const [startId, endId, padId] = [idOf(start), idOf(end), idOf(padToken)];
  const words = wordEncoder(vocab, merges, endId);
  const special = new Map([start, end, padToken].map((token) => [token, idOf(token)]));

  const encode = (text: string, maxLength = Number.POSITIVE_INFINITY): number[] => {
    if (maxLength < 2)
      throw new VitrineError("tokenizer", `room for 2 tokens at least is expected, found ${maxLength}`);
    const ids = splitAt(text, [...special.keys()]).flatMap(
      (part) => special.get(part) ?? piecesOf(part).flatMap(words),
    );
    return [startId, ...ids.slice(0, maxLength - 2), endId];
  };
  const textOf = new Map(Object.entries(vocab).map(([token, id]) => [id, token]));
  return {
    padId,
    startId,
    endId,
    encode,
    batch(texts, length = 77) {
      const values = new Int32Array(texts.length * length).fill(padId);
      texts.forEach((text, row) => {
        values.set(encode(text, length), row * length);
      });
      return tf.tensor2d(values, [texts.length, length], "int32");
    },
    decode(ids) {
      const named = ids.map((id) => textOf.get(id) ?? "").filter((token) => !special.has(token));
      const bytes = [...named.join("").replaceAll(wordEnd, " ")].map((char) => byteOf.get(char) ?? 32);
      return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(bytes)).trim();
    },
  };
}

/** The parts of a text between special tokens, and these tokens; the earliest one in the text first. */
function splitAt(text: string, tokens: readonly string[]): string[] {
  const escaped = tokens.map((token) => token.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return text.split(new RegExp(`(${escaped.join("|")})`)).filter((part) => part !== "");
}

// Contractions, words, single digits, runs of other signs.
const piece = /'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\p{White_Space}\p{L}\p{N}]+/gu;

/** A text's pieces, composed, in lower case, without white space. */
function piecesOf(text: string): string[] {
  const even = text.normalize("NFC").replace(/\p{White_Space}+/gu, " ");
  // A character at a time: that of a word would write the last sigma of a Greek word differently.
  const lower = Array.from(even, (char) => char.toLowerCase()).join("");
  return lower.match(piece) ?? [];
}

/** From a piece to its tokens: its characters, joined pair by pair in the order of the merges. */
function wordEncoder(
  vocab: Vocabulary["vocab"],
  merges: Vocabulary["merges"],
  unknownId: number,
): (piece: string) => number[] {
  const ranks = new Map(merges.map((pair, rank) => [typeof pair === "string" ? pair : pair.join(" "), rank]));
  const known = new Map<string, number[]>();
  return (piece) => {
    const cached = known.get(piece);
    if (cached) return cached;
    const parts = Array.from(new TextEncoder().encode(piece), (byte) => alphabet[byte]!);
    parts.push(parts.pop() + wordEnd);
    while (join(parts, ranks));
    const ids = parts.map((part) => vocab[part] ?? unknownId);
    known.set(piece, ids);
    return ids;
  };
}

/** Joins the pair that comes first among the merges, the leftmost where it occurs twice. @returns whether there was one */
function join(parts: string[], ranks: ReadonlyMap<string, number>): boolean {
  let best = Number.POSITIVE_INFINITY;
  let at = -1;
  for (let i = 0; i + 1 < parts.length; i++) {
    const rank = ranks.get(`${parts[i]} ${parts[i + 1]}`) ?? Number.POSITIVE_INFINITY;
    if (rank < best) [best, at] = [rank, i];
  }
  if (at === -1) return false;
  parts.splice(at, 2, parts[at]! + parts[at + 1]!);
  return true;
}

/** Bytes as printable characters: those that are stay, the others get the characters from 256 on. */
const alphabet: readonly string[] = (() => {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
    return String.fromCodePoint(printable ? byte : next++);
  });
})();

const byteOf: ReadonlyMap<string, number> = new Map(alphabet.map((char, byte) => [char, byte]));
