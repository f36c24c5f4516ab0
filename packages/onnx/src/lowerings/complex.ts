// Complex numbers: a pair of tensors, on which linear kernels work part by part.

import { tf } from "@vitrine/core";
import type { Builder } from "../builder.ts";
import { Complex } from "../content.ts";
import type { DType } from "../graph.ts";
import type { AnyLowering, LoweringResult } from "../kernels.ts";
import { Sym } from "../sym.ts";
import { lowerings } from "./index.ts";
import { pointwise, retype } from "./pointwise.ts";

type Inputs = Readonly<Record<string, Sym | Complex>>;
type ComplexLowering = (inputs: never, attrs: never, g: Builder) => LoweringResult | LoweringResult[];

/** Kernels that treat the parts alike and apart: sums, and moves of elements. */
const linear = [
  ...["Add", "Sub", "Neg", "Sum", "Mean", "ZerosLike", "Identity", "Reshape", "ExpandDims", "Transpose", "Concat"],
  ...["Pack", "Unpack", "SplitV", "Slice", "StridedSlice", "Reverse", "Tile", "GatherV2", "PadV2"],
] as const;

export const complexLowerings: Readonly<Record<string, ComplexLowering>> = {
  ...Object.fromEntries(linear.map((name) => [name, byParts(lowerings[name] as AnyLowering)])),
  Cast({ x }: { x: Complex }, { dtype }: tf.CastAttrs, g: Builder) {
    return dtype === "complex64" ? x : retype(x.real, dtype as DType, g);
  },
  Complex: ({ real, imag }: { real: Sym; imag: Sym }) => new Complex(real, imag),
  // Scaled by the larger part, so that squares neither vanish nor overflow.
  ComplexAbs: ({ x }: { x: Complex }, _attrs: unknown, g: Builder) =>
    pointwise(
      (w, a, b) => {
        const [p, q] = [w("Abs", a!), w("Abs", b!)];
        const large = w("Max", p, q);
        const ratio = w("Div", w("Min", p, q), w("Where", w("Equal", large, 0), 1, large));
        return w("Mul", large, w("Sqrt", w("Add", w("Mul", ratio, ratio), 1)));
      },
      [x.real, x.imag],
      g,
    ),
  FFT: ({ input }: { input: Complex }, _attrs: unknown, g: Builder) => fourier(input, false, g),
  IFFT: ({ input }: { input: Complex }, _attrs: unknown, g: Builder) => fourier(input, true, g),
  Imag: ({ input }: { input: Complex }) => input.imag,
  Multiply({ a, b }: { a: Complex; b: Complex }, _attrs: unknown, g: Builder) {
    const parts = [a.real, a.imag, b.real, b.imag];
    return new Complex(
      pointwise((w, p, q, r, s) => w("Sub", w("Mul", p!, r!), w("Mul", q!, s!)), parts, g),
      pointwise((w, p, q, r, s) => w("Add", w("Mul", p!, s!), w("Mul", q!, r!)), parts, g),
    );
  },
  OnesLike: ({ x }: { x: Complex }, _attrs: unknown, g: Builder) =>
    new Complex(g.splat(1, x.shape), g.splat(0, x.shape)),
  Real: ({ input }: { input: Complex }) => input.real,
};

/** A real tensor as a complex one: what a cast to complex64 gives. */
export function toComplex({ x }: { x: Sym }, _attrs: unknown, g: Builder): Complex {
  return new Complex(retype(x, "float32", g), g.splat(0, x.shape));
}

function byParts(lowering: AnyLowering): ComplexLowering {
  return (inputs: Inputs, attrs: never, g: Builder) => {
    const part = (name: "real" | "imag") => {
      const of = (input: Sym | Complex) => (input instanceof Complex ? input[name] : input);
      const chosen = Array.isArray(inputs)
        ? inputs.map(of)
        : Object.fromEntries(Object.entries(inputs).map(([key, input]) => [key, of(input)]));
      const found = lowering(chosen as never, attrs, g);
      return (Array.isArray(found) ? found : [found]).map((y) => (y instanceof Sym ? y : g.sym(y as never)));
    };
    const [reals, imags] = [part("real"), part("imag")];
    const pairs = reals.map((real, i) => new Complex(real, imags[i]!));
    return pairs.length === 1 ? pairs[0]! : pairs;
  };
}

/** The discrete Fourier transform along the last axis. ONNX keeps the parts of a number along an axis of their own. */
function fourier({ real, imag, shape }: Complex, inverse: boolean, g: Builder): Complex {
  const length = shape.at(-1)!;
  const rows = tf.util.sizeFromShape(shape) / Math.max(1, length);
  if (rows * length === 0) return new Complex(real, imag);
  const column = (x: Sym) => g.reshape(g.value(x), [rows, length, 1]);
  const pairs = g.node("Concat", [column(real), column(imag)], { axis: 2 }, [rows, length, 2]);
  const attributes = { inverse: +inverse };
  const spectrum =
    g.opset >= 20
      ? g.node("DFT", [pairs, undefined, g.literal(BigInt64Array.of(1n), [], "int64")], attributes, [rows, length, 2])
      : g.node("DFT", [pairs], { ...attributes, axis: 1 }, [rows, length, 2]);
  const types = [{ shape: [rows, length, 1] }, { shape: [rows, length, 1] }];
  const [re, im] = g.nodes("Split", [spectrum, g.ints([1, 1])], { axis: 2 }, types);
  return new Complex(g.sym(g.reshape(re!, shape)), g.sym(g.reshape(im!, shape)));
}
