// Preparation of images as a graph: bytes of any height and width become the model's normalised input. Resizing is a product
// with a matrix of filter weights on either side, which the graph computes from the image's own size; so it needs no Resize
// operator (whose antialias came with opset 18 and is missing from several runtimes), knows Lanczos, and rounds to 8 bits
// after each of the two passes as PIL does. Meant to equal the evaluation transform of @vitrine/data, pixel for pixel.

import type { Preprocess } from "@vitrine/core";
import { Builder, type DType, type Graph, graphOf, type Port, Value } from "@vitrine/onnx";
import { batchSymbol } from "./forward-graph.ts";

type Attributes = Graph["nodes"][number]["attributes"];

/** `full`: any height and width, resized and cut. `normalize`: images of the model's size. */
export type PreprocessMode = "full" | "normalize";

/** A graph with the preparation in front: its input is uint8 [N, H, W, C] in place of float [N, C, H, W]. */
export function prependPreprocess(
  graph: Graph,
  preprocess: Preprocess,
  mode: PreprocessMode,
  options: { opset: number; name: string; batch: number | "dynamic" },
): Graph {
  const inner = graph.inputs[0]!.value;
  const { input, output } = preprocessNodes(preprocess, mode, options, inner.shape[0]!);
  const nodes = graph.nodes.map((node) =>
    node.inputs.includes(inner) ? { ...node, inputs: node.inputs.map((v) => (v === inner ? output : v)) } : node,
  );
  const outputs = graph.outputs.map((port) => (port.value === inner ? { ...port, value: output } : port));
  const front = graphOf([input], [{ name: "", value: output }]);
  return {
    inputs: [input],
    outputs,
    nodes: [...front.nodes, ...nodes],
    constants: [...front.constants, ...graph.constants],
  };
}

/** The preparation alone, with its result as an output: for tests. */
export function preprocessGraph(preprocess: Preprocess, mode: PreprocessMode, opset: number): Graph {
  const { input, output } = preprocessNodes(preprocess, mode, { opset, name: "images", batch: "dynamic" }, 1);
  const varying = { 0: batchSymbol };
  return graphOf([input], [{ name: "prepared", value: output, symbols: varying }]);
}

function preprocessNodes(
  preprocess: Preprocess,
  mode: PreprocessMode,
  { opset, name, batch }: { opset: number; name: string; batch: number | "dynamic" },
  sample: number,
): { input: Port; output: Value } {
  const { size, channels, mean, std } = preprocess;
  const [height, width] = size;
  const images = new Value([sample, height, width, channels], "uint8");
  const symbols: Record<number, string> = mode === "full" ? { 1: "height", 2: "width" } : {};
  if (batch === "dynamic") symbols[0] = batchSymbol;
  const input: Port = { name, value: images, symbols };

  const e = new Emitter(opset);
  const bytes = e.node("Transpose", [images], { perm: [0, 3, 1, 2] }, "uint8"); //                  [N, C, H, W]
  const pixels =
    mode === "full" ? resizeAndCut(e, images, e.cast(bytes, "float32"), preprocess) : e.cast(bytes, "float32");
  const scale = e.channels(std.map((s) => 1 / (255 * s)));
  const shift = e.channels(mean.map((m, c) => -m / std[c]!));
  const scaled = e.node("Mul", [pixels, scale]);
  // Through the builder, so that the value carries its real shape for whoever reads it next.
  const output = e.builder.node("Add", [scaled, shift], {}, [sample, channels, height, width]);
  return { input, output };
}

/** timm's evaluation: resize by `cropMode` to size / cropPct, cut the middle. pixels: [N, C, H, W] → [N, C, height, width]. */
function resizeAndCut(e: Emitter, images: Value, pixels: Value, preprocess: Preprocess): Value {
  const { size, cropPct, cropMode, interpolation, mean } = preprocess;
  const scaled = size.map((edge) => Math.floor(edge / cropPct));
  const shape = e.node("Shape", [images], {}, "int64");
  const from = [1, 2].map((axis) => e.node("Gather", [shape, e.int(axis)], { axis: 0 }, "int64"));
  const to = resizedSize(e, from as [Value, Value], scaled as [number, number], cropMode);
  const cuts = to.map((edge, i) => cutOf(e, edge, size[i]!));

  const [rows, columns] = cuts.map((cut, i) => filterWeights(e, interpolation, from[i]!, to[i]!, cut)); // [height, H], [width, W]
  const turned = e.node("Transpose", [columns!], { perm: [1, 0] }); //                               [W, width]
  const wide = toBytes(e, turned, (weights) => e.real("MatMul", pixels, weights)); //                [N, C, H, width]
  const done = toBytes(e, rows!, (weights) => e.real("MatMul", weights, wide)); //                   [N, C, height, width]
  if (cropMode !== "border") return done;

  const [insideY, insideX] = cuts.map((cut) => e.cast(cut.inside, "float32"));
  const area = e.node("Mul", [insideY!, e.node("Transpose", [insideX!], { perm: [1, 0] })]); //      [height, width]
  const fill = e.channels(mean.map((m) => Math.round(m * 255)));
  const border = e.node("Mul", [e.node("Sub", [e.float(1), area]), fill]);
  return e.node("Add", [e.node("Mul", [done, area]), border]);
}

/** Height and width after resizing, with the roundings of torchvision (square sizes) and timm (others). */
function resizedSize(
  e: Emitter,
  from: [Value, Value],
  [height, width]: [number, number],
  cropMode: Preprocess["cropMode"],
): Value[] {
  if (cropMode === "squash") return [e.int(height), e.int(width)];
  const [tall, wide] = [e.whole("Mul", from[0], e.int(width)), e.whole("Mul", from[1], e.int(height))];
  if (cropMode === "center" && height === width) {
    const shortest = e.whole("Min", ...from);
    return [e.whole("Div", tall, shortest), e.whole("Div", wide, shortest)];
  }
  // One edge becomes its size, the other follows: by width where the image is the taller one, for a crop.
  const byWidth = e.cast(e.node(cropMode === "center" ? "Less" : "Greater", [wide, tall], {}, "bool"), "int64");
  const byHeight = e.whole("Sub", e.int(1), byWidth);
  const either = (a: Value, b: Value) => e.whole("Add", e.whole("Mul", byWidth, a), e.whole("Mul", byHeight, b));
  const newHeight = either(e.halfEven(tall, from[1]), e.int(height));
  const newWidth = either(e.int(width), e.halfEven(wide, from[0]));
  return [newHeight, newWidth].map((edge) => e.whole("Max", edge, e.int(1)));
}

/** The middle of a resized edge: its positions, [length, 1], and which of them lie in the image. */
interface Cut {
  positions: Value;
  inside: Value;
}

function cutOf(e: Emitter, edge: Value, length: number): Cut {
  const spare = e.whole("Sub", edge, e.int(length));
  // A half goes to the even side when cutting, and to the far side when a border is added.
  const cut = e.halfEven(e.whole("Max", spare, e.int(0)), e.int(2));
  const start = e.whole("Add", cut, e.whole("Div", e.whole("Min", spare, e.int(0)), e.int(2)));
  const wanted = e.whole("Add", e.steps(length), start);
  const last = e.whole("Sub", edge, e.int(1));
  const positions = e.whole("Min", e.whole("Max", wanted, e.int(0)), last);
  return { positions, inside: e.node("Equal", [positions, wanted], {}, "bool") };
}

/** A weight of 1: PIL's weights have 22 bits. */
const one = 2 ** 22;

/**
 * Weights that resize an edge from `from` to `to` pixels, for the positions of a cut, times 2²²; float32 [length, from]. The
 * distance of two pixels' centres is (2j+1)/2 - (2i+1)/2 · from/to, so its numerator is a whole number and nothing is lost.
 */
function filterWeights(
  e: Emitter,
  interpolation: Preprocess["interpolation"],
  from: Value,
  to: Value,
  { positions }: Cut,
): Value {
  const source = e.node("Range", [e.int(0), from, e.int(1)], {}, "int64"); //                        [from]
  const odd = (x: Value) => e.whole("Add", e.whole("Mul", x, e.int(2)), e.int(1));
  const target = e.whole("Mul", odd(positions), from); //                                            [length, 1]
  if (interpolation === "nearest") {
    const nearest = e.whole("Div", target, e.whole("Mul", to, e.int(2)));
    const chosen = e.cast(e.node("Equal", [source, nearest], {}, "bool"), "float32");
    return e.real("Mul", chosen, e.float(one));
  }
  const apart = e.node("Abs", [e.whole("Sub", e.whole("Mul", odd(source), to), target)], {}, "int64");
  const unit = e.whole("Mul", e.whole("Max", from, to), e.int(2)); // shrinking widens the filter
  if (interpolation === "bilinear") {
    // Many a sum of these lies halfway between two bytes, so the weights have to be right to the last bit.
    const raw = e.whole("Max", e.whole("Sub", unit, apart), e.int(0));
    return e.cast(e.halfUp(e.whole("Mul", raw, e.int(one)), e.rowSum(raw, "int64")), "float32");
  }
  const distance = e.real("Div", e.cast(apart, "float32"), e.cast(unit, "float32")); //              [length, from]
  const raw = filters[interpolation](e, distance);
  return e.node("Round", [e.real("Mul", e.real("Div", raw, e.rowSum(raw, "float32")), e.float(one))]);
}

/**
 * A product of bytes and filter weights, rounded to bytes: exactly what PIL computes with weights of 22 bits. float32 holds
 * 24 bits, so the weights are split into two halves of 11 whose products are exact (up to 64 pixels under the filter).
 */
function toBytes(e: Emitter, fixed: Value, product: (weights: Value) => Value): Value {
  const half = e.float(2 ** 11);
  const high = e.node("Round", [e.real("Div", fixed, half)]);
  const low = e.real("Sub", fixed, e.real("Mul", high, half));
  const carry = e.node("Floor", [e.real("Div", product(low), half)]);
  const sum = e.real("Add", e.real("Add", product(high), carry), e.float(2 ** 10)); //               half a byte, to round
  return e.node("Clip", [e.node("Floor", [e.real("Div", sum, half)]), e.float(0), e.float(255)]);
}

/** Filters of a distance of 0 or more, in units of the (widened) pixel. */
const filters: Record<"bicubic" | "lanczos", (e: Emitter, d: Value) => Value> = {
  // Keys' cubic with a = -0.5, as PIL has it.
  bicubic(e, d) {
    const near = e.polynomial(d, [1.5, -2.5, 0, 1]);
    const far = e.polynomial(d, [-0.5, 2.5, -4, 2]);
    const isNear = e.below(d, 1);
    return e.real("Add", e.real("Mul", near, isNear), e.real("Mul", far, e.real("Sub", e.below(d, 2), isNear)));
  },
  lanczos(e, d) {
    // Never quite 0, where sin(x)/x is 1 but cannot be computed.
    const x = e.real("Mul", e.real("Max", d, e.float(1e-6)), e.float(Math.PI));
    const third = e.real("Mul", x, e.float(1 / 3));
    const sinc = (v: Value) => e.real("Div", e.node("Sin", [v]), v);
    return e.real("Mul", e.real("Mul", sinc(x), sinc(third)), e.below(d, 3));
  },
};

/** Writes nodes whose shapes depend on the image, and are therefore not said. */
class Emitter {
  readonly builder: Builder;

  constructor(opset: number) {
    this.builder = new Builder({ portable: true, opset });
  }

  node(op: string, inputs: readonly Value[], attributes: Attributes = {}, type: DType = "float32"): Value {
    return this.builder.node(op, inputs, attributes, [], type);
  }

  real(op: string, ...inputs: Value[]): Value {
    return this.node(op, inputs);
  }

  whole(op: string, ...inputs: Value[]): Value {
    return this.node(op, inputs, {}, "int64");
  }

  cast(value: Value, type: DType): Value {
    return this.builder.cast(value, type);
  }

  float(value: number): Value {
    return this.builder.scalar(value);
  }

  int(value: number): Value {
    return this.builder.scalar(value, "int64");
  }

  ints(values: readonly number[]): Value {
    return this.builder.ints(values);
  }

  /** 0, 1, … as a column. */
  steps(length: number): Value {
    const data = BigInt64Array.from({ length }, (_, i) => BigInt(i));
    return this.builder.literal(data, [length, 1], "int64");
  }

  /** One number a channel, for values [N, C, H, W]. */
  channels(values: readonly number[]): Value {
    return this.builder.literal(Float32Array.from(values), [values.length, 1, 1], "float32");
  }

  /** Sums along the last axis of two, which stays with size 1. */
  rowSum(x: Value, type: DType): Value {
    return this.node("ReduceSum", [x, this.ints([1])], { keepdims: 1 }, type);
  }

  /** A quotient of whole numbers of 0 or more, rounded; a half goes up. */
  halfUp(dividend: Value, divisor: Value): Value {
    const shifted = this.whole("Add", this.whole("Mul", dividend, this.int(2)), divisor);
    return this.whole("Div", shifted, this.whole("Mul", divisor, this.int(2)));
  }

  /** The same; a half goes to the even neighbour. */
  halfEven(dividend: Value, divisor: Value): Value {
    const up = this.halfUp(dividend, divisor);
    // A half went up where twice the dividend is divisor times an odd number.
    const twice = this.whole("Sub", this.whole("Mul", up, this.int(2)), this.int(1));
    const same = this.node(
      "Equal",
      [this.whole("Mul", twice, divisor), this.whole("Mul", dividend, this.int(2))],
      {},
      "bool",
    );
    const back = this.whole("Mul", this.cast(same, "int64"), this.whole("Mod", up, this.int(2)));
    return this.whole("Sub", up, back);
  }

  /** Coefficients from the highest power down. */
  polynomial(x: Value, [first, ...rest]: readonly number[]): Value {
    return rest.reduce(
      (sum, coefficient) => this.real("Add", this.real("Mul", sum, x), this.float(coefficient)),
      this.float(first!),
    );
  }

  /** 1 where `x` is below the bound, else 0. */
  below(x: Value, bound: number): Value {
    return this.cast(this.node("Less", [x, this.float(bound)], {}, "bool"), "float32");
  }
}
