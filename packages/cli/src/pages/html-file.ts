// Where a page is to be written, known to be a page before anything slow happens.

import { UsageError } from "../usage-error.ts";

/** @throws UsageError unless the name ends in .html. */
export function htmlFile(file: string | undefined): void {
  if (file !== undefined && !/\.html?$/i.test(file))
    throw new UsageError(`--output must be a file that ends in .html, found "${file}"`);
}
