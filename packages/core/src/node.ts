// What needs Node: files and the hub. Kept apart from the main list, which also loads in a browser.

export { type FileContent, writeFileAtomic } from "./atomic-file.ts";
export { type FetchedWeights, type FetchOptions, fetchWeights } from "./hub/fetch-weights.ts";
export { makeFolder } from "./make-folder.ts";
export {
  type Checkpoint,
  type Dtype,
  type DtypeArray,
  encodeSafetensors,
  parseSafetensors,
  type TensorData,
  type TensorEntry,
  type TensorInfo,
} from "./safetensors.ts";
export { type CheckpointFile, openSafetensors, type TensorSource, writeSafetensors } from "./safetensors-file.ts";
