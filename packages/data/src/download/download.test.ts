import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { tar, tarFile } from "../shards/testing.ts";
import { catalogue, type KnownData } from "./catalogue.ts";
import { downloadData, downloadFiles, knownDataSets } from "./download.ts";

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

const big = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31 + (i >> 7)) & 255));

describe("a download", () => {
  test("brings the files, once", async () => {
    const folder = fresh();
    const data = known({ "a.bin": big, "b.tar.gz": gzipSync(tar(tarFile("x/1.txt", "one"))) });
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
