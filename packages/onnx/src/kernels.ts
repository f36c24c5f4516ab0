// The kernels this backend knows: name, inputs and attributes, in the groups that `lowerings/` has files for. A name listed
// here without a lowering does not compile.

import type { tf } from "@vitrine/core";
import type { Builder } from "./builder.ts";
import type { Content } from "./content.ts";
import type { Value } from "./graph.ts";
import type { ImageKernels } from "./kernels-image.ts";
import type { Sym } from "./sym.ts";

type NoAttrs = Record<never, never>;
type Unary = [{ x: tf.TensorInfo }, NoAttrs];
type Binary = [{ a: tf.TensorInfo; b: tf.TensorInfo }, NoAttrs];

export interface ArithmeticKernels {
  Add: Binary;
  AddN: [tf.TensorInfo[], NoAttrs];
  Atan2: Binary;
  BitwiseAnd: Binary;
  FloorDiv: Binary;
  Maximum: Binary;
  Minimum: Binary;
  Mod: Binary;
  Multiply: Binary;
  Pow: Binary;
  RealDiv: Binary;
  SquaredDifference: Binary;
  Sub: Binary;
}

export interface MathKernels {
  Abs: Unary;
  Acos: Unary;
  Acosh: Unary;
  Asin: Unary;
  Asinh: Unary;
  Atan: Unary;
  Atanh: Unary;
  Ceil: Unary;
  ClipByValue: [tf.ClipByValueInputs, tf.ClipByValueAttrs];
  Cos: Unary;
  Cosh: Unary;
  Erf: Unary;
  Exp: Unary;
  Expm1: Unary;
  Floor: Unary;
  Log: Unary;
  Log1p: Unary;
  Neg: Unary;
  Reciprocal: Unary;
  Round: Unary;
  Rsqrt: Unary;
  Sign: Unary;
  Sin: Unary;
  Sinh: Unary;
  Sqrt: Unary;
  Square: Unary;
  Tan: Unary;
  Tanh: Unary;
}

export interface LogicKernels {
  Cast: [tf.CastInputs, tf.CastAttrs];
  Equal: Binary;
  Greater: Binary;
  GreaterEqual: Binary;
  IsFinite: Unary;
  IsInf: Unary;
  IsNan: Unary;
  Less: Binary;
  LessEqual: Binary;
  LogicalAnd: Binary;
  LogicalNot: Unary;
  LogicalOr: Binary;
  LogicalXor: Binary;
  NotEqual: Binary;
  Select: [tf.SelectInputs, NoAttrs];
}

export interface ActivationKernels {
  Elu: Unary;
  EluGrad: [tf.EluGradInputs, NoAttrs];
  Gelu: Unary;
  GeluGrad: [{ dy: tf.TensorInfo; x: tf.TensorInfo }, NoAttrs];
  GeluTanh: Unary;
  GeluTanhGrad: [{ dy: tf.TensorInfo; x: tf.TensorInfo }, NoAttrs];
  LeakyRelu: [tf.LeakyReluInputs, tf.LeakyReluAttrs];
  Prelu: [tf.PreluInputs, NoAttrs];
  Relu: Unary;
  Relu6: Unary;
  Selu: Unary;
  Sigmoid: Unary;
  Softplus: Unary;
  Step: [tf.StepInputs, tf.StepAttrs];
}

export interface MatmulKernels {
  _FusedMatMul: [
    { a: tf.TensorInfo; b: tf.TensorInfo; bias?: tf.TensorInfo; preluActivationWeights?: tf.TensorInfo },
    tf._FusedMatMulAttrs,
  ];
  BatchMatMul: [tf.BatchMatMulInputs, tf.BatchMatMulAttrs];
  Einsum: [tf.TensorInfo[], tf.EinsumAttrs];
}

export interface ReduceKernels {
  All: [tf.AllInputs, tf.AllAttrs];
  Any: [tf.AnyInputs, tf.AnyAttrs];
  ArgMax: [tf.ArgMaxInputs, tf.ArgMaxAttrs];
  ArgMin: [tf.ArgMinInputs, tf.ArgMinAttrs];
  Max: [tf.MaxInputs, tf.MaxAttrs];
  Mean: [tf.MeanInputs, tf.MeanAttrs];
  Min: [tf.MinInputs, tf.MinAttrs];
  Prod: [tf.ProdInputs, tf.ProdAttrs];
  Sum: [tf.SumInputs, tf.SumAttrs];
}

export interface ScanKernels {
  Cumprod: [tf.CumprodInputs, tf.CumprodAttrs];
  Cumsum: [tf.CumsumInputs, tf.CumsumAttrs];
}

export interface SortKernels {
  LowerBound: [{ sortedSequence: tf.TensorInfo; values: tf.TensorInfo }, NoAttrs];
  SearchSorted: [tf.SearchSortedInputs, tf.SearchSortedAttrs];
  TopK: [tf.TopKInputs, tf.TopKAttrs];
  UpperBound: [{ sortedSequence: tf.TensorInfo; values: tf.TensorInfo }, NoAttrs];
}

export interface CreateKernels {
  Diag: [tf.DiagInputs, NoAttrs];
  Fill: [NoAttrs, tf.FillAttrs];
  LinSpace: [NoAttrs, tf.LinSpaceAttrs];
  OnesLike: [tf.OnesLikeInputs, NoAttrs];
  Range: [NoAttrs, tf.RangeAttrs];
  ZerosLike: [tf.ZerosLikeInputs, NoAttrs];
}

export interface MovementKernels {
  BroadcastTo: [tf.BroadcastToInputs, tf.BroadCastToAttrs];
  Concat: [tf.TensorInfo[], tf.ConcatAttrs];
  ExpandDims: [tf.ExpandDimsInputs, tf.ExpandDimsAttrs];
  Identity: [tf.IdentityInputs, NoAttrs];
  Pack: [tf.TensorInfo[], tf.PackAttrs];
  Reshape: [tf.ReshapeInputs, tf.ReshapeAttrs];
  SplitV: [tf.SplitVInputs, tf.SplitVAttrs];
  Tile: [tf.TileInputs, tf.TileAttrs];
  Transpose: [tf.TransposeInputs, tf.TransposeAttrs];
  Unpack: [tf.UnpackInputs, tf.UnpackAttrs];
}

export interface SliceKernels {
  MirrorPad: [tf.MirrorPadInputs, tf.MirrorPadAttrs];
  PadV2: [tf.PadV2Inputs, tf.PadV2Attrs];
  Reverse: [tf.ReverseInputs, tf.ReverseAttrs];
  Slice: [tf.SliceInputs, tf.SliceAttrs];
  StridedSlice: [tf.StridedSliceInputs, tf.StridedSliceAttrs];
}

export interface SpaceKernels {
  BatchToSpaceND: [tf.BatchToSpaceNDInputs, tf.BatchToSpaceNDAttrs];
  DepthToSpace: [tf.DepthToSpaceInputs, tf.DepthToSpaceAttrs];
  SpaceToBatchND: [tf.SpaceToBatchNDInputs, tf.SpaceToBatchNDAttrs];
}

export interface GatherKernels {
  GatherNd: [tf.GatherNdInputs, NoAttrs];
  GatherV2: [tf.GatherV2Inputs, tf.GatherV2Attrs];
  OneHot: [tf.OneHotInputs, tf.OneHotAttrs];
}

export interface ScatterKernels {
  Bincount: [tf.BincountInputs, tf.BincountAttrs];
  DenseBincount: [tf.DenseBincountInputs, tf.DenseBincountAttrs];
  ScatterNd: [tf.ScatterNdInputs, tf.ScatterNdAttrs];
  SparseToDense: [tf.SparseToDenseInputs, tf.SparseToDenseAttrs];
  TensorScatterUpdate: [tf.TensorScatterUpdateInputs, NoAttrs];
  UnsortedSegmentSum: [tf.UnsortedSegmentSumInputs, tf.UnsortedSegmentSumAttrs];
}

export interface SparseKernels {
  SparseFillEmptyRows: [tf.SparseFillEmptyRowsInputs, NoAttrs];
  SparseReshape: [tf.SparseReshapeInputs, NoAttrs];
  SparseSegmentMean: [tf.SparseSegmentMeanInputs, NoAttrs];
  SparseSegmentSum: [tf.SparseSegmentSumInputs, NoAttrs];
}

export interface NormalizeKernels {
  FusedBatchNorm: [
    { x: tf.TensorInfo; mean: tf.TensorInfo; variance: tf.TensorInfo; scale?: tf.TensorInfo; offset?: tf.TensorInfo },
    tf.FusedBatchNormAttrs,
  ];
  LayerNorm: [{ x: tf.TensorInfo; scale: tf.TensorInfo; offset: tf.TensorInfo }, { epsilon: number }];
  LogSoftmax: [tf.LogSoftmaxInputs, tf.LogSoftmaxAttrs];
  LRN: [tf.LRNInputs, tf.LRNAttrs];
  LRNGrad: [tf.LRNGradInputs, tf.LRNGradAttrs];
  Softmax: [tf.SoftmaxInputs, tf.SoftmaxAttrs];
}

export interface RandomKernels {
  KeyedUniform: [{ key: tf.TensorInfo }, { stream: number; shape: number[] }];
}

export interface HostKernels {
  BroadcastArgs: [tf.BroadcastArgsInputs, NoAttrs];
  Multinomial: [tf.MultinomialInputs, tf.MultinomialAttrs];
  NonMaxSuppressionV3: [tf.NonMaxSuppressionV3Inputs, tf.NonMaxSuppressionV3Attrs];
  NonMaxSuppressionV4: [tf.NonMaxSuppressionV4Inputs, tf.NonMaxSuppressionV4Attrs];
  NonMaxSuppressionV5: [tf.NonMaxSuppressionV5Inputs, tf.NonMaxSuppressionV5Attrs];
  Unique: [tf.UniqueInputs, tf.UniqueAttrs];
}

export interface Kernels
  extends ArithmeticKernels,
    MathKernels,
    LogicKernels,
    ActivationKernels,
    MatmulKernels,
    ReduceKernels,
    ScanKernels,
    SortKernels,
    CreateKernels,
    MovementKernels,
    SliceKernels,
    SpaceKernels,
    GatherKernels,
    ScatterKernels,
    NormalizeKernels,
    RandomKernels,
    HostKernels,
    SparseKernels,
    ImageKernels {}

/** Inputs as the lowering sees them: a symbol for each tensor. */
type Symbols<I> = I extends readonly unknown[] ? Sym[] : { [K in keyof I]: Sym };
export type LoweringResult = Content | Value;

export type Lowering<I, A> = (inputs: Symbols<I>, attrs: A, g: Builder) => LoweringResult | LoweringResult[];
/** A table with a lowering for each kernel of a group. */
export type LoweringsOf<K> = { [N in keyof K]: K[N] extends [infer I, infer A] ? Lowering<I, A> : never };
export type Lowerings = LoweringsOf<Kernels>;
/** A lowering whose kernel is not known by type. */
export type AnyLowering = Lowering<never, never>;
