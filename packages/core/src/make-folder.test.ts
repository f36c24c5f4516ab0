import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { makeFolder } from "./make-folder.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine-folder-"));
afterAll(() => rmSync(root, { recursive: true }));

test("makes a folder and those above it, also where others make them at the same time", async () => {
  const path = join(root, "a", "b", "c");
  await Promise.all([makeFolder(path), makeFolder(path), makeFolder(join(root, "a", "d"))]);
  expect(statSync(path).isDirectory()).toBe(true);
  await makeFolder(path);
});

test("says what is in the way", async () => {
  writeFileSync(join(root, "file"), "");
  await expect(makeFolder(join(root, "file"))).rejects.toThrow("a file of that name is in the way");
  await expect(makeFolder(join(root, "file", "x", "y"))).rejects.toThrow("(ENOTDIR)");
});

test.runIf(existsSync("/proc/self"))("gives up where the system makes no folders", async () => {
  await expect(makeFolder("/proc/vitrine/run")).rejects.toThrow("cannot make the folder: ");
});
