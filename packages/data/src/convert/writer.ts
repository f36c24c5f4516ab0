// What the writers of data sets have in common.

/** A labelled image on its way into a data set. */
export interface OutputSample {
  /** What it was called: a path, or `shard#key`. */
  source: string;
  label: number;
  bytes: Uint8Array;
  /** Of its kind of image, without the dot: "jpg". */
  extension: string;
}

/** What was written of one split. */
export interface WrittenSplit {
  /** The name of the split; empty where the data set is not split. */
  split: string;
  samples: number;
  /** Samples of each class. */
  counts: number[];
  /** Files, below the destination; for image folders none are listed. */
  files: string[];
  /** Samples in each of the files. */
  lengths: number[];
}

/** Writes the samples of one split, in the order in which they come. */
export interface SplitWriter {
  add(sample: OutputSample): Promise<void>;
  finish(): Promise<Pick<WrittenSplit, "files" | "lengths">>;
  /** Lets go of what is open; what was written is removed with the folder. */
  abandon(): Promise<void>;
}

/** The name of a sample without folders and endings, fit for every disk: letters, digits and a few marks. */
export function baseName(source: string): string {
  const last = source
    .slice(source.lastIndexOf("#") + 1)
    .split(/[/\\]/)
    .at(-1)!;
  return safeName(last.replace(/\.(png|jpe?g|webp|gif|tiff?|avif)$/i, "")) || "image";
}

/** `text` without what some disk refuses in a name. Never empty but for an empty text, and no hidden file. */
export function safeName(text: string): string {
  return text
    .replace(/[\\/:*?"<>|\p{Cc}]/gu, "_")
    .replace(/^\./, "_")
    .replace(/[. ]+$/, (end) => "_".repeat(end.length))
    .slice(0, 120);
}
