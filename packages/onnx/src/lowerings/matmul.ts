// Matrix products.

import { tf, VitrineError } from "@vitrine/core";
import type { Builder } from "../builder.ts";
import type { Value } from "../graph.ts";
import type { LoweringsOf, MatmulKernels } from "../kernels.ts";
import type { Sym } from "../sym.ts";
import { type Activation, activate } from "./fused.ts";

export const matmul: LoweringsOf<MatmulKernels> = {
  BatchMatMul: ({ a, b }, { transposeA = false, transposeB = false }, g) => multiply(a, b, transposeA, transposeB, g),
  _FusedMatMul({ a, b, bias, preluActivationWeights }, { transposeA, transposeB, ...activation }, g) {
    const products = g.sym(multiply(a, b, transposeA, transposeB, g));
    const biased = bias == null ? products : g.elementwise("Add", [products, bias]);
    return activate(biased, activation as Activation, preluActivationWeights ?? undefined, g);
  },
  // Labels may repeat within an operand, stand for sums, or be broadcast: ONNX' operator knows the same notation.
  Einsum(inputs, { equation }, g) {
    const { allDims, summedDims, idDims } = tf.backend_util.decodeEinsumEquation(equation, inputs.length);
    tf.backend_util.checkEinsumDimSizes(
      allDims.length,
      idDims,
      inputs.map(({ shape }) => ({ shape }) as tf.Tensor),
    );
    const sizes = allDims.map((_, label) => {
      const operand = idDims.findIndex((labels) => labels.includes(label));
      return inputs[operand]!.shape[idDims[operand]!.indexOf(label)]!;
    });
    const shape = sizes.filter((_, label) => !summedDims.includes(label));
    return g.node("Einsum", inputs, { equation: equation.replaceAll(" ", "") }, shape, inputs[0]!.dtype);
  },
};

function multiply(a: Sym, b: Sym, transposeA: boolean, transposeB: boolean, g: Builder): Value {
  if (a.rank < 2 || b.rank < 2)
    throw new VitrineError("BatchMatMul", `expected matrices, found shapes [${a.shape}] and [${b.shape}]`);
  const [m, k] = lastTwo(a.shape, transposeA);
  const [k2, n] = lastTwo(b.shape, transposeB);
  if (k !== k2)
    throw new VitrineError("BatchMatMul", `inner sizes differ: ${k} from [${a.shape}], ${k2} from [${b.shape}]`);
  const batch = tf.backend_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  return product(g.value(a), g.value(b), transposeA, transposeB, [...batch, m, n], g);
}

/**
 * A product with either side transposed. ORT's FusedMatMul takes flags and saves a copy, which pays for the small matrices
 * of attention; for the large `Xᵀ·dY` of a linear layer's weight gradient a transposed copy is 4 to 6 % faster.
 */
export function product(
  a: Value,
  b: Value,
  transposeA: boolean,
  transposeB: boolean,
  shape: readonly number[],
  g: Builder,
): Value {
  if (!transposeA && !transposeB) return g.node("MatMul", [a, b], {}, shape, a.dtype);
  if (g.portable || a.dtype !== "float32") {
    const left = transposeA ? swapLast(a, g) : a;
    return g.node("MatMul", [left, transposeB ? swapLast(b, g) : b], {}, shape, a.dtype);
  }
  if (transposeA && a.shape.length === 2) {
    // (AᵀB)ᵀ = BᵀA: the narrower side is the cheaper one to copy, with the result.
    const [m, n] = shape as [number, number];
    const k = a.shape[0]!;
    if (!transposeB && n * (k + m) < m * k)
      return g.permute(product(g.permute(b, [1, 0]), a, false, false, [n, m], g), [1, 0]);
    return product(g.permute(a, [1, 0]), b, false, transposeB, shape, g);
  }
  return g.node("com.microsoft.FusedMatMul", [a, b], { transA: +transposeA, transB: +transposeB }, shape);
}

function swapLast(value: Value, g: Builder): Value {
  const axes = value.shape.map((_, i) => i);
  return g.permute(value, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]);
}

function lastTwo(shape: readonly number[], transposed: boolean): [number, number] {
  const [rows, columns] = shape.slice(-2) as [number, number];
  return transposed ? [columns, rows] : [rows, columns];
}
