import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateRawSync, gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { listSplits, openDataset } from "../datasets/open.ts";
import { encodeImage } from "../image.ts";
import { padding, tarHeader } from "../shards/tar-file.ts";
import { catalogue, type KnownData } from "./catalogue.ts";
import { downloadData, downloadFiles, knownDataSets } from "./download.ts";
import { readMat } from "./mat-file.ts";
import { unpack } from "./unpack.ts";

const fixtures = join(import.meta.dirname, "../__fixtures__/shards");
let root: string;
let server: Server;
let base: string;
/** Files of the server, and what it does before it answers as it should. */
const files = new Map<string, Buffer>();
const tricks: ((request: IncomingMessage, response: ServerResponse, content: Buffer) => boolean)[] = [];
const asked: string[] = [];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "vitrine-download-"));
  server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.range ?? ""}`.trim());
    const content = files.get(request.url!);
    if (content === undefined) return response.writeHead(404).end();
    if (tricks.shift()?.(request, response, content)) return undefined;
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    if (from === 0) return response.writeHead(200, { "content-length": content.length }).end(content);
    if (from >= content.length) return response.writeHead(416, { "content-range": `bytes */${content.length}` }).end();
    const range = `bytes ${from}-${content.length - 1}/${content.length}`;
    return response
      .writeHead(206, { "content-range": range, "content-length": content.length - from })
      .end(content.subarray(from));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await rm(root, { recursive: true });
});
afterEach(() => {
  files.clear();
  tricks.length = 0;
  asked.length = 0;
});

let folders = 0;
const fresh = () => join(root, `d${folders++}`);
const md5 = (bytes: Uint8Array) => createHash("md5").update(bytes).digest("hex");

function known(contents: Readonly<Record<string, Buffer>>, more: Partial<KnownData> = {}): KnownData {
  for (const [name, content] of Object.entries(contents)) files.set(`/${name}`, content);
  const list = Object.entries(contents).map(([name, content]) => ({
    name,
    urls: [`${base}/${name}`],
    md5: md5(content),
  }));
  return { title: "test", page: "http://localhost", megabytes: 1, files: list, ...more };
}
const get = (data: KnownData, folder: string, more = {}) =>
  downloadFiles("test", data, { folder, retryDelay: 1, ...more });

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
const tar = (...parts: Buffer[]) => Buffer.concat([...parts, new Uint8Array(1024)]);

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

describe("a download", () => {
  test("brings the files, once", async () => {
    const folder = fresh();
    const data = known({ "a.bin": big, "b.tar.gz": gzipSync(tar(tarFile("x/1.txt", "one"), tarFile("x", "", "5"))) });
    const progress: number[] = [];
    expect(await get(data, folder, { onBytes: (_: string, received: number) => progress.push(received) })).toEqual({
      name: "test",
      folder,
      source: folder,
      downloaded: true,
      skipped: 0,
    });
    expect((await readFile(join(folder, "a.bin"))).equals(big)).toBe(true);
    expect(await readFile(join(folder, "x/1.txt"), "utf8")).toBe("one");
    expect(progress).toContain(big.length);
    expect((await readdir(root)).filter((name) => name.endsWith(".download"))).toEqual([]);
    asked.length = 0;
    expect(await get(data, folder)).toMatchObject({ downloaded: false });
    expect(asked).toEqual([]);
  });

  test("goes on where the connection broke, within a run and in the next one", async () => {
    const cut = (part: number) => (request: IncomingMessage, response: ServerResponse, content: Buffer) => {
      const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
      const length = content.length - from;
      response.writeHead(from > 0 ? 206 : 200, {
        "content-length": length,
        ...(from > 0 && { "content-range": `bytes ${from}-${content.length - 1}/${content.length}` }),
      });
      response.write(content.subarray(from, from + part), () => response.destroy());
      return true;
    };
    tricks.push(cut(100_000), cut(50_000));
    const folder = fresh();
    await get(known({ "a.bin": big }), folder);
    expect((await readFile(join(folder, "a.bin"))).equals(big)).toBe(true);
    expect(asked.length).toBeGreaterThanOrEqual(2);
    expect(asked.slice(1).every((line) => /^\/a\.bin( bytes=\d+-)?$/.test(line))).toBe(true);

    // A process that was killed in the middle leaves a part behind.
    const other = fresh();
    const work = `${root}/.${other.slice(root.length + 1)}.download`;
    await mkdir(work);
    await writeFile(join(work, "a.bin.part"), big.subarray(0, 123_456));
    asked.length = 0;
    await get(known({ "a.bin": big }), other);
    expect(asked).toEqual(["/a.bin bytes=123456-"]);
    expect((await readFile(join(other, "a.bin"))).equals(big)).toBe(true);
  });

  test("a part that was bad, or is whole already, does no harm", async () => {
    for (const part of [Buffer.alloc(1000, 7), big, Buffer.concat([big, big])]) {
      const folder = fresh();
      const work = `${root}/.${folder.slice(root.length + 1)}.download`;
      await mkdir(work);
      await writeFile(join(work, "a.bin.part"), part);
      await get(known({ "a.bin": big }), folder);
      expect((await readFile(join(folder, "a.bin"))).equals(big)).toBe(true);
    }
  });

  test("servers that fail for a while, know no ranges or move the file are put up with", async () => {
    const folder = fresh();
    const fail = (_: IncomingMessage, response: ServerResponse) => {
      response.writeHead(503).end();
      return true;
    };
    const whole = (_: IncomingMessage, response: ServerResponse, content: Buffer) => {
      response.writeHead(200).end(content);
      return true;
    };
    const move = (_: IncomingMessage, response: ServerResponse) => {
      response.writeHead(302, { location: `${base}/a.bin` }).end();
      return true;
    };
    tricks.push(fail, fail, move, whole);
    const work = `${root}/.${folder.slice(root.length + 1)}.download`;
    await mkdir(work);
    await writeFile(join(work, "a.bin.part"), big.subarray(0, 1000));
    await get(known({ "a.bin": big }), folder);
    expect((await readFile(join(folder, "a.bin"))).equals(big)).toBe(true);
  });

  test("other content than the checksum says is refused, and nothing is kept", async () => {
    const folder = fresh();
    const data = known({ "a.bin": big });
    files.set("/a.bin", Buffer.from("an error page"));
    await expect(get(data, folder)).rejects.toThrow(/expected md5 [0-9a-f]{32}, received [0-9a-f]{32}.*--mirror/s);
    await expect(stat(folder)).rejects.toThrow();
    expect((await readdir(root)).filter((name) => name.includes(folder.slice(root.length + 1)))).toEqual([]);
  });

  test("missing files are looked for at the next address, and told", async () => {
    const data = known({ "a.bin": big });
    const two = { ...data, files: [{ ...data.files[0]!, urls: [`${base}/gone`, `${base}/a.bin`] }] };
    await get(two, fresh());
    expect(asked).toEqual(["/gone", "/a.bin"]);
    const none = { ...data, files: [{ ...data.files[0]!, urls: [`${base}/gone`] }] };
    await expect(get(none, fresh())).rejects.toThrow(/cannot be had: http.*\/gone: the server answered 404/);
    const dead = { ...data, files: [{ ...data.files[0]!, urls: ["http://127.0.0.1:1/x"] }] };
    await expect(get(dead, fresh())).rejects.toThrow(/cannot be had/);
  });

  test("a mirror is an address or a folder", async () => {
    const data = known({ "a.bin": big });
    files.set("/mirror/test/a.bin", big);
    await get(data, fresh(), { mirror: `${base}/mirror/` });
    expect(asked).toEqual(["/mirror/test/a.bin"]);
    const disk = fresh();
    await mkdir(disk);
    await writeFile(join(disk, "a.bin"), big);
    asked.length = 0;
    await get(data, fresh(), { mirror: disk });
    expect(asked).toEqual([]);
  });

  test("may be ended, and goes on later", async () => {
    const folder = fresh();
    const data = known({ "a.bin": big });
    const stop = new AbortController();
    const half = (_: IncomingMessage, response: ServerResponse, content: Buffer) => {
      response.writeHead(200, { "content-length": content.length });
      response.write(content.subarray(0, 100_000));
      return true;
    };
    tricks.push(half);
    const onBytes = (_: string, received: number) => received >= 50_000 && stop.abort(new Error("interrupted"));
    await expect(get(data, folder, { signal: stop.signal, onBytes })).rejects.toThrow("interrupted");
    asked.length = 0;
    await get(data, folder);
    expect(asked[0]).toMatch(/^\/a\.bin bytes=\d+-$/);
  });

  test("folders with something else in them, and names that nobody knows, are refused", async () => {
    const folder = fresh();
    await mkdir(folder);
    await writeFile(join(folder, "mine"), "");
    await expect(get(known({ "a.bin": big }), folder)).rejects.toThrow(/expected a new folder at .*, found 1 entries/);
    await expect(get(known({ "a.bin": big }), join(folder, "mine"))).rejects.toThrow(/found a file/);
    await expect(downloadData("cifar-10")).rejects.toThrow(
      /unknown data set "cifar-10" \(did you mean "cifar10"\?\); known are cifar10/,
    );
  });

  test("the catalogue is whole", () => {
    expect(knownDataSets().map(({ name }) => name)).toEqual(Object.keys(catalogue));
    for (const { files: list } of Object.values(catalogue) as KnownData[])
      for (const { name, urls, md5: sum } of list) {
        expect(sum).toMatch(/^[0-9a-f]{32}$/);
        expect(urls.length).toBeGreaterThan(0);
        for (const url of urls) expect(new URL(url).pathname.endsWith(`/${name}`)).toBe(true);
      }
  });
});

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

describe("arrangements", () => {
  const image = () => encodeImage({ data: new Uint8Array(12), width: 2, height: 2, channels: 3 }, "jpeg");

  test("flowers: MATLAB's lists become a list with names", async () => {
    const labels = await readMat("imagelabels.mat", await readFile(join(fixtures, "imagelabels.mat")));
    expect(labels.get("labels")).toEqual([3, 1, 102, 3, 2]);
    await expect(readMat("x.mat", Buffer.from("no"))).rejects.toThrow(/not a MATLAB file/);
    const jpeg = await image();
    const archive = tar(...[1, 2, 3, 4, 5].map((i) => tarFile(`jpg/image_0000${i}.jpg`, jpeg)));
    const contents = {
      "102flowers.tgz": gzipSync(archive),
      "imagelabels.mat": await readFile(join(fixtures, "imagelabels.mat")),
      "setid.mat": await readFile(join(fixtures, "setid.mat")),
    };
    const folder = fresh();
    await get(known(contents, { arrange: "flowers102" }), folder);
    expect(await listSplits(folder)).toEqual(["train", "val", "test"]);
    const train = await openDataset(folder, { split: "train" });
    expect(train.classes).toHaveLength(102);
    expect([0, 1].map((i) => train.classes[train.label(i)])).toEqual(["pink primrose", "hard-leaved pocket orchid"]);
    expect([train.label(0), train.label(1)]).toEqual([0, 1]);
    expect(((await train.load(0)) as Uint8Array).length).toBe(jpeg.length);
    const test = await openDataset(folder, { split: "test" });
    expect(test.classes[test.label(0)]).toBe("blackberry lily");
  });

  test("pets, food and textures: the authors' lists become one", async () => {
    const jpeg = await image();
    const pets = fresh();
    const annotations = tar(
      tarFile("annotations/trainval.txt", "Abyssinian_100 1 1 1\nyorkshire_terrier_7 2 2 25\n"),
      tarFile("annotations/test.txt", "Abyssinian_2 1 1 1\n"),
    );
    const images = tar(
      ...["Abyssinian_100", "yorkshire_terrier_7", "Abyssinian_2"].map((name) => tarFile(`images/${name}.jpg`, jpeg)),
    );
    await get(
      known(
        { "images.tar.gz": gzipSync(images), "annotations.tar.gz": gzipSync(annotations) },
        { arrange: "oxford-pets" },
      ),
      pets,
    );
    expect(await openDataset(pets, { split: "train" })).toMatchObject({
      classes: ["Abyssinian", "yorkshire terrier"],
      length: 2,
    });

    const food = fresh();
    const foods = tar(
      tarFile("food-101/meta/train.txt", "apple_pie/1\nwaffles/2\n"),
      tarFile("food-101/meta/test.txt", "waffles/3\n"),
      ...["apple_pie/1", "waffles/2", "waffles/3"].map((name) => tarFile(`food-101/images/${name}.jpg`, jpeg)),
    );
    await get(known({ "food-101.tar.gz": gzipSync(foods) }, { arrange: "food101" }), food);
    const test = await openDataset(food, { split: "val" }).catch(() => openDataset(food, { split: "test" }));
    expect([test.length, test.classes[test.label(0)]]).toEqual([1, "waffles"]);
    expect(((await test.load(0)) as Uint8Array).length).toBe(jpeg.length);

    const dtd = fresh();
    const textures = ["train", "val", "test"].map((split, i) =>
      tarFile(`dtd/labels/${split}1.txt`, `banded/b_${i}.jpg\n`),
    );
    await get(
      known(
        { "dtd.tar.gz": gzipSync(tar(...textures, tarFile("dtd/images/banded/b_0.jpg", jpeg))) },
        { arrange: "dtd" },
      ),
      dtd,
    );
    expect(await listSplits(dtd)).toEqual(["train", "val", "test"]);
  });

  test("Imagenette's folders get names", async () => {
    const jpeg = await image();
    const folder = fresh();
    const parts = ["train", "val"].flatMap((split) =>
      ["n01440764", "n03888257"].map((id) => tarFile(`imagenette2/${split}/${id}/a.JPEG`, jpeg)),
    );
    await get(known({ "imagenette2.tgz": gzipSync(tar(...parts)) }, { arrange: "wordnet" }), folder);
    const val = await openDataset(folder, { split: "val" });
    expect(val.classes).toHaveLength(10);
    expect([0, 1].map((i) => val.classes[val.label(i)])).toEqual(["tench", "parachute"]);
  });

  test("an archive without what is needed is told", async () => {
    await expect(
      get(known({ "x.tar": tar(tarFile("food-101/readme", "")) }, { arrange: "food101" }), fresh()),
    ).rejects.toThrow(/expected meta\/train.txt in the archive/);
    await expect(
      get(known({ "x.tar": tar(tarFile("a", ""), tarFile("b", "")) }, { arrange: "food101" }), fresh()),
    ).rejects.toThrow(/expected one folder in the archive, found a, b/);
  });
});
