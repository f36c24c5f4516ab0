// The public list, nothing else.

export { currentBackend, OnnxBackend } from "./backend.ts";
export { Builder, type BuilderOptions } from "./builder.ts";
export { type DType, type Graph, graphOf, type HostData, type Port, printGraph, Value } from "./graph.ts";
export type { Kernels } from "./kernels.ts";
export { foldConstants } from "./passes/fold-constants.ts";
export { foldParameters } from "./passes/index.ts";
export { mergeMoves } from "./passes/merge-moves.ts";
export { createLocalProgram } from "./processor.ts";
export { createProgram, type Program } from "./program.ts";
export { bytesOf, encodeModel, type ModelInfo } from "./proto.ts";
export { backendName, useOnnx } from "./register.ts";
export { availableProviders, openSession, type Provider, type Session, type SessionOptions } from "./session.ts";
export { CMHW, NCHW, OIHW, type Perm } from "./sym.ts";
export { type TraceInput, type TraceOptions, type TraceOutput, trace } from "./trace.ts";
