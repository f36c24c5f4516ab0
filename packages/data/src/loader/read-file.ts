// Image files into memory. Asking the system and waiting for its answer costs a tenth of a sample's processor time where
// the file is in memory already, as most are from the second epoch on; but where the disk is slow, several files should be
// on their way while others are worked on. Which it is, is seen from how long reading takes.

import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";

/** A file that took longer, in ms, came from a disk or a network. */
const patience = 1;
/** After such a file, so many are waited for. */
const mostWaiting = 64;

/** How many more files are not read at once. */
let waiting = 0;

/** The bytes of a file. */
export function readImageFile(path: string): Uint8Array | Promise<Uint8Array> {
  if (waiting > 0) {
    waiting--;
    return readFile(path);
  }
  const start = performance.now();
  const bytes = readFileSync(path);
  if (performance.now() - start > patience) waiting = mostWaiting;
  return bytes;
}
