// A mistake in what was typed. Apart from @vitrine/core's error, which would load tensors before a line of help is shown.

export class UsageError extends Error {
  override readonly name = "UsageError";
  /** The word that was not understood, and the words there are: for "did you mean". */
  readonly unknown: { word: string; known: readonly string[] } | undefined;

  constructor(message: string, unknown?: { word: string; known: readonly string[] }) {
    super(message);
    this.unknown = unknown;
  }
}
