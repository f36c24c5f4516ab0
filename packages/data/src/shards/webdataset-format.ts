// Samples of a WebDataset shard: files of a tar archive that have the same name up to the first dot.
// https://github.com/webdataset/webdataset

import { ByteReader } from "./byte-reader.ts";
import {
  alternatives,
  labelOfText,
  type RawLabel,
  type RawSample,
  type SampleKeys,
  type ShardFormat,
} from "./shard-format.ts";
import { readTar } from "./tar-file.ts";
import { type Complain, longestRecord } from "./tfrecord-file.ts";

export interface WebdatasetKeys extends SampleKeys {
  /** Endings of images ("jpg;jpeg;png;webp;gif;tif;tiff;avif;image"). */
  imageKey?: string;
  /** Endings of labels; in JSON the fields label, cls, class and class_name are looked at ("cls;json;txt;label"). */
  labelKey?: string;
}

const defaultKeys = { imageKey: "jpg;jpeg;png;webp;gif;tif;tiff;avif;image", labelKey: "cls;json;txt;label" };
const jsonFields = ["label", "cls", "class", "class_name", "classname", "target"];
/** A label is a word, or a small JSON text. */
const longestLabel = 1 << 20;

interface Group {
  key: string;
  offset: number;
  image?: { start: number; bytes: Uint8Array };
  labels: Map<string, RawLabel>;
  seen: Set<string>;
  /** Why it cannot be used. */
  refused?: string;
}

export function webdatasetFormat(options: WebdatasetKeys = {}): ShardFormat {
  const imageKeys = alternatives(options.imageKey ?? defaultKeys.imageKey).map((key) => key.toLowerCase());
  const labelKeys = alternatives(options.labelKey ?? defaultKeys.labelKey).map((key) => key.toLowerCase());

  async function* samples(file: string, complain: Complain): AsyncGenerator<RawSample> {
    const reader = await ByteReader.open(file);
    const keys = new Set<string>();
    const finish = (group: Group | undefined): RawSample | undefined => {
      if (group === undefined) return undefined;
      const { key, offset, image, labels } = group;
      const label = labelKeys.map((ending) => labels.get(ending)).find((found) => found !== undefined);
      let reason = group.refused;
      if (keys.has(key)) reason ??= "the same key as an earlier sample of the shard";
      if (image === undefined) reason ??= `no image (${imageKeys.join(", ")}); it has ${[...group.seen].join(", ")}`;
      else if (image.bytes.length === 0) reason ??= "the image is empty";
      if (label === undefined) reason ??= `no label (${labelKeys.join(", ")}); it has ${[...group.seen].join(", ")}`;
      keys.add(key);
      if (reason === undefined) return { key, label: label!, offset, start: image!.start, bytes: image!.bytes };
      complain(offset, `sample "${key.slice(0, 80)}": ${reason}`);
      return undefined;
    };
    try {
      let group: Group | undefined;
      for await (const entry of readTar(reader, complain)) {
        if (entry.kind !== "file") continue;
        const name = keyAndEnding(entry.name);
        if (name === undefined) continue;
        if (group?.key !== name.key) {
          const done = finish(group);
          if (done !== undefined) yield done;
          group = { key: name.key, offset: entry.offset, labels: new Map(), seen: new Set() };
        }
        const { ending } = name;
        if (group.seen.has(ending)) group.refused ??= `two files .${ending}`;
        group.seen.add(ending);
        if (imageKeys.includes(ending) && group.image === undefined) {
          if (entry.size > longestRecord) group.refused ??= `an image of ${entry.size} bytes is too long`;
          else {
            const bytes = await entry.read();
            if (bytes === undefined) group.refused ??= "its image is cut off";
            else group.image = { start: entry.start, bytes };
          }
        } else if (labelKeys.includes(ending)) {
          const bytes = entry.size > longestLabel ? undefined : await entry.read();
          const label = bytes && (ending.endsWith("json") ? labelOfJson : labelOfText)(new TextDecoder().decode(bytes));
          if (label !== undefined) group.labels.set(ending, label);
        }
      }
      const last = finish(group);
      if (last !== undefined) yield last;
    } finally {
      await reader.close();
    }
  }

  return {
    name: "webdataset",
    files: /\.(tar|tar\.gz|tgz)$/i,
    fingerprint: ["webdataset", imageKeys, labelKeys].join("|"),
    samples,
  };
}

/** The key is the path up to the first dot of the file's name, the ending what follows, in small letters. */
function keyAndEnding(path: string): { key: string; ending: string } | undefined {
  const [, key, ending] = /^((?:.*\/)?[^./][^./]*)\.([^/]+)$/s.exec(path) ?? [];
  return key === undefined ? undefined : { key, ending: ending!.toLowerCase() };
}

function labelOfJson(text: string): RawLabel | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return labelOfValue(value);
  const fields = value as Readonly<Record<string, unknown>>;
  const found = jsonFields.map((field) => labelOfValue(fields[field]));
  const index = found.find((label) => label?.index !== undefined)?.index;
  const name = found.find((label) => label?.name !== undefined)?.name;
  if (index === undefined && name === undefined) return undefined;
  return { ...(index !== undefined && { index }), ...(name !== undefined && { name }) };
}

function labelOfValue(value: unknown): RawLabel | undefined {
  if (typeof value === "string") return labelOfText(value);
  return typeof value === "number" && Number.isInteger(value) ? { index: value } : undefined;
}
