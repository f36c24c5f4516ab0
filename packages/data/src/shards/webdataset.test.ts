import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openDataset, openStream } from "../datasets/open.ts";
import { openWebdataset, streamWebdataset } from "../datasets/shards.ts";
import { temporaryFolders } from "../testing.ts";
import { tarHeader } from "./tar-file.ts";
import { contents, fixtures, image, streamed, tar, tarFile } from "./testing.ts";

const folder = temporaryFolders("shards");

const sample = (i: number, key = `s${i}`) =>
  Buffer.concat([tarFile(`${key}.jpg`, image(i)), tarFile(`${key}.cls`, String(i % 3))]);

describe("WebDataset", () => {
  test("gives images and labels, from the index and as a stream", async () => {
    const path = await folder();
    await writeFile(join(path, "s-000.tar"), tar(sample(0), sample(1)));
    await writeFile(join(path, "s-001.tar"), tar(sample(2), sample(3)));
    const dataset = await openDataset(path);
    expect(dataset).toMatchObject({ classes: ["0", "1", "2"], length: 4, skipped: [] });
    expect((await contents(dataset)).map(([, label]) => label)).toEqual([0, 1, 2, 0]);
    expect(dataset.path(2)).toBe(`${join(path, "s-001.tar")}#s2`);
    const stream = await openStream(`webdataset:${path}/s-{000..001}.tar`);
    expect(await streamed(stream)).toEqual({ keys: ["s0", "s1", "s2", "s3"], labels: [0, 1, 2, 0], bad: [] });
    expect((await streamed(stream, 1)).keys).toEqual(["s1", "s3"]);
  });

  test.each(["pax", "gnu"])("reads the long names of Python's tarfile (%s)", async (form) => {
    const file = join(fixtures, `${form}.tar.gz`);
    const cache = await folder();
    const dataset = await openWebdataset(file, { cache });
    expect(dataset.length).toBe(4);
    expect(dataset.path(0)).toMatch(/#photos-of-animals-that-live-in-houses\/(very-){20}long-näme-0$/);
    expect((await streamed(await streamWebdataset(file, { classes: ["a", "b", "c"] }))).labels).toEqual([0, 1, 2, 0]);
  });

  test("labels lie in .cls, .json or .txt", async () => {
    const path = join(await folder(), "a.tar");
    const one = (key: string, ending: string, text: string) =>
      Buffer.concat([tarFile(`${key}.PNG`, image(1)), tarFile(`${key}.${ending}`, text)]);
    const json = (value: unknown) => JSON.stringify(value);
    await writeFile(
      path,
      tar(
        one("a", "json", json({ label: 1, class_name: "dog" })),
        one("b", "txt", "cat\n"),
        one("c", "cls", "1"),
        one("d", "json", json({ caption: "no label" })),
        one("e", "json", "{"),
        tarFile("f.cls", "1"),
        tarFile("readme", "no ending"),
        tarFile("g.jpg", ""),
        tarFile("g.cls", "1"),
      ),
    );
    const dataset = await openWebdataset(path, { classes: ["cat", "dog"] });
    expect(Array.from({ length: dataset.length }, (_, i) => dataset.label(i))).toEqual([1, 0, 1]);
    expect(dataset.skipped!.map(({ reason }) => reason)).toEqual([
      'sample "d": no label (cls, json, txt, label); it has png, json',
      'sample "e": no label (cls, json, txt, label); it has png, json',
      expect.stringMatching(/^sample "f": no image/),
      'sample "g": the image is empty',
    ]);
    await expect(openWebdataset(path)).rejects.toThrow(/some labels are names and some are numbers/);
  });

  test("keys that come twice are counted and left out", async () => {
    const path = join(await folder(), "a.tar");
    const twice = Buffer.concat([tarFile("b.jpg", image(1)), tarFile("b.jpg", image(2)), tarFile("b.cls", "1")]);
    await writeFile(path, tar(sample(0), sample(1), sample(2, "s0"), twice));
    const { keys, bad } = await streamed(await streamWebdataset(path, { classes: ["a", "b", "c"] }));
    expect(keys).toEqual(["s0", "s1"]);
    expect(bad.map(({ reason }) => reason)).toEqual([
      'sample "s0": the same key as an earlier sample of the shard',
      'sample "b": two files .jpg',
    ]);
  });

  test("damage is told with its byte, and reading goes on at the next header", async () => {
    const path = join(await folder(), "a.tar");
    const bytes = tar(sample(0), sample(1), sample(2));
    bytes.fill(7, sample(0).length, sample(0).length + 300);
    await writeFile(path, bytes);
    const { keys, bad } = await streamed(await streamWebdataset(path, { classes: ["a", "b", "c"] }));
    expect(keys).toEqual(["s0", "s2"]);
    expect(bad[0]).toEqual({
      shard: path,
      offset: sample(0).length,
      reason: expect.stringMatching(/not a tar header/),
    });
    await writeFile(path, Buffer.concat([sample(0), sample(1)]).subarray(0, sample(0).length + 530));
    const cut = await streamed(await streamWebdataset(path, { classes: ["a", "b", "c"] }));
    expect(cut.keys).toEqual(["s0"]);
    expect(cut.bad[0]!.reason).toMatch(/truncated: "s1.jpg" has 50 bytes, 18 are left in the file/);
    await writeFile(path, "");
    await expect(openWebdataset(path)).rejects.toThrow(/the file is empty/);
    await writeFile(path, "not a tar file, only some words");
    await expect(openWebdataset(path)).rejects.toThrow(/truncated: 31 bytes of a header/);
  });

  test("a giant entry takes no memory", async () => {
    const path = join(await folder(), "a.tar.gz");
    await writeFile(path, gzipSync(Buffer.concat([sample(0), tarHeader("s1.jpg", 7e9), new Uint8Array(2048)])));
    const { keys, bad } = await streamed(await streamWebdataset(path, { classes: ["a", "b", "c"] }));
    expect(keys).toEqual(["s0"]);
    expect(bad.map(({ reason }) => reason).join()).toMatch(/truncated within an entry of 7000000000 bytes/);
  });

  test("whatever is broken, nothing throws or hangs", async () => {
    const path = join(await folder(), "a.tar");
    const whole = tar(sample(0), sample(1), sample(2));
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), async (at, value, length) => {
        const bytes = Buffer.from(whole.subarray(0, length));
        if (at < length) bytes[at] = value;
        await writeFile(path, bytes);
        const stream = await streamWebdataset(path, { classes: ["a", "b", "c"] });
        expect((await streamed(stream)).keys.length).toBeLessThanOrEqual(3);
      }),
      { numRuns: 60 },
    );
  });

  test("links to folders above do not send the search in circles", async () => {
    const path = await folder();
    await writeFile(join(path, "a.tar"), tar(sample(0), sample(1)));
    await symlink(path, join(path, "again"));
    expect((await openWebdataset(`${path}/a.tar`)).length).toBe(2);
    // Found below the link again, to the depth that is searched, and no further.
    expect((await openWebdataset(path)).length).toBeLessThanOrEqual(6);
  });

  test("a reader that stops early closes the file", async () => {
    const path = join(await folder(), "a.tar.gz");
    await writeFile(path, gzipSync(tar(sample(0), sample(1))));
    const stream = await streamWebdataset(path, { classes: ["a", "b", "c"] });
    for await (const { key } of stream.open(0)) {
      expect(key).toBe("s0");
      break;
    }
  });
});
