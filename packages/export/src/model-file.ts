// What an ONNX file says of itself: metadata, operator sets, inputs and outputs. Read by walking over the file's fields and
// skipping the weights, so that a file of gigabytes costs a few reads. Field numbers are those of onnx.proto.

import { type FileHandle, open } from "node:fs/promises";
import { VitrineError } from "@vitrine/core";

export interface PortDescription {
  name: string;
  /** ONNX's name of the element type in lower case, or `type 42` for one without a name here. */
  dtype: string;
  /** A number, or the name of a dimension that varies (`?` where it has none). */
  shape: (number | string)[];
}

export interface ModelDescription {
  irVersion: number;
  producer: string;
  /** Version of ONNX's own operator set. */
  opset: number;
  metadata: Map<string, string>;
  inputs: PortDescription[];
  outputs: PortDescription[];
}

const elementTypes: Record<number, string> = {
  1: "float32",
  2: "uint8",
  3: "int8",
  6: "int32",
  7: "int64",
  9: "bool",
  10: "float16",
  11: "float64",
  16: "bfloat16",
};

/** Reads the description of an ONNX file. @throws VitrineError for a file that is missing, cut off or something else. */
export async function describeModel(path: string): Promise<ModelDescription> {
  let handle: FileHandle;
  try {
    handle = await open(path, "r");
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : String(cause);
    throw new VitrineError(path, reason, { cause });
  }
  try {
    const info = await handle.stat();
    if (!info.isFile()) throw new VitrineError(path, "expected an ONNX file, found a folder or a device");
    const found = await readModel(new FieldReader(path, handle, info.size));
    if (found.irVersion === 0 || found.opset === 0) throw new VitrineError(path, "is not an ONNX file");
    return found;
  } finally {
    await handle.close();
  }
}

async function readModel(reader: FieldReader): Promise<ModelDescription> {
  const model: ModelDescription = {
    irVersion: 0,
    producer: "",
    opset: 0,
    metadata: new Map(),
    inputs: [],
    outputs: [],
  };
  for await (const field of reader.fields()) {
    if (field.number === 1) model.irVersion = field.value;
    else if (field.number === 2) model.producer = await reader.text(field);
    else if (field.number === 7) await readGraph(reader, field, model);
    else if (field.number === 8) await readOpset(reader, field, model);
    else if (field.number === 14) await readEntry(reader, field, model.metadata);
  }
  return model;
}

async function readGraph(reader: FieldReader, graph: Field, model: ModelDescription): Promise<void> {
  for await (const field of reader.fields(graph)) {
    if (field.number === 11) model.inputs.push(await readPort(reader, field));
    else if (field.number === 12) model.outputs.push(await readPort(reader, field));
  }
}

async function readOpset(reader: FieldReader, message: Field, model: ModelDescription): Promise<void> {
  let domain = "";
  let version = 0;
  for await (const field of reader.fields(message)) {
    if (field.number === 1) domain = await reader.text(field);
    else if (field.number === 2) version = field.value;
  }
  if (domain === "" || domain === "ai.onnx") model.opset = version;
}

async function readEntry(reader: FieldReader, message: Field, into: Map<string, string>): Promise<void> {
  let key = "";
  let value = "";
  for await (const field of reader.fields(message)) {
    if (field.number === 1) key = await reader.text(field);
    else if (field.number === 2) value = await reader.text(field);
  }
  into.set(key, value);
}

async function readPort(reader: FieldReader, message: Field): Promise<PortDescription> {
  const port: PortDescription = { name: "", dtype: "unknown", shape: [] };
  for await (const field of reader.fields(message)) {
    if (field.number === 1) port.name = await reader.text(field);
    else if (field.number === 2)
      for await (const type of reader.fields(field)) if (type.number === 1) await readTensorType(reader, type, port);
  }
  return port;
}

async function readTensorType(reader: FieldReader, message: Field, port: PortDescription): Promise<void> {
  for await (const field of reader.fields(message)) {
    if (field.number === 1) port.dtype = elementTypes[field.value] ?? `type ${field.value}`;
    else if (field.number === 2)
      for await (const dim of reader.fields(field)) if (dim.number === 1) port.shape.push(await readDim(reader, dim));
  }
}

async function readDim(reader: FieldReader, message: Field): Promise<number | string> {
  let size: number | string = "?";
  for await (const field of reader.fields(message)) {
    if (field.number === 1) size = field.value;
    else if (field.number === 2) size = await reader.text(field);
  }
  return size;
}

interface Field {
  number: number;
  /** The number of a varint field. */
  value: number;
  /** Where the bytes of a field with a length lie. */
  start: number;
  end: number;
}

/** A text in a header is never longer. Class names and preprocessing of ImageNet-21k take a few hundred kilobytes. */
const longestText = 64 * 1024 * 1024;
const windowBytes = 64 * 1024;

/** Protobuf's wire format, a field at a time, from a window over the file. */
class FieldReader {
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #size: number;
  #window = Buffer.alloc(0);
  #windowStart = 0;

  constructor(path: string, handle: FileHandle, size: number) {
    this.#path = path;
    this.#handle = handle;
    this.#size = size;
  }

  /** The fields of a message; of the whole file without one. */
  async *fields(message: Pick<Field, "start" | "end"> = { start: 0, end: this.#size }): AsyncGenerator<Field> {
    let at = message.start;
    while (at < message.end) {
      const key = await this.#varint(at, message.end);
      const field: Field = { number: Math.floor(key.value / 8), value: 0, start: key.next, end: key.next };
      const wire = key.value % 8;
      if (field.number === 0) throw this.#broken();
      if (wire === 0) {
        const { value, next } = await this.#varint(key.next, message.end);
        field.value = value;
        field.end = next;
      } else if (wire === 2) {
        const { value, next } = await this.#varint(key.next, message.end);
        field.start = next;
        field.end = next + value;
      } else if (wire === 1 || wire === 5) field.end = key.next + (wire === 1 ? 8 : 4);
      else throw this.#broken();
      if (field.end > message.end) throw this.#broken();
      at = field.end;
      yield field;
    }
  }

  async text({ start, end }: Field): Promise<string> {
    if (end - start > longestText) throw this.#broken();
    return (await this.#bytes(start, end - start)).toString("utf8");
  }

  async #varint(at: number, end: number): Promise<{ value: number; next: number }> {
    const bytes = await this.#bytes(at, Math.min(10, end - at));
    let value = 0;
    for (let i = 0; i < bytes.length; i++) {
      value += (bytes[i]! & 127) * 128 ** i;
      if (bytes[i]! < 128) return { value, next: at + i + 1 };
    }
    throw this.#broken();
  }

  async #bytes(start: number, length: number): Promise<Buffer> {
    const offset = start - this.#windowStart;
    if (offset >= 0 && offset + length <= this.#window.length) return this.#window.subarray(offset, offset + length);
    const wanted = Math.min(Math.max(length, windowBytes), this.#size - start);
    const buffer = Buffer.alloc(Math.max(0, wanted));
    const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, start);
    if (bytesRead < length) throw this.#broken();
    this.#window = buffer.subarray(0, bytesRead);
    this.#windowStart = start;
    return this.#window.subarray(0, length);
  }

  #broken(): VitrineError {
    return new VitrineError(this.#path, "is not an ONNX file, or not all of one");
  }
}
