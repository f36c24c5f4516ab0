import { mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isVitrineError } from "./errors.ts";
import { encodeSafetensors } from "./safetensors.ts";
import { openSafetensors, writeSafetensors } from "./safetensors-file.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-safetensors-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const at = (name: string) => join(folder, name);
const weight = { name: "head.weight", dtype: "F32", shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) } as const;
const steps = { name: "steps", dtype: "I64", shape: [], data: Int32Array.of(7) } as const;
const half = { name: "scale", dtype: "BF16", shape: [2], data: Float32Array.of(0.5, -2) } as const;

async function failure(action: Promise<unknown>): Promise<string> {
  const error = await action.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(isVitrineError(error), String(error)).toBe(true);
  return (error as Error).message;
}

describe("a checkpoint file", () => {
  test("gives back what was written, tensor by tensor", async () => {
    await writeSafetensors(at("m.safetensors"), [weight, steps, half], { arch: "vit" });
    const file = await openSafetensors(at("m.safetensors"));
    expect(file.path).toBe(at("m.safetensors"));
    expect(file.metadata).toEqual({ arch: "vit" });
    expect([...file.header.keys()]).toEqual(["steps", "head.weight", "scale"]);
    expect(await file.read("head.weight")).toEqual(weight.data);
    expect(await file.read("steps")).toEqual(BigInt64Array.of(7n));
    expect(await file.readNumbers("steps")).toEqual(Float64Array.of(7));
    expect(await file.readFloat32("scale")).toEqual(half.data);
    await file.close();
    await file.close();
    expect(await failure(file.read("steps"))).toContain('cannot read "steps": the file was closed');
  });

  test("holds the bytes of the in-memory form, and may be read many times at once", async () => {
    await writeSafetensors(at("m"), [half, steps, weight], { b: "2", a: "1" });
    expect(await readFile(at("m"))).toEqual(Buffer.from(encodeSafetensors([weight, steps, half], { a: "1", b: "2" })));
    const file = await openSafetensors(at("m"));
    const reads = await Promise.all(Array.from({ length: 20 }, () => file.read("head.weight")));
    for (const data of reads) expect(data).toEqual(weight.data);
    await file.close();
  });

  test("is read without being loaded: 3 GB of tensors, of which one small one is asked for", async () => {
    const bytes = 3 * 2 ** 30;
    const header = JSON.stringify({
      big: { dtype: "U8", shape: [bytes], data_offsets: [0, bytes] },
      small: { dtype: "F32", shape: [1], data_offsets: [bytes, bytes + 4] },
    }).padEnd(160);
    const handle = await open(at("sparse"), "w");
    await handle.write(Buffer.of(160, 0, 0, 0, 0, 0, 0, 0));
    await handle.write(header);
    await handle.write(Buffer.from(Float32Array.of(42).buffer), 0, 4, 168 + bytes);
    await handle.close();
    const file = await openSafetensors(at("sparse"));
    const before = process.memoryUsage().rss;
    expect(await file.read("small")).toEqual(Float32Array.of(42));
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 28);
    await file.close();
  });

  test("is written one tensor at a time when the data are given as functions", async () => {
    const asked: string[] = [];
    const lazy = (entry: typeof weight | typeof steps) => ({
      ...entry,
      data: async () => {
        asked.push(entry.name);
        return entry.data;
      },
    });
    await writeSafetensors(at("m"), [lazy(weight), lazy(steps)]);
    expect(asked).toEqual(["steps", "head.weight"]);
    expect(await readFile(at("m"))).toEqual(Buffer.from(encodeSafetensors([weight, steps])));
  });

  test("stays as it was when a tensor cannot be had or does not fit its shape", async () => {
    await writeSafetensors(at("m"), [weight]);
    const before = await readFile(at("m"));
    const late = { ...weight, data: () => Promise.reject(new RangeError("lost the device")) };
    await expect(writeSafetensors(at("m"), [steps, late])).rejects.toThrow("lost the device");
    expect(await failure(writeSafetensors(at("m"), [{ ...weight, shape: [7] }]))).toContain("takes 28 bytes, found 24");
    expect(await readFile(at("m"))).toEqual(before);
    expect(await readdir(folder)).toEqual(["m"]);
  });
});

describe("openSafetensors refuses", () => {
  test("what is not there, a folder, and an empty file", async () => {
    expect(await failure(openSafetensors(at("none")))).toContain("cannot open: no such file or folder");
    expect(await failure(openSafetensors(folder))).toContain("found a folder");
    await writeFile(at("empty"), "");
    expect(await failure(openSafetensors(at("empty")))).toContain("at least 8 bytes, found 0");
  });

  test("a file cut anywhere", async () => {
    const whole = encodeSafetensors([weight, steps]);
    for (let length = 0; length < whole.length; length++) {
      await writeFile(at("cut"), whole.subarray(0, length));
      expect(await failure(openSafetensors(at("cut")))).toContain(at("cut"));
    }
  });

  test("a header that claims more than the file, before it allocates for it", async () => {
    await writeFile(at("claim"), Buffer.of(0xff, 0xe0, 0xf5, 0x05, 0, 0, 0, 0, 0x7b));
    const before = process.memoryUsage().rss;
    expect(await failure(openSafetensors(at("claim")))).toContain("the file has only 1 bytes after the length");
    expect(process.memoryUsage().rss - before).toBeLessThan(50_000_000);
  });

  test("to go on when the file shrinks under it", async () => {
    await writeSafetensors(at("m"), [weight]);
    const file = await openSafetensors(at("m"));
    await truncate(at("m"), 100);
    expect(await failure(file.read("head.weight"))).toContain("became shorter while it was being read");
    await file.close();
  });
});
