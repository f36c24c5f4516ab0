// Convolutions in groups (https://arxiv.org/abs/1611.05431) and with spread filters. TensorFlow.js has neither groups nor
// gradients of dilated convolutions: elsewhere than on a compiling backend, each group is a convolution of its own.

import { defineOp } from "../define-op.ts";
import { tf } from "../tf.ts";

type ExplicitPadding = [[number, number], [number, number], [number, number], [number, number]];

export interface GroupedConvAttrs {
  stride: number;
  padding: "same" | "valid" | ExplicitPadding;
  dilation: number;
}

type Attrs = GroupedConvAttrs & Record<string, unknown>;
type Shape4 = [number, number, number, number];

const channels = 3;

function kernelOptions({ stride, padding }: Attrs) {
  return { strides: stride, pad: padding, dataFormat: "NHWC", dimRoundingMode: undefined, dilations: 1 };
}

function run(kernel: string, inputs: tf.NamedTensorMap, attrs: object): tf.Tensor4D {
  return tf.engine().runKernel(kernel, inputs, attrs as tf.NamedAttrMap) as tf.Tensor4D;
}

/** The filter with zeros between its taps, whose plain convolution is the dilated one. [H, W, I, O] → [H', W', I, O]. */
function spread(filter: tf.Tensor4D, dilation: number): tf.Tensor4D {
  if (dilation === 1) return filter;
  const [high, wide, from, to] = filter.shape;
  const alone = tf.reshape(filter, [high, 1, wide, 1, from * to]);
  const gaps = tf.pad(alone, [[0, 0], [0, dilation - 1], [0, 0], [0, dilation - 1], [0, 0]]); // biome-ignore format: one line
  const wider = tf.reshape(gaps, [high * dilation, wide * dilation, from, to]) as tf.Tensor4D;
  return tf.slice(wider, [0, 0, 0, 0], [1 + (high - 1) * dilation, 1 + (wide - 1) * dilation, -1, -1]);
}

const backpropInput = defineOp<{ dy: tf.Tensor; filter: tf.Tensor }, Attrs & { inputShape: Shape4 }>(
  "GroupedConv2DBackpropInput",
  {
    forward: ({ dy, filter }, attrs) => {
      const inner = filter.shape[2]!;
      const groups = attrs.inputShape[channels] / inner;
      const inputShape = [...attrs.inputShape.slice(0, channels), inner];
      const filters = tf.split<tf.Tensor4D>(filter as tf.Tensor4D, groups, channels);
      const parts = tf.split(dy as tf.Tensor4D, groups, channels).map((part, i) => {
        const inputs = { dy: part, filter: spread(filters[i]!, attrs.dilation) };
        return run("Conv2DBackpropInput", inputs, { ...kernelOptions(attrs), inputShape });
      });
      return tf.concat(parts, channels);
    },
  },
);

const backpropFilter = defineOp<{ x: tf.Tensor; dy: tf.Tensor }, Attrs & { filterShape: Shape4 }>(
  "GroupedConv2DBackpropFilter",
  {
    forward: ({ x, dy }, attrs) => {
      const [high, wide, inner, outer] = attrs.filterShape;
      const groups = x.shape[channels]! / inner;
      const { dilation } = attrs;
      const filterShape = [1 + (high - 1) * dilation, 1 + (wide - 1) * dilation, inner, outer / groups];
      const images = tf.split(x as tf.Tensor4D, groups, channels);
      const parts = tf.split(dy as tf.Tensor4D, groups, channels).map((part, i) => {
        const inputs = { x: images[i]!, dy: part };
        const whole = run("Conv2DBackpropFilter", inputs, { ...kernelOptions(attrs), filterShape });
        return dilation === 1
          ? whole
          : (tf.stridedSlice(whole, [0, 0, 0, 0], whole.shape, [dilation, dilation, 1, 1]) as tf.Tensor4D);
      });
      return tf.concat(parts, channels);
    },
  },
);

const op = defineOp<{ x: tf.Tensor; filter: tf.Tensor }, Attrs>("GroupedConv2D", {
  forward: ({ x, filter }, { stride, padding, dilation }) => {
    const groups = x.shape[channels]! / filter.shape[2]!;
    const filters = tf.split<tf.Tensor4D>(filter as tf.Tensor4D, groups, channels);
    const rounding = typeof padding === "string" ? undefined : "floor";
    const parts = tf
      .split<tf.Tensor4D>(x as tf.Tensor4D, groups, channels)
      .map((part, i) => tf.conv2d(part, spread(filters[i]!, dilation), stride, padding, "NHWC", 1, rounding));
    return tf.concat(parts, channels);
  },
  save: { inputs: ["x", "filter"] },
  gradient: ([dy], [x, filter], attrs) => ({
    x: () => backpropInput({ dy: dy!, filter: filter! }, { ...attrs, inputShape: x!.shape as Shape4 })[0]!,
    filter: () => backpropFilter({ x: x!, dy: dy! }, { ...attrs, filterShape: filter!.shape as Shape4 })[0]!,
  }),
});

/**
 * A convolution in which each group of output channels sees a group of input channels alone.
 * x: [B, H, W, I], filter: [h, w, I / groups, O] → [B, H', W', O].
 */
export function groupedConv2d(x: tf.Tensor4D, filter: tf.Tensor4D, attrs: GroupedConvAttrs): tf.Tensor4D {
  return op({ x, filter }, { ...attrs })[0] as tf.Tensor4D;
}
