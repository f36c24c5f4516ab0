// The public list, nothing else.

export {
  type ExportOptions,
  exportOnnx,
  type OnnxFile,
  type OnnxModel,
  onnxModel,
  type PortSummary,
} from "./export-onnx.ts";
export { type InputLayout, newestOpset, oldestOpset, type PortNames } from "./forward-graph.ts";
export { countMacs, countVariantMacs, type MacTarget } from "./macs.ts";
export { type OnnxMetadata, parseMetadata } from "./metadata.ts";
export { describeModel, type ModelDescription, type PortDescription } from "./model-file.ts";
export type { Pixels } from "./pixels.ts";
export {
  type Decode,
  type ImageInput,
  type Prediction,
  type PredictOptions,
  Predictor,
  type PredictorOptions,
} from "./predictor.ts";
export { type PreprocessMode, preprocessGraph } from "./preprocess-graph.ts";
export { type BatchCheck, type VerifyOptions, type VerifyReport, verifyOnnx } from "./verify.ts";
