import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { writeFileAtomic } from "./atomic-file.ts";
import { isVitrineError } from "./errors.ts";

// Child processes run the built package: they cannot read TypeScript on every supported Node.
const built = new URL("../dist/node.js", import.meta.url).href;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-atomic-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const at = (name: string) => join(folder, name);

describe("writeFileAtomic", () => {
  test("writes texts, bytes and streams of pieces, and replaces what was there", async () => {
    await writeFileAtomic(at("a"), "grün");
    expect(await readFile(at("a"), "utf8")).toBe("grün");
    await writeFileAtomic(at("a"), Uint8Array.of(1, 2));
    expect([...(await readFile(at("a")))]).toEqual([1, 2]);
    await writeFileAtomic(at("a"), ["x", Uint8Array.of(0x79), ""]);
    expect(await readFile(at("a"), "utf8")).toBe("xy");
    await writeFileAtomic(
      at("a"),
      (async function* () {
        yield "later";
      })(),
    );
    expect(await readFile(at("a"), "utf8")).toBe("later");
    await writeFileAtomic(at("a"), "");
    expect(await readFile(at("a"), "utf8")).toBe("");
    expect(await readdir(folder)).toEqual(["a"]);
  });

  test("keeps the permissions of the file and the link to it", async () => {
    await mkdir(at("real"));
    await writeFile(at("real/a"), "old");
    await chmod(at("real/a"), 0o640);
    await symlink("real/a", at("link"));
    await writeFileAtomic(at("link"), "new");
    expect((await lstat(at("link"))).isSymbolicLink()).toBe(true);
    expect(await readFile(at("real/a"), "utf8")).toBe("new");
    expect((await stat(at("real/a"))).mode & 0o777).toBe(0o640);
  });

  test("takes a name as long as the disk allows", async () => {
    const name = "ü".repeat(127);
    await writeFileAtomic(at(name), "x");
    expect(await readdir(folder)).toEqual([name]);
  });

  test("leaves the old file, and nothing else, when a piece fails", async () => {
    await writeFile(at("a"), "old");
    const failing = (function* () {
      yield "half";
      throw new RangeError("no more");
    })();
    await expect(writeFileAtomic(at("a"), failing)).rejects.toThrow(RangeError);
    expect(await readFile(at("a"), "utf8")).toBe("old");
    expect(await readdir(folder)).toEqual(["a"]);
  });

  test("names the file and the next step when the path cannot be written", async () => {
    await writeFile(at("file"), "");
    await mkdir(at("folder"));
    const failure = async (path: string) => {
      const error = await writeFileAtomic(path, "x").catch((caught: unknown) => caught);
      expect(isVitrineError(error)).toBe(true);
      return (error as Error).message;
    };
    expect(await failure(at("none/a"))).toBe(
      `${at("none/a")}: cannot write: no such file or folder; check the path (ENOENT); nothing was changed`,
    );
    expect(await failure(at("file/a"))).toContain("a part of the path is a file");
    expect(await failure(at("folder"))).toContain("that is a folder");
    expect(await readdir(folder)).toEqual(["file", "folder"]);
  });

  test.skipIf(process.platform === "win32")("names the file when its folder is not ours", async () => {
    await chmod(folder, 0o555);
    // The superuser may write anywhere, so the child becomes somebody else once it has read its program.
    const script = `
      import ${JSON.stringify(built)};
      if (process.getuid() === 0) process.setuid(65534);
      ${attempt(at("a"))}
    `;
    const child = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
    expect(child.stdout).toBe(
      `${at("a")}: cannot write: permission denied; check who owns the file and its folder (EACCES); nothing was changed`,
    );
  });

  // A file system of 64 KiB, visible to the child alone. Where the kernel does not lend one, there is nothing to test on.
  const mount = ["unshare", "-rm", "sh", "-c", 'mount -t tmpfs -o size=64k tmpfs "$0" && exec "$@"'];
  const canMount = spawnSync(mount[0]!, [...mount.slice(1), tmpdir(), "true"]).status === 0;
  test.skipIf(!canMount)("removes what it wrote when the disk is full, and keeps the old file", () => {
    const script = `
      import { readdirSync, readFileSync, writeFileSync } from "node:fs";
      writeFileSync(${JSON.stringify(at("a"))}, "old");
      ${attempt(at("a"), 'Array.from({ length: 40 }, () => "x".repeat(4096))')}
      process.stdout.write("|" + readdirSync(${JSON.stringify(folder)}) + "|" + readFileSync(${JSON.stringify(at("a"))}));
    `;
    const child = spawnSync(
      mount[0]!,
      [...mount.slice(1), folder, process.execPath, "--input-type=module", "-e", script],
      { encoding: "utf8" },
    );
    expect(child.stdout + child.stderr).toBe(
      `${at("a")}: cannot write: the disk is full; free some space or choose a folder on another disk (ENOSPC); nothing was changed|a|old`,
    );
  });

  function attempt(path: string, content = '"x"'): string {
    return `
      const { writeFileAtomic } = await import(${JSON.stringify(built)});
      await writeFileAtomic(${JSON.stringify(path)}, ${content}).catch((error) => process.stdout.write(error.message));
    `;
  }
});

describe("a writer that was killed", () => {
  test("leaves the old file or the new one, whatever the moment", async () => {
    // 2 MiB of one byte: a mixture of two writes would show.
    const script = `
      const { writeFileAtomic } = await import(${JSON.stringify(built)});
      for (let i = 1; ; i++) {
        await writeFileAtomic(process.argv[1], Array.from({ length: 32 }, () => new Uint8Array(65536).fill(i)));
        process.send(i);
      }
    `;
    for (let round = 0; round < 5; round++) {
      const child = spawn(process.execPath, ["--input-type=module", "-e", script, at("a")], {
        stdio: ["ignore", "inherit", "inherit", "ipc"],
      });
      await message(child);
      await new Promise((resolve) => setTimeout(resolve, 3 * round));
      child.kill("SIGKILL");
      await new Promise((resolve) => child.once("exit", resolve));
      const bytes = await readFile(at("a"));
      expect(bytes.length).toBe(2 ** 21);
      expect(bytes.every((byte) => byte === bytes[0])).toBe(true);
    }
    // The next writer sweeps up behind the dead ones.
    await writeFileAtomic(at("a"), "new");
    expect(await readdir(folder)).toEqual(["a"]);
  });

  test("is cleaned up after, a living one and other files are not", async () => {
    const machine = hostname().replace(/[^A-Za-z0-9]/g, "_");
    const dead = spawnSync(process.execPath, ["-e", ""]).pid;
    const names = {
      dead: `.a.${machine}-${dead}-00000001.tmp`,
      living: `.a.${machine}-${process.ppid}-00000002.tmp`,
      elsewhere: ".a.othermachine-1-00000003.tmp",
      elsewhereOld: ".a.othermachine-1-00000004.tmp",
      otherFile: `.b.${machine}-${dead}-00000005.tmp`,
      users: ".a.notes.tmp",
    };
    for (const name of Object.values(names)) await writeFile(at(name), "");
    const hours = new Date(Date.now() - 2 * 3600_000);
    await utimes(at(names.elsewhereOld), hours, hours);
    await utimes(at(names.users), hours, hours);
    await writeFileAtomic(at("a"), "x");
    const { dead: gone, elsewhereOld, ...kept } = names;
    expect((await readdir(folder)).sort()).toEqual(["a", ...Object.values(kept)].sort());
  });
});

function message(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once("message", resolve);
    child.once("exit", (code) => reject(new Error(`the writer ended with ${code}; is packages/core built?`)));
  });
}
