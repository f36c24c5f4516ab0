// Samples of a TFRecord file: an image and its class under the keys that TensorFlow's own programs use.

import { isVitrineError } from "@vitrine/core";
import { ByteReader } from "./byte-reader.ts";
import { type Feature, parseExample } from "./example.ts";
import {
  alternatives,
  labelOfText,
  type RawLabel,
  type RawSample,
  type SampleKeys,
  type ShardFormat,
} from "./shard-format.ts";
import { type Complain, frameHead, readRecords } from "./tfrecord-file.ts";

export interface TfrecordKeys extends SampleKeys {
  /** Where the bytes of the image are ("image/encoded;image;image_raw"). */
  imageKey?: string;
  /** Where its class is, an integer or a name ("image/class/label;label"). */
  labelKey?: string;
  /** Where the name of its class is ("image/class/text"). */
  textKey?: string;
}

const defaultKeys = {
  imageKey: "image/encoded;image;image_raw",
  labelKey: "image/class/label;label",
  textKey: "image/class/text",
};
/** Where examples say what the image is called. */
const nameKeys = ["image/filename", "file_name", "id"];

export function tfrecordFormat(options: TfrecordKeys = {}): ShardFormat {
  const imageKeys = alternatives(options.imageKey ?? defaultKeys.imageKey);
  const labelKeys = alternatives(options.labelKey ?? defaultKeys.labelKey);
  const textKeys = alternatives(options.textKey ?? defaultKeys.textKey);

  async function* samples(file: string, complain: Complain): AsyncGenerator<RawSample> {
    const reader = await ByteReader.open(file);
    try {
      if (reader.size === 0) complain(0, "the file is empty");
      let row = -1;
      for await (const { offset, data } of readRecords(reader, complain)) {
        row++;
        try {
          const features = parseExample(data);
          const bytes = first(features, imageKeys)?.bytes[0];
          const label = labelOf(first(features, labelKeys), first(features, textKeys));
          if (bytes === undefined)
            complain(offset, `no image under ${imageKeys.join(" or ")}; it has ${listed(features)}`);
          else if (bytes.length === 0) complain(offset, "the image is empty");
          else if (label === undefined)
            complain(offset, `no label under ${labelKeys.join(" or ")}; it has ${listed(features)}`);
          else {
            const start = offset + frameHead + bytes.byteOffset - data.byteOffset;
            yield { key: textOf(first(features, nameKeys)) ?? String(row), label, offset, start, bytes: bytes.slice() };
          }
        } catch (error) {
          if (!isVitrineError(error)) throw error;
          complain(offset, error.message);
        }
      }
    } finally {
      await reader.close();
    }
  }

  return {
    name: "tfrecord",
    files: /(\.tfrecords?|\.tfrec)(-\d+-of-\d+)?(\.gz)?$|^[\w.-]*-\d{5}-of-\d{5}(\.gz)?$/i,
    fingerprint: ["tfrecord", imageKeys, labelKeys, textKeys].join("|"),
    samples,
  };
}

function first(features: ReadonlyMap<string, Feature>, keys: readonly string[]): Feature | undefined {
  for (const key of keys) {
    const feature = features.get(key);
    if (feature !== undefined && feature.bytes.length + feature.ints.length > 0) return feature;
  }
  return undefined;
}

function labelOf(label: Feature | undefined, text: Feature | undefined): RawLabel | undefined {
  const index = label?.ints[0];
  const name = textOf(text);
  if (index !== undefined) return { index, ...(name !== undefined && { name }) };
  const written = textOf(label);
  if (written !== undefined) return labelOfText(written);
  return name === undefined ? undefined : { name };
}

function textOf(feature: Feature | undefined): string | undefined {
  const bytes = feature?.bytes[0];
  return bytes === undefined || bytes.length === 0 ? undefined : new TextDecoder().decode(bytes.subarray(0, 1000));
}

function listed(features: ReadonlyMap<string, Feature>): string {
  const names = [...features.keys()].sort();
  return names.length === 0 ? "no features" : `${names.slice(0, 8).join(", ")}${names.length > 8 ? ", …" : ""}`;
}
