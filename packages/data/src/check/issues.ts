// What can be wrong with a data set, and how bad it is.

/**
 * `error`: training would fail, skip the image, or be measured wrongly. `warning`: worth a look. `note`: good to know.
 */
export type Level = "error" | "warning" | "note";

/** Kinds of findings in the order of reports, with their level and a title. */
export const issueKinds = {
  empty: ["error", "files without a byte"],
  unreadable: ["error", "files that cannot be opened"],
  "not-an-image": ["error", "files that hold no image"],
  truncated: ["error", "images that are cut short"],
  damaged: ["error", "images that cannot be decoded"],
  "too-large": ["error", "images above the limit of pixels"],
  "bad-record": ["error", "records of shards and lists that cannot be used"],
  leak: ["error", "images in more than one split"],
  conflict: ["error", "copies of an image with different classes"],
  classes: ["error", "classes that the splits do not share"],
  "near-leak": ["warning", "images that look alike in different splits"],
  "near-conflict": ["warning", "images that look alike in different classes"],
  duplicate: ["warning", "copies of an image"],
  "near-duplicate": ["warning", "images that look alike"],
  "wrong-extension": ["warning", "names that end otherwise than their content"],
  tiny: ["warning", "very small images"],
  huge: ["warning", "very large images"],
  "empty-class": ["warning", "classes without an image"],
  imbalance: ["warning", "classes of very different sizes"],
  ignored: ["warning", "files that are not read"],
  exif: ["note", "images that are turned as their EXIF entry says"],
  animated: ["note", "animations, of which the first frame is used"],
} as const satisfies Readonly<Record<string, readonly [Level, string]>>;

export type IssueKind = keyof typeof issueKinds;

/** One finding. */
export interface Issue {
  kind: IssueKind;
  level: Level;
  /** What was found, in words. */
  detail: string;
  /** The images it is about, as the data set calls them; none for what is about a class or a split. */
  paths: string[];
  split?: string;
}
