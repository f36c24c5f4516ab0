// The header of a safetensors file: read with every promise of the format checked, and written as the reference does.
// Layout of a file: 8 bytes length n (little-endian) | n bytes JSON | the tensors' bytes, without gaps.
// Format: https://huggingface.co/docs/safetensors

import { VitrineError } from "./errors.ts";
import { type Dtype, dtypeSize, dtypes, isDtype } from "./safetensors-dtype.ts";
import { HeaderSyntaxError, JsonReader } from "./safetensors-json.ts";

/** The format's own limit for the length of a header, in bytes. */
export const maxHeaderBytes = 100_000_000;

/** Where a tensor lies, and what it is. */
export interface TensorInfo {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Its bytes, [start, end), counted from the first byte after the header. */
  readonly offsets: readonly [start: number, end: number];
}

export interface SafetensorsHeader {
  /** Tensors by name, in the order of their bytes. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** The free-form texts of `__metadata__`. Without prototype, so any key is safe to look up. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** How many bytes from the start of a file `headerLength` wants: the length, and the first character of the JSON. */
export const sniffBytes = 9;

/**
 * The length of the header, from the first bytes of a file of `fileBytes` bytes. What is plainly another kind of file
 * is named, for that is the usual reason.
 */
export function headerLength(where: string, start: Uint8Array, fileBytes: number): number {
  const length = start.length < 8 ? 0 : Number(new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true));
  const kind = start[8] === 0x7b && length <= fileBytes - 8 ? undefined : foreignKind(start);
  if (kind !== undefined) throw new VitrineError(where, `expected a safetensors file, found ${kind}`);
  if (start.length < 8)
    throw new VitrineError(where, `expected a safetensors file of at least 8 bytes, found ${fileBytes}; ${fetchAgain}`);
  if (length > maxHeaderBytes)
    throw new VitrineError(
      where,
      `the header says it is ${length} bytes long, more than the format's limit of ${maxHeaderBytes}; this is not a safetensors file, or a damaged one`,
    );
  if (8 + length > fileBytes)
    throw new VitrineError(
      where,
      `the header says it is ${length} bytes long, but the file has only ${fileBytes - 8} bytes after the length; ${fetchAgain}`,
    );
  return length;
}

/** Reads and checks a header. `dataBytes` is what the file holds after it. */
export function parseHeader(where: string, json: Uint8Array, dataBytes: number): SafetensorsHeader {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(json);
  } catch (cause) {
    throw new VitrineError(where, "the header is not UTF-8 text; the file is damaged", { cause });
  }
  const tensors: [name: string, info: TensorInfo][] = [];
  const metadata: Record<string, string> = Object.create(null);
  const reader = new JsonReader(text);
  try {
    reader.object("the header", (name) => {
      if (name === "__metadata__")
        reader.object("__metadata__", (key) => {
          metadata[key] = reader.string(`the text of __metadata__ ${JSON.stringify(key)}`);
        });
      else tensors.push([name, readInfo(where, name, reader)]);
    });
    reader.end();
  } catch (cause) {
    if (!(cause instanceof HeaderSyntaxError)) throw cause;
    throw new VitrineError(where, `the header is not as it should be: ${cause.message}`, { cause });
  }
  tensors.sort(([, a], [, b]) => a.offsets[0] - b.offsets[0] || a.offsets[1] - b.offsets[1]);
  checkOffsets(where, tensors, dataBytes);
  return { tensors: new Map(tensors), metadata };
}

function readInfo(where: string, name: string, reader: JsonReader): TensorInfo {
  checkName(where, name);
  const tensor = `tensor ${JSON.stringify(name)}`;
  let dtype: string | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  reader.object(tensor, (key) => {
    if (key === "dtype") dtype = reader.string(`the dtype of ${tensor}`);
    else if (key === "shape") {
      const dims: number[] = [];
      reader.array(`the shape of ${tensor}`, () => dims.push(reader.count(`a dimension of ${tensor}`)));
      shape = dims;
    } else if (key === "data_offsets") {
      const ends: number[] = [];
      reader.array(`the data_offsets of ${tensor}`, () => ends.push(reader.count(`an offset of ${tensor}`)));
      offsets = ends;
    } else reader.skip(`${JSON.stringify(key)} of ${tensor}`);
  });
  if (dtype === undefined || shape === undefined || offsets === undefined)
    throw new VitrineError(where, `${tensor}: expected dtype, shape and data_offsets, found no ${missing()}`);
  if (!isDtype(dtype))
    throw new VitrineError(where, `${tensor}: dtype ${JSON.stringify(dtype)} is not one of ${dtypes.join(", ")}`);
  const [start, end] = offsets;
  if (offsets.length !== 2 || start === undefined || end === undefined || start > end)
    throw new VitrineError(
      where,
      `${tensor}: expected data_offsets [start, end] with start <= end, found [${offsets}]`,
    );
  const bytes = tensorBytes(where, name, dtype, shape);
  if (end - start !== bytes)
    throw new VitrineError(
      where,
      `${tensor}: ${dtype} of shape [${shape}] takes ${bytes} bytes, but its offsets [${start}, ${end}] span ${end - start}`,
    );
  return { dtype, shape, offsets: [start, end] };

  function missing(): string {
    return Object.entries({ dtype, shape, data_offsets: offsets })
      .filter(([, value]) => value === undefined)
      .map(([key]) => key)
      .join(", ");
  }
}

/** Bytes of a tensor; refuses sizes beyond 2^53 - 1. */
export function tensorBytes(where: string, name: string, dtype: Dtype, shape: readonly number[]): number {
  let count = dtypeSize(dtype);
  for (const dim of shape) {
    if (!Number.isSafeInteger(dim) || dim < 0)
      throw new VitrineError(
        where,
        `tensor ${JSON.stringify(name)}: dimension ${dim} of [${shape}] is not a whole number`,
      );
    count *= dim;
    if (!Number.isSafeInteger(count))
      throw new VitrineError(where, `tensor ${JSON.stringify(name)}: shape [${shape}] is larger than any file can be`);
  }
  return count;
}

/** Names become paths in trees of plain objects, where these two would reach into every object of the program. */
export function checkName(where: string, name: string): void {
  if (name.split(".").some((part) => part === "__proto__" || part === "constructor"))
    throw new VitrineError(
      where,
      `tensor name ${JSON.stringify(name)} is not allowed: it would change JavaScript's own objects`,
    );
}

/** In the order of their offsets, tensors must cover the data exactly: no overlap, no gap, nothing after the last. */
function checkOffsets(where: string, tensors: readonly [string, TensorInfo][], dataBytes: number): void {
  let previous = "the header";
  let position = 0;
  for (const [name, { offsets }] of tensors) {
    const [start, end] = offsets;
    const tensor = `tensor ${JSON.stringify(name)}`;
    if (end > dataBytes)
      throw new VitrineError(
        where,
        `${tensor} ends at byte ${end}, but the file holds only ${dataBytes} bytes of data: it is truncated; ${fetchAgain}`,
      );
    if (start < position) throw new VitrineError(where, `${tensor} at bytes [${offsets}] overlaps ${previous}`);
    if (start > position)
      throw new VitrineError(where, `between ${previous} and ${tensor} lie ${start - position} bytes of no tensor`);
    position = end;
    previous = tensor;
  }
  if (position !== dataBytes)
    throw new VitrineError(where, `${dataBytes - position} bytes follow the last tensor; expected none`);
}

/** A tensor to be placed in a file. */
export interface Placed<T> {
  readonly entry: T;
  readonly bytes: number;
}

/**
 * The first bytes of a file (length and header) and the tensors in the order in which their bytes follow: by falling
 * alignment of the dtype, then by name in the order of code points, as the reference implementation sorts them. Metadata
 * is sorted by key; the reference leaves that to a hash table, so files with two or more keys differ there.
 */
export function buildHeader<T extends { name: string; dtype: Dtype; shape: readonly number[] }>(
  where: string,
  entries: Iterable<T>,
  metadata: Readonly<Record<string, string>> | undefined,
): { head: Uint8Array; placed: Placed<T>[] } {
  const sorted = [...entries].sort(
    (a, b) => dtypes.indexOf(a.dtype) - dtypes.indexOf(b.dtype) || compareCodePoints(a.name, b.name),
  );
  const placed: Placed<T>[] = [];
  const members: string[] = [];
  const seen = new Set<string>();
  if (metadata !== undefined) {
    const texts = Object.entries(metadata).sort(([a], [b]) => compareCodePoints(a, b));
    for (const [key, text] of texts)
      if (typeof text !== "string")
        throw new VitrineError(where, `metadata ${JSON.stringify(key)} must be a text, found ${typeof text}`, {
          usage: true,
        });
    members.push(`"__metadata__":{${texts.map(([key, text]) => `${JSON.stringify(key)}:${JSON.stringify(text)}`)}}`);
  }
  let position = 0;
  for (const entry of sorted) {
    const { name, dtype, shape } = entry;
    if (!isDtype(dtype))
      throw new VitrineError(
        where,
        `tensor ${JSON.stringify(name)}: dtype ${dtype} is not one of ${dtypes.join(", ")}`,
      );
    if (name === "__metadata__" || seen.has(name))
      throw new VitrineError(
        where,
        `tensor name ${JSON.stringify(name)} is ${seen.has(name) ? "given twice" : "reserved"}`,
      );
    checkName(where, name);
    seen.add(name);
    const bytes = tensorBytes(where, name, dtype, shape);
    members.push(
      `${JSON.stringify(name)}:{"dtype":"${dtype}","shape":[${shape}],"data_offsets":[${position},${position + bytes}]}`,
    );
    placed.push({ entry, bytes });
    position += bytes;
  }
  const json = new TextEncoder().encode(`{${members}}`);
  const length = Math.ceil(json.length / 8) * 8;
  if (length > maxHeaderBytes)
    throw new VitrineError(where, `the header would be ${length} bytes long; the format's limit is ${maxHeaderBytes}`);
  const head = new Uint8Array(8 + length).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(length), true);
  head.set(json, 8);
  return { head, placed };
}

/** The order of UTF-8 bytes, which is that of code points. JavaScript's own puts surrogates before U+E000. */
function compareCodePoints(a: string, b: string): number {
  const rank = (unit: number) => (unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit);
  for (let i = 0; i < Math.min(a.length, b.length); i++)
    if (a[i] !== b[i]) return rank(a.charCodeAt(i)) - rank(b.charCodeAt(i));
  return a.length - b.length;
}

const fetchAgain = "it is damaged or only partly copied, fetch it again";

function foreignKind(start: Uint8Array): string | undefined {
  const text = String.fromCharCode(...start.subarray(0, 8));
  if (text.startsWith("PK\x03\x04") || text.startsWith("\x80\x02"))
    return "a PyTorch pickle (.pth, .bin); convert it in Python with safetensors.torch.save_file(state_dict, file)";
  if (text.startsWith("version ")) return "a Git LFS pointer, not the weights; run `git lfs pull`";
  if (/^\s*<(!doc|html|\?xml)/i.test(text)) return "a web page; the download was answered by something else";
  if (text.startsWith("\x89HDF")) return "an HDF5 file; convert it to safetensors first";
  return undefined;
}
