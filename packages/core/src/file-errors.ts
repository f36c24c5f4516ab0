// What the operating system said about a file, in words a user can act on.

import { VitrineError } from "./errors.ts";

const advice: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full; free some space or choose a folder on another disk",
  EDQUOT: "your disk quota is used up; free some space or choose another folder",
  EFBIG: "the file would be larger than this disk or the shell's limit (ulimit -f) allows",
  EACCES: "permission denied; check who owns the file and its folder",
  EPERM: "the operating system does not permit it; check the permissions of the file and its folder",
  EROFS: "the disk is mounted read-only; choose another folder",
  ENOENT: "no such file or folder; check the path",
  EEXIST: "a file of that name is in the way; choose another name",
  ENOTDIR: "a part of the path is a file, not a folder; check the path",
  EISDIR: "that is a folder; give the path of a file",
  EMFILE: "this process has too many files open; raise the limit with `ulimit -n`",
  ENFILE: "the machine has too many files open",
  ENAMETOOLONG: "the name is too long for this disk; choose a shorter one",
  EBUSY: "another program is using it; close that program and try again",
  EIO: "the disk reported a fault; check the disk",
  ESTALE: "the network drive went away; mount it again",
};

/** The code of a system error (`ENOSPC`), or nothing for any other value. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return error instanceof Error && typeof code === "string" && "syscall" in error ? code : undefined;
}

/** `error` as a VitrineError that names the file and what to do; anything but a system error comes back as it is. */
export function fileError(doing: string, path: string, error: unknown, note = ""): unknown {
  const code = systemCode(error);
  if (code === undefined) return error;
  return new VitrineError(path, `cannot ${doing}: ${advice[code] ?? (error as Error).message} (${code})${note}`, {
    cause: error,
  });
}
