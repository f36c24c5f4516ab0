// What needs Node: the tokenizer's files.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { VitrineError } from "@vitrine/core";
import { clipTokenizer, type Tokenizer, type Vocabulary } from "./tokenizer.ts";

/** Names of the files that a tokenizer is read from; the first one alone, or the other two together. */
export const tokenizerFiles = ["tokenizer.json", "vocab.json", "merges.txt"] as const;

/**
 * The tokenizer that transformers saved in a folder, beside the weights: `vocab.json` and `merges.txt`, or
 * `tokenizer.json`. Of `tokenizer_config.json`, where it is there, the padding token is read.
 * @throws VitrineError where a file is missing or broken.
 */
export async function readTokenizer(folder: string): Promise<Tokenizer> {
  const [whole, vocab, merges, config] = await Promise.all(
    [...tokenizerFiles, "tokenizer_config.json"].map((name) => read(join(folder, name))),
  );
  const padToken = config === undefined ? {} : padTokenOf(parse(folder, "tokenizer_config.json", config));
  if (vocab !== undefined && merges !== undefined) {
    const pairs = merges.split(/\r?\n/).filter((line) => line !== "" && !line.startsWith("#version"));
    return clipTokenizer({
      vocab: parse(folder, "vocab.json", vocab) as Vocabulary["vocab"],
      merges: pairs,
      ...padToken,
    });
  }
  if (whole !== undefined) return clipTokenizer({ ...modelOf(folder, whole), ...padToken });
  const message = "a tokenizer is expected beside the weights: vocab.json and merges.txt, or tokenizer.json";
  throw new VitrineError(folder, `${message}. They are in the repository that the weights are from`, { usage: true });
}

async function read(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw new VitrineError(path, error.message, { cause: error });
  });
}

function parse(folder: string, name: string, text: string): object {
  try {
    return JSON.parse(text) as object;
  } catch (cause) {
    throw new VitrineError(join(folder, name), `is not JSON: ${(cause as Error).message}`, { cause });
  }
}

/** The vocabulary in a `tokenizer.json`, and the tokens that stand beside it there. */
function modelOf(folder: string, text: string): Vocabulary {
  const { model, added_tokens: added = [] } = parse(folder, "tokenizer.json", text) as {
    model?: Partial<Vocabulary>;
    added_tokens?: { content: string; id: number }[];
  };
  if (model?.vocab === undefined || model.merges === undefined)
    throw new VitrineError(join(folder, "tokenizer.json"), "a vocabulary and merges are expected in its model");
  const special = Object.fromEntries(added.map(({ content, id }) => [content, id]));
  return { vocab: { ...model.vocab, ...special }, merges: model.merges };
}

function padTokenOf(config: { pad_token?: string | { content?: string } | null }): { padToken?: string } {
  const token = typeof config.pad_token === "string" ? config.pad_token : config.pad_token?.content;
  return token === undefined ? {} : { padToken: token };
}
