// The kernels this backend knows: name, inputs and attributes, in the groups that `lowerings/` has files for. A name listed
// here without a lowering does not compile.

import type { tf } from "@vitrine/core";
import type { Builder } from "./builder.ts";
import type { Value } from "./graph.ts";
import type { Sym } from "./sym.ts";

type NoAttrs = Record<never, never>;
type Unary = [{ x: tf.TensorInfo }, NoAttrs];
type Binary = [{ a: tf.TensorInfo; b: tf.TensorInfo }, NoAttrs];

export interface ElementwiseKernels {
  Abs: Unary;
  Add: Binary;
  Cast: [tf.CastInputs, tf.CastAttrs];
  ClipByValue: [tf.ClipByValueInputs, tf.ClipByValueAttrs];
  Equal: Binary;
  Erf: Unary;
  Exp: Unary;
  Greater: Binary;
  GreaterEqual: Binary;
  Less: Binary;
  LessEqual: Binary;
  Log: Unary;
  LogicalAnd: Binary;
  LogicalNot: Unary;
  LogicalOr: Binary;
  Maximum: Binary;
  Minimum: Binary;
  Multiply: Binary;
  Neg: Unary;
  NotEqual: Binary;
  Pow: Binary;
  RealDiv: Binary;
  Reciprocal: Unary;
  Relu: Unary;
  Relu6: Unary;
  Rsqrt: Unary;
  Select: [tf.SelectInputs, NoAttrs];
  Sigmoid: Unary;
  Sign: Unary;
  Sqrt: Unary;
  Square: Unary;
  SquaredDifference: Binary;
  Step: [tf.StepInputs, tf.StepAttrs];
  Sub: Binary;
  Tanh: Unary;
}

export interface MatmulKernels {
  BatchMatMul: [tf.BatchMatMulInputs, tf.BatchMatMulAttrs];
}

export interface ReduceKernels {
  Max: [tf.MaxInputs, tf.MaxAttrs];
  Mean: [tf.MeanInputs, tf.MeanAttrs];
  Min: [tf.MinInputs, tf.MinAttrs];
  Sum: [tf.SumInputs, tf.SumAttrs];
}

export interface MovementKernels {
  BroadcastTo: [tf.BroadcastToInputs, tf.BroadCastToAttrs];
  Concat: [tf.TensorInfo[], tf.ConcatAttrs];
  ExpandDims: [tf.ExpandDimsInputs, tf.ExpandDimsAttrs];
  Fill: [NoAttrs, tf.FillAttrs];
  Identity: [tf.IdentityInputs, NoAttrs];
  OnesLike: [tf.OnesLikeInputs, NoAttrs];
  Pack: [tf.TensorInfo[], tf.PackAttrs];
  PadV2: [tf.PadV2Inputs, tf.PadV2Attrs];
  Reshape: [tf.ReshapeInputs, tf.ReshapeAttrs];
  Slice: [tf.SliceInputs, tf.SliceAttrs];
  SplitV: [tf.SplitVInputs, tf.SplitVAttrs];
  Tile: [tf.TileInputs, tf.TileAttrs];
  Transpose: [tf.TransposeInputs, tf.TransposeAttrs];
  Unpack: [tf.UnpackInputs, tf.UnpackAttrs];
  ZerosLike: [tf.ZerosLikeInputs, NoAttrs];
}

export interface GatherKernels {
  GatherV2: [tf.GatherV2Inputs, tf.GatherV2Attrs];
  OneHot: [tf.OneHotInputs, tf.OneHotAttrs];
}

export interface NormalizeKernels {
  LayerNorm: [{ x: tf.TensorInfo; scale: tf.TensorInfo; offset: tf.TensorInfo }, { epsilon: number }];
  LogSoftmax: [tf.LogSoftmaxInputs, tf.LogSoftmaxAttrs];
  Softmax: [tf.SoftmaxInputs, tf.SoftmaxAttrs];
}

export interface ActivationKernels {
  Gelu: Unary;
  GeluGrad: [{ dy: tf.TensorInfo; x: tf.TensorInfo }, NoAttrs];
}

export interface RandomKernels {
  KeyedUniform: [{ key: tf.TensorInfo }, { stream: number; shape: number[] }];
}

export interface Kernels
  extends ElementwiseKernels,
    MatmulKernels,
    ReduceKernels,
    MovementKernels,
    GatherKernels,
    NormalizeKernels,
    ActivationKernels,
    RandomKernels {}

/** Inputs as the lowering sees them: a symbol for each tensor. */
type Symbols<I> = I extends readonly unknown[] ? Sym[] : { [K in keyof I]: Sym };
export type LoweringResult = Sym | Value;

export type Lowering<I, A> = (inputs: Symbols<I>, attrs: A, g: Builder) => LoweringResult | LoweringResult[];
/** A table with a lowering for each kernel of a group. */
export type LoweringsOf<K> = { [N in keyof K]: K[N] extends [infer I, infer A] ? Lowering<I, A> : never };
export type Lowerings = LoweringsOf<Kernels>;
/** A lowering whose kernel is not known by type. */
export type AnyLowering = Lowering<never, never>;
