// Depthwise convolutions: each channel by filters of its own. For ONNX they are convolutions with a group a channel, and
// the filter [H, W, C, M] is held as [C, M, H, W], whose rows are the output channels in TensorFlow.js' order.

import type { Builder } from "../builder.ts";
import type { Value } from "../graph.ts";
import type { LoweringsOf } from "../kernels.ts";
import type { DepthwiseKernels } from "../kernels-image.ts";
import { CMHW, type Sym } from "../sym.ts";
import { applyFilter, conv2dWindow } from "./conv.ts";
import { backwards } from "./conv-grad.ts";
import { activate } from "./fused.ts";
import { product } from "./matmul.ts";
import { attributesOf, count, crop, imageOf, isEmpty, offsets, pad, resultOf, taps, type Window } from "./window.ts";

/**
 * Widest image for which the weight gradient by rows is quicker than the one by taps: the work of taps grows with the square
 * of the filter, that of rows with its width times the image's. Measured for filters of 3, 5 and 7.
 */
const widestRow = (columns: number) => 14 * (columns - 1);

export const depthwise: LoweringsOf<DepthwiseKernels> = {
  DepthwiseConv2dNative({ x, filter }, attrs, g) {
    return convolve(
      x,
      filter,
      conv2dWindow("DepthwiseConv2dNative", x.shape, filter.shape, attrs, { depthwise: true }),
      g,
    );
  },
  DepthwiseConv2dNativeBackpropFilter({ x, dy }, attrs, g) {
    const { filterShape } = attrs;
    const w = conv2dWindow("DepthwiseConv2dNativeBackpropFilter", x.shape, filterShape, attrs, {
      depthwise: true,
      result: dy.shape,
    });
    if (isEmpty(w.outShape) || isEmpty(w.inShape)) return g.splat(0, filterShape);
    const times = w.outChannels / w.inChannels;
    const image = imageOf(x, w, g);
    const d = resultOf(dy, w, g);
    return g.sym(g.reshape(filterGradient(image, d, w, times, g), [w.inChannels, times, ...w.kernel]), CMHW);
  },
  DepthwiseConv2dNativeBackpropInput({ dy, filter }, attrs, g) {
    const w = conv2dWindow("DepthwiseConv2dNativeBackpropInput", attrs.inputShape, filter.shape, attrs, {
      depthwise: true,
      result: dy.shape,
    });
    if (isEmpty(w.inShape) || isEmpty(w.outShape)) return g.splat(0, w.inShape);
    return backwards(resultOf(dy, w, g), w, w.inChannels, g, {
      turned: () => g.as(filter, CMHW),
      plain: () => onePerChannel(filter, w, g),
    });
  },
  FusedDepthwiseConv2D({ x, filter, bias, preluActivationWeights }, attrs, g) {
    const w = conv2dWindow("FusedDepthwiseConv2D", x.shape, filter.shape, attrs, { depthwise: true });
    return activate(convolve(x, filter, w, g, bias), attrs, preluActivationWeights, g);
  },
};

function convolve(x: Sym, filter: Sym, w: Window, g: Builder, bias?: Sym): Sym {
  return applyFilter(x, onePerChannel(filter, w, g), w.inChannels, w, g, bias);
}

/** The filter as [output channels, 1, H, W]. */
function onePerChannel(filter: Sym, w: Window, g: Builder): Value {
  return g.reshape(g.as(filter, CMHW), [w.outChannels, 1, ...w.kernel]);
}

/** The gradient of the filter, [channels, times, taps]. `d` is the gradient of the result. */
function filterGradient(image: Value, d: Value, w: Window, times: number, g: Builder): Value {
  if (times > 1) return byTaps(image, d, w, times, g);
  if (w.stride[1] === 1 && w.out[1]! <= widestRow(w.kernel[1]!)) return byRows(image, d, w, g);
  return w.stride.every((s) => s === 1) ? byShifts(image, d, w, g) : asFilter(image, d, w, g);
}

/** For each tap, the image it sees times `d`, summed: [channels, times, taps]. */
function byTaps(image: Value, d: Value, w: Window, times: number, g: Builder): Value {
  const grouped = [w.batch, w.inChannels, times, ...w.out];
  const right = times === 1 ? d : g.reshape(d, grouped);
  const sums = taps(image, w, g).map((tap) => {
    const left = times === 1 ? tap : g.reshape(tap, [w.batch, w.inChannels, 1, ...w.out]);
    const shape = times === 1 ? tap.shape : grouped;
    const rank = shape.length;
    const product = g.node("Mul", [left, right], {}, shape);
    const kept = [...shape.slice(0, -2), 1, 1];
    // Summing the image first and the batch after runs several times faster than both at once.
    const each = g.node("ReduceSum", [product, g.ints([rank - 2, rank - 1])], { keepdims: 1 }, kept);
    const whole = g.node("ReduceSum", [each, g.ints([0])], { keepdims: 1 }, [1, ...kept.slice(1)]);
    return g.reshape(whole, [w.inChannels, times, 1]);
  });
  if (sums.length === 1) return sums[0]!;
  return g.node("Concat", sums, { axis: 2 }, [w.inChannels, times, count(w.kernel)]);
}

/**
 * For each row of the filter, the product of all columns of the image with all columns of `d`; what belongs to a tap lies
 * on a diagonal of it, which a product with a mask adds up. More arithmetic than `byTaps`, but none of its small copies.
 */
function byRows(image: Value, d: Value, w: Window, g: Builder): Value {
  const [high, wide] = w.out as [number, number];
  const [rows, columns] = w.kernel as [number, number];
  const padded = pad(image, w.before, w.after, 0, g);
  const width = padded.shape[3]!;
  const planes = w.batch * w.inChannels;
  const right = g.reshape(d, [planes, high, wide]);

  const mask = new Float32Array(columns * width * wide);
  for (let column = 0; column < columns; column++)
    for (let at = 0; at < wide; at++) {
      const seen = at + column * w.dilation[1]!;
      mask[(column * width + seen) * wide + at] = 1;
    }
  const diagonals = g.literal(mask, [columns, width * wide], "float32");

  const [stride, dilation] = [w.stride[0]!, w.dilation[0]!];
  const sums = Array.from({ length: rows }, (_, row) => {
    const start = row * dilation;
    const bounds = [[start], [start + (high - 1) * stride + 1], [2], [stride]].map((v) => g.ints(v));
    const seen = g.node("Slice", [padded, ...bounds], {}, [w.batch, w.inChannels, high, width]);
    const pairs = product(g.reshape(seen, [planes, high, width]), right, true, false, [planes, width, wide], g);
    const flat = g.reshape(pairs, [planes, width * wide]);
    const each = product(flat, diagonals, false, true, [planes, columns], g);
    return g.reshape(each, [w.batch, w.inChannels, columns]);
  });
  const all = rows === 1 ? sums[0]! : g.node("Concat", sums, { axis: 2 }, [w.batch, w.inChannels, rows * columns]);
  return g.node("ReduceSum", [all, g.ints([0])], { keepdims: 0 }, [w.inChannels, rows * columns]);
}

/**
 * For each tap, the product of `d` as one row with the image as one row that begins at the tap. With as many zeros behind each
 * line of `d` as the padded image has, the two stay in step; what is copied for a tap lies in one piece.
 */
function byShifts(image: Value, d: Value, w: Window, g: Builder): Value {
  const [high, wide] = w.out as [number, number];
  const [top, left] = w.before as [number, number];
  const [bottom, right] = w.after as [number, number];
  // One line more, into which the last tap's row runs.
  const padded = pad(image, [top, left], [bottom + 1, right], 0, g);
  const [lines, width] = padded.shape.slice(2) as [number, number];
  const planes = w.batch * w.inChannels;
  const size = high * width;
  const lined = pad(d, [0, 0], [0, width - wide], 0, g);
  const row = g.reshape(lined, [planes, 1, size]);
  const flat = g.reshape(padded, [planes, lines * width]);
  const sums = offsets(w.kernel).map((tap) => {
    const start = tap[0]! * w.dilation[0]! * width + tap[1]! * w.dilation[1]!;
    const bounds = [[start], [start + size], [1]].map((v) => g.ints(v));
    const seen = g.reshape(g.node("Slice", [flat, ...bounds], {}, [planes, size]), [planes, 1, size]);
    return g.reshape(product(row, seen, false, true, [planes, 1, 1], g), [w.batch, w.inChannels, 1]);
  });
  const all = sums.length === 1 ? sums[0]! : g.node("Concat", sums, { axis: 2 }, [w.batch, w.inChannels, sums.length]);
  return g.node("ReduceSum", [all, g.ints([0])], { keepdims: 0 }, [w.inChannels, sums.length]);
}

/** A convolution of the image with `d` as its filter, every image and channel alone; stride and dilation change places. */
function asFilter(image: Value, d: Value, w: Window, g: Builder): Value {
  const planes = w.batch * w.inChannels;
  const stride = w.dilation;
  const found = w.size.map((size, i) => {
    const room = size + w.before[i]! + w.after[i]! - ((w.out[i]! - 1) * w.stride[i]! + 1);
    return Math.floor(room / stride[i]!) + 1;
  });
  const attributes = { ...attributesOf(w, planes), kernel_shape: w.out, strides: stride, dilations: w.stride };
  const inputs = [g.reshape(image, [1, planes, ...w.size]), g.reshape(d, [planes, 1, ...w.out])];
  const each = g.node("Conv", inputs, attributes, [1, planes, ...found]);
  // Rows that no window reaches give taps that the filter does not have.
  const taps = crop(each, [0, 0], w.kernel, g);
  const all = g.reshape(taps, [w.batch, w.inChannels, count(w.kernel)]);
  return g.node("ReduceSum", [all, g.ints([0])], { keepdims: 0 }, [w.inChannels, count(w.kernel)]);
}
