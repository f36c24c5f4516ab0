import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateRawSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { padding, tarHeader } from "../shards/tar-file.ts";
import { tar } from "../shards/testing.ts";
import { unpack } from "./unpack.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "vitrine-unpack-"));
});
afterAll(() => rm(root, { recursive: true }));

let folders = 0;
const fresh = () => join(root, `d${folders++}`);

const tarFile = (name: string, data: Uint8Array | string, type = "0", link = "") => {
  const bytes = Buffer.from(data);
  const header = tarHeader(name, bytes.length);
  header[156] = type.charCodeAt(0);
  header.set(Buffer.from(link), 157);
  header.set(Buffer.from("        "), 148);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.set(Buffer.from(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  return Buffer.concat([header, bytes, new Uint8Array(padding(bytes.length))]);
};

const crc = (bytes: Uint8Array) => {
  let value = -1;
  for (const byte of bytes) {
    value ^= byte;
    for (let k = 0; k < 8; k++) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
  }
  return ~value >>> 0;
};
interface ZipFile {
  name: string;
  data: string | Uint8Array;
  stored?: boolean;
  mode?: number;
  size?: number;
}
function zip(...entries: ZipFile[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, data, stored = false, mode = 0o100644, size } of entries) {
    const bytes = Buffer.from(data);
    const packed = stored ? bytes : deflateRawSync(bytes);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50);
    local.writeUInt16LE(name.length, 26);
    const head = Buffer.alloc(46);
    head.writeUInt32LE(0x02014b50);
    head[5] = 3;
    head.writeUInt16LE(stored ? 0 : 8, 10);
    head.writeUInt32LE(crc(bytes), 16);
    head.writeUInt32LE(packed.length, 20);
    head.writeUInt32LE(size ?? bytes.length, 24);
    head.writeUInt16LE(name.length, 28);
    head.writeUInt32LE((mode << 16) >>> 0, 38);
    head.writeUInt32LE(at, 42);
    parts.push(local, Buffer.from(name), packed);
    directory.push(head, Buffer.from(name));
    at += 30 + name.length + packed.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, list, end]);
}

const big = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31 + (i >> 7)) & 255));

describe("archives", () => {
  async function unpacked(name: string, bytes: Buffer) {
    const folder = fresh();
    await mkdir(folder);
    await writeFile(join(folder, name), bytes);
    const result = await unpack(join(folder, name), join(folder, "out"));
    return { ...result, names: (await readdir(join(folder, "out"), { recursive: true })).sort() };
  }

  test("tar and zip give their files", async () => {
    const text = "hello ".repeat(1000);
    expect(await unpacked("a.tar", tar(tarFile("./d/", "", "5"), tarFile("./d/x", text)))).toMatchObject({
      names: ["d", "d/x"],
    });
    const both = zip(
      { name: "d/", data: "", stored: true },
      { name: "d/x", data: text },
      { name: "y", data: text, stored: true },
    );
    expect(await unpacked("a.zip", both)).toEqual({ files: 2, skipped: 0, names: ["d", "d/x", "y"] });
  });

  test.each(["../x", "/x", "a/../../x", "C:/x", "a\\..\\x", "..", "a/.."])(
    "no name leads out of the folder: %s",
    async (name) => {
      const why = /(a name that leads out|an absolute name|a character that no name has).*nothing of it is kept/;
      await expect(unpacked("a.tar.gz", gzipSync(tar(tarFile(name, "bad"))))).rejects.toThrow(why);
      await expect(unpacked("a.zip", zip({ name, data: "bad" }))).rejects.toThrow(why);
    },
  );

  test("links and devices are counted and not made", async () => {
    const content = tar(
      tarFile("link", "", "2", "/etc/passwd"),
      tarFile("hard", "", "1", "../x"),
      tarFile("device", "", "3"),
      tarFile("ok", "fine"),
    );
    expect(await unpacked("a.tar", content)).toEqual({ files: 1, skipped: 3, names: ["ok"] });
    const linked = zip({ name: "link", data: "/etc/passwd", mode: 0o120777 }, { name: "ok", data: "fine" });
    expect(await unpacked("a.zip", linked)).toEqual({ files: 1, skipped: 1, names: ["ok"] });
  });

  test("through a link that the archive made itself nothing is written", async () => {
    // The link is not made, so what lies "below" it lands in a plain folder.
    const content = tar(tarFile("out", "", "2", "/tmp"), tarFile("out/x", "fine"));
    expect(await unpacked("a.tar", content)).toEqual({ files: 1, skipped: 1, names: ["out", "out/x"] });
  });

  test("names that come twice, damage and bombs are refused", async () => {
    await expect(unpacked("a.tar", tar(tarFile("x", "1"), tarFile("x", "2")))).rejects.toThrow(
      /"x" cannot be written: the name comes twice/,
    );
    await expect(unpacked("a.tar", tarFile("x", "a".repeat(2000)).subarray(0, 1000))).rejects.toThrow(
      /damaged at byte 0: truncated/,
    );
    await expect(unpacked("a.tar", tar())).rejects.toThrow(/holds no files/);
    await expect(unpacked("a.tgz", gzipSync(tar(tarFile("x", big))).subarray(0, 900))).rejects.toThrow(
      /damaged gzip file|damaged at byte/,
    );
    const bomb = new Uint8Array(2 ** 24);
    await expect(unpacked("a.tar.gz", gzipSync(tar(tarFile("x", bomb))))).rejects.toThrow(
      /more than 200 times its own size/,
    );
    await expect(unpacked("a.zip", zip({ name: "x", data: bomb }))).rejects.toThrow(/more than 200 times its own size/);
    const good = zip({ name: "x", data: "some text" });
    await expect(unpacked("a.zip", good.subarray(0, good.length - 10))).rejects.toThrow(/no directory at its end/);
    await expect(unpacked("a.zip", Buffer.alloc(0))).rejects.toThrow(/no directory at its end/);
    await expect(unpacked("a.zip", zip({ name: "x", data: "some text", size: 4 }))).rejects.toThrow(
      /longer than its directory says/,
    );
    const wrong = zip({ name: "x", data: "some text", stored: true });
    wrong[31]! ^= 1;
    await expect(unpacked("a.zip", wrong)).rejects.toThrow(/wrong checksum of x/);
  });
});
