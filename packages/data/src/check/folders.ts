// What is wrong with the folders of an image folder, besides its images.

import { readdir } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import type { Dataset } from "../datasets/dataset.ts";
import { findImages, kindOf } from "../datasets/find-images.ts";
import type { IssueKind } from "./issues.ts";

/**
 * Empty class folders, links to nothing, files of other kinds, and images beside the folders. Nothing for data sets of
 * other forms.
 */
export async function folderIssues(dataset: Dataset): Promise<[IssueKind, string, string[]][]> {
  const root = dataset.name;
  if (dataset.files !== true || (await kindOf(root)) !== "folder") return [];
  const { files, others } = await findImages(root);
  const issues: [IssueKind, string, string[]][] = [];
  const { empty, dangling } = await strays(root, files);
  for (const link of dangling) issues.push(["unreadable", "a link that leads nowhere", [link]]);
  for (const folder of empty)
    issues.push(["empty-class", `folder ${folder} holds no image, so there is no such class`, []]);
  const loose = files.filter((file) => !file.includes("/"));
  if (loose.length > 0)
    issues.push(["ignored", `${loose.length} images beside the class folders`, loose.map((file) => join(root, file))]);
  for (const [ending, count] of others)
    issues.push([
      "ignored",
      `${count} ${count === 1 ? "file" : "files"} with ${ending === "" ? "no ending" : `ending ${ending}`}`,
      [],
    ]);
  return issues;
}

/** Folders without folders in which no image lies, below `root`; and links that lead nowhere. */
async function strays(root: string, files: readonly string[]): Promise<{ empty: string[]; dangling: string[] }> {
  const filled = new Set(files.map((file) => file.slice(0, file.lastIndexOf("/"))));
  const folders: string[] = [];
  const dangling: string[] = [];
  for (const entry of await readdir(root, { withFileTypes: true, recursive: true })) {
    const full = join(entry.parentPath, entry.name);
    const path = relative(root, full).split(sep).join("/");
    if (/(^|\/)\./.test(path)) continue;
    if (entry.isDirectory()) folders.push(path);
    else if (entry.isSymbolicLink() && (await kindOf(full)) === "missing") dangling.push(full);
  }
  const isLeaf = (folder: string) => !folders.some((other) => other.startsWith(`${folder}/`));
  return { empty: folders.filter((folder) => !filled.has(folder) && isLeaf(folder)).sort(), dangling: dangling.sort() };
}
