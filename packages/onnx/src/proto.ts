// A graph as an ONNX file's bytes. The only file that knows protobuf. Field numbers are those of onnx.proto (IR version 9).

import protobuf from "protobufjs/minimal.js";
import { onnxType } from "./builder.ts";
import { type Attribute, type Graph, type Node, nameValues, type Port, type Value } from "./graph.ts";

type Writer = protobuf.Writer;

export interface ModelInfo {
  opset?: number;
  producer?: string;
  producerVersion?: string;
  docString?: string;
  metadata?: Readonly<Record<string, string>>;
  /** Names for constants, such as the parameters' checkpoint keys. */
  constantNames?: ReadonlyMap<Value, string>;
  /** Where the bytes of large constants lie instead of in the file: by constant, offset and length in `location`. */
  external?: { location: string; ranges: ReadonlyMap<Value, { offset: number; length: number }> };
}

const VARINT = 0;
const BYTES = 2;
const FIXED32 = 5;
const tag = (field: number, wire: number) => (field << 3) | wire;

/** The bytes of a ModelProto. */
export function encodeModel(graph: Graph, info: ModelInfo = {}): Uint8Array {
  const writer = protobuf.Writer.create();
  const names = nameValues(graph);
  for (const [value, name] of info.constantNames ?? []) if (names.has(value)) names.set(value, name);
  const domains = new Set(graph.nodes.map((node) => domainOf(node.op)));
  writer.uint32(tag(1, VARINT)).int64(9);
  text(writer, 2, info.producer ?? "vitrine");
  if (info.producerVersion !== undefined) text(writer, 3, info.producerVersion);
  if (info.docString !== undefined) text(writer, 6, info.docString);
  message(writer, 7, (w) => writeGraph(w, graph, names, info));
  opset(writer, "", info.opset ?? 20);
  for (const domain of domains) if (domain !== "") opset(writer, domain, 1);
  for (const [key, value] of Object.entries(info.metadata ?? {}))
    message(writer, 14, (w) => {
      text(w, 1, key);
      text(w, 2, value);
    });
  return writer.finish();
}

function writeGraph(writer: Writer, graph: Graph, names: Map<Value, string>, info: ModelInfo): void {
  // An output that is also an input, a constant or another output's value needs a node of its own to give it a name.
  const produced = new Set(graph.nodes.flatMap((node) => node.outputs));
  const aliases: Port[] = [];
  for (const port of graph.outputs) {
    if (produced.delete(port.value)) names.set(port.value, port.name);
    else aliases.push(port);
  }
  graph.nodes.forEach((node, index) => {
    message(writer, 1, (w) => writeNode(w, node, index, names));
  });
  for (const { name, value } of aliases)
    message(writer, 1, (w) => {
      text(w, 1, names.get(value)!);
      text(w, 2, name);
      text(w, 4, "Identity");
    });
  text(writer, 2, "graph");
  for (const constant of graph.constants)
    message(writer, 5, (w) => writeTensor(w, constant, names.get(constant)!, info));
  for (const port of graph.inputs) message(writer, 11, (w) => writePort(w, port));
  for (const port of graph.outputs) message(writer, 12, (w) => writePort(w, port));
}

function writeNode(writer: Writer, node: Node, index: number, names: Map<Value, string>): void {
  const domain = domainOf(node.op);
  const type = domain === "" ? node.op : node.op.slice(domain.length + 1);
  for (const input of node.inputs) text(writer, 1, input === undefined ? "" : names.get(input)!);
  for (const output of node.outputs) text(writer, 2, names.get(output)!);
  text(writer, 3, `${type}_${index}`);
  text(writer, 4, type);
  for (const [name, value] of Object.entries(node.attributes))
    message(writer, 5, (w) => writeAttribute(w, name, value));
  if (domain !== "") text(writer, 7, domain);
}

function writeAttribute(writer: Writer, name: string, value: Attribute): void {
  text(writer, 1, name);
  if (typeof value === "number") writer.uint32(tag(3, VARINT)).int64(value).uint32(tag(20, VARINT)).int32(2);
  else if (typeof value === "string") {
    text(writer, 4, value);
    writer.uint32(tag(20, VARINT)).int32(3);
  } else if ("float" in value) writer.uint32(tag(2, FIXED32)).float(value.float).uint32(tag(20, VARINT)).int32(1);
  else {
    for (const item of value) writer.uint32(tag(8, VARINT)).int64(item);
    writer.uint32(tag(20, VARINT)).int32(7);
  }
}

function writeTensor(writer: Writer, constant: Value, name: string, info: ModelInfo): void {
  for (const d of constant.shape) writer.uint32(tag(1, VARINT)).int64(d);
  writer.uint32(tag(2, VARINT)).int32(onnxType[constant.dtype]);
  text(writer, 8, name);
  const range = info.external?.ranges.get(constant);
  if (range === undefined) {
    writer.uint32(tag(9, BYTES)).bytes(bytesOf(constant));
    return;
  }
  const entries = { location: info.external!.location, offset: range.offset, length: range.length };
  for (const [key, value] of Object.entries(entries))
    message(writer, 13, (w) => {
      text(w, 1, key);
      text(w, 2, String(value));
    });
  writer.uint32(tag(14, VARINT)).int32(1);
}

/** A constant's numbers as ONNX stores them: little endian, row by row. */
export function bytesOf(constant: Value): Uint8Array {
  const { buffer, byteOffset, byteLength } = constant.data!;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function writePort(writer: Writer, { name, value, symbols }: Port): void {
  text(writer, 1, name);
  message(writer, 2, (type) =>
    message(type, 1, (tensor) => {
      tensor.uint32(tag(1, VARINT)).int32(onnxType[value.dtype]);
      message(tensor, 2, (shape) => {
        value.shape.forEach((d, axis) => {
          message(shape, 1, (dim) => {
            if (symbols?.[axis] !== undefined) text(dim, 2, symbols[axis]);
            else dim.uint32(tag(1, VARINT)).int64(d);
          });
        });
      });
    }),
  );
}

function domainOf(op: string): string {
  return op.slice(0, Math.max(0, op.lastIndexOf(".")));
}

function opset(writer: Writer, domain: string, version: number): void {
  message(writer, 8, (w) => {
    text(w, 1, domain);
    w.uint32(tag(2, VARINT)).int64(version);
  });
}

function text(writer: Writer, field: number, value: string): void {
  writer.uint32(tag(field, BYTES)).string(value);
}

function message(writer: Writer, field: number, write: (writer: Writer) => void): void {
  writer.uint32(tag(field, BYTES)).fork();
  write(writer);
  writer.ldelim();
}
