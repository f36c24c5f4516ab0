// Specs that are not run, each with the reason.

export interface Exclusion {
  readonly reason: string;
  /** Patterns of full names: `describe` texts, the environment, then the spec's own. */
  readonly specs: readonly RegExp[];
}

export const excluded: readonly Exclusion[] = [];
