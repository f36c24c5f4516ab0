// Columns of a parquet file, row group by row group. The only import of hyparquet and its decompressors.

import { type FileHandle, open } from "node:fs/promises";
import { isVitrineError, VitrineError } from "@vitrine/core";
import {
  type AsyncBuffer,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";

export interface ParquetColumn {
  name: string;
  /** Bytes of a file: binary, or a struct with a binary field `bytes` (Hugging Face's Image). Other things are values. */
  holds: "bytes" | "file" | "value" | "group";
}

/** Rows that are stored and read together. */
export interface RowGroup {
  start: number;
  rows: number;
  /** Its size when unpacked, as the file says. */
  bytes: number;
}

export interface ParquetFile {
  path: string;
  rows: number;
  groups: RowGroup[];
  columns: ParquetColumn[];
  /** Texts that the writer left in the file, by key. */
  metadata: ReadonlyMap<string, string>;
  /** Values of one column in rows `from` to `to`. @throws VitrineError for a damaged file. */
  read(column: string, from: number, to: number): Promise<unknown[]>;
}

/** More than an ArrayBuffer should hold; writers cut row groups far smaller. */
const largestGroup = 2 ** 31;

/** Reads the file's footer. @throws VitrineError that names the file and what is wrong with it. */
export async function openParquet(path: string): Promise<ParquetFile> {
  const file = await fileBuffer(path);
  if (file.byteLength < 12)
    throw new VitrineError(path, `not a parquet file: it has ${file.byteLength} bytes; download it again`);
  const metadata = await guarded(path, () => parquetMetadataAsync(file));
  const groups: RowGroup[] = [];
  let rows = 0;
  for (const group of metadata.row_groups) {
    const count = Number(group.num_rows);
    const bytes = Number(group.total_byte_size);
    if (!(count >= 0) || !(bytes <= largestGroup))
      throw new VitrineError(path, `a row group of ${count} rows and ${bytes} bytes; write it with smaller row groups`);
    groups.push({ start: rows, rows: count, bytes });
    rows += count;
  }
  return {
    path,
    rows,
    groups,
    columns: await guarded(path, async () => columnsOf(metadata)),
    metadata: new Map((metadata.key_value_metadata ?? []).map(({ key, value }) => [key, value ?? ""])),
    async read(column, from, to) {
      const options = { file, metadata, compressors, utf8: false, columns: [column], rowStart: from, rowEnd: to };
      const found = await guarded(path, () => parquetReadObjects({ ...options, useOffsetIndex: true }));
      if (found.length !== to - from)
        throw new VitrineError(
          path,
          `damaged parquet file: expected ${to - from} rows from row ${from} on, found ${found.length}`,
        );
      return found.map((row) => row[column] as unknown);
    },
  };
}

function columnsOf(metadata: FileMetaData): ParquetColumn[] {
  return parquetSchema(metadata).children.map(({ element, children }) => {
    const binary = ({ type, converted_type, logical_type }: typeof element) =>
      type === "BYTE_ARRAY" && converted_type === undefined && logical_type === undefined;
    if (children.length === 0) return { name: element.name, holds: binary(element) ? "bytes" : "value" };
    const bytes = children.find((child) => child.element.name === "bytes");
    return { name: element.name, holds: bytes !== undefined && binary(bytes.element) ? "file" : "group" };
  });
}

/** Parts of the file as the reader asks for them; never more than the file has, whatever a damaged footer says. */
async function fileBuffer(path: string): Promise<AsyncBuffer> {
  const size = await withFile(path, async (handle) => (await handle.stat()).size);
  return {
    byteLength: size,
    async slice(start, end = size) {
      if (!(start >= 0 && start <= end && end <= size))
        throw new VitrineError(
          path,
          `damaged parquet file: it names bytes ${start} to ${end} of ${size}; download it again`,
        );
      return withFile(path, async (handle) => {
        const bytes = new Uint8Array(end - start);
        let found = 0;
        while (found < bytes.length) {
          const { bytesRead } = await handle.read(bytes, found, bytes.length - found, start + found);
          if (bytesRead === 0) throw new VitrineError(path, "the file became shorter while it was read");
          found += bytesRead;
        }
        return bytes.buffer;
      });
    },
  };
}

async function withFile<T>(path: string, use: (handle: FileHandle) => Promise<T>): Promise<T> {
  let handle: FileHandle;
  try {
    handle = await open(path, "r");
  } catch (error) {
    throw new VitrineError(path, `cannot be opened: ${(error as Error).message}`, { cause: error });
  }
  try {
    return await use(handle);
  } finally {
    await handle.close();
  }
}

async function guarded<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (isVitrineError(error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new VitrineError(path, `damaged parquet file: ${reason}; download it again`, { cause: error });
  }
}
