// Specs that are not run, each with the reason. Patterns match full names: `describe` texts, the environment, the spec's own.

export interface Exclusion {
  readonly reason: string;
  readonly specs: readonly RegExp[];
}

export const excluded: readonly Exclusion[] = [
  {
    reason: "text is taken apart on the host; nothing of it can be in a graph, and no image model does it",
    specs: [/^(stringNGrams|stringSplit|stringToHashBucketFast|staticRegexReplace) /],
  },
  {
    reason: "ragged tensors: lists of rows of unequal length, whose shapes are known only when their numbers are",
    specs: [/^(raggedGather|raggedRange|raggedTensorToTensor) /],
  },
  {
    reason: "asks for less than one unit in the last place: 0.001 at numbers above 16384, which float32 holds to 0.002",
    specs: [/^exp onnx \{\} int32$/, /^tan onnx \{\} numbers exceed float32 precision$/],
  },
];
