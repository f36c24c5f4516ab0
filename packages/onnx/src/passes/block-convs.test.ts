import { tf } from "@vitrine/core";
import { beforeAll, describe, expect, test } from "vitest";
import { type Graph, printGraph } from "../graph.ts";
import { channelBlock } from "../processor.ts";
import { createProgram } from "../program.ts";
import { useOnnx } from "../register.ts";
import { trace } from "../trace.ts";
import { blockConvs } from "./block-convs.ts";

beforeAll(async () => {
  await useOnnx();
});

type Fn = (x: tf.Tensor4D, filter: tf.Tensor4D) => tf.Tensor;

function recorded(fn: Fn, image: number[], filter: number[]): Graph {
  return trace(
    (x, w) => [{ name: "y", tensor: fn(x as tf.Tensor4D, w as tf.Tensor4D) }],
    [
      { name: "x", shape: image, perm: [0, 3, 1, 2] },
      { name: "w", shape: filter },
    ],
  );
}

function run(graph: Graph): number[] {
  const program = createProgram(graph);
  const feeds = graph.inputs.map(({ value }) =>
    Float32Array.from({ length: tf.util.sizeFromShape([...value.shape]) }, (_, i) => Math.sin(7 * i)),
  );
  const [y] = program.run(feeds);
  program.dispose();
  return Array.from(y as Float32Array);
}

test("filters and images in blocks of channels", () => {
  const graph = recorded((x, w) => tf.relu(tf.depthwiseConv2d(x, w, 2, "same")), [2, 6, 6, 12], [3, 3, 12, 1]);
  expect(printGraph(blockConvs(graph, 8))).toMatchInlineSnapshot(`
    "input x: float32[2,12,6,6]
    input w: float32[3,3,12,1]
    v4: float32[12,1,3,3] = Transpose(w, perm=[2,3,0,1])
    v5: float32[1,12,3,3] = Reshape(v4, [1,12,3,3])
    v6: float32[1,16,3,3] = com.microsoft.nchwc.ReorderInput(v5)
    v7: float32[16,1,3,3] = Reshape(v6, [16,1,3,3])
    v8: float32[2,16,6,6] = com.microsoft.nchwc.ReorderInput(x)
    v9: float32[2,16,3,3] = com.microsoft.nchwc.Conv(v8, v7, kernel_shape=[3,3], strides=[2,2], dilations=[1,1], pads=[0,0,1,1], group=16)
    v10: float32[2,12,3,3] = com.microsoft.nchwc.ReorderOutput(v9, channels=12)
    v11: float32[2,12,3,3] = Relu(v10)
    v12: float32[2,3,3,12] = Transpose(v11, perm=[0,2,3,1])
    output y = v12
    "
  `);
  const dense = recorded((x, w) => tf.conv2d(x, w, 1, "same"), [1, 14, 14, 8], [3, 3, 8, 16]);
  expect(printGraph(blockConvs(dense, 8))).toMatchInlineSnapshot(`
    "input x: float32[1,8,14,14]
    input w: float32[3,3,8,16]
    v5: float32[16,8,3,3] = Transpose(w, perm=[3,2,0,1])
    v6: float32[1,16,72,1] = Reshape(v5, [1,16,72,1])
    v7: float32[1,16,72,1] = com.microsoft.nchwc.ReorderInput(v6)
    v8: float32[2,1,8,9,8] = Reshape(v7, [2,1,8,9,8])
    v9: float32[2,1,9,8,8] = Transpose(v8, perm=[0,1,3,2,4])
    v10: float32[16,8,3,3] = Reshape(v9, [16,8,3,3])
    v11: float32[1,8,14,14] = com.microsoft.nchwc.ReorderInput(x)
    v12: float32[1,16,14,14] = com.microsoft.nchwc.Conv(v11, v10, kernel_shape=[3,3], strides=[1,1], dilations=[1,1], pads=[1,1,1,1], group=1)
    v13: float32[1,16,14,14] = com.microsoft.nchwc.ReorderOutput(v12, channels=16)
    v14: float32[1,14,14,16] = Transpose(v13, perm=[0,2,3,1])
    output y = v14
    "
  `);
});

test("an image is reordered once for a convolution and its gradients", () => {
  const graph = recorded(
    (x, w) => tf.grad((w) => tf.sum(tf.relu(tf.depthwiseConv2d(x, w as tf.Tensor4D, 1, "same"))))(w),
    [2, 6, 6, 8],
    [3, 3, 8, 1],
  );
  const changed = blockConvs(graph, 8).nodes.filter((node) => node.op.endsWith("ReorderInput"));
  // The image, the filter, and what flows back in the place of a filter.
  expect(changed.map((node) => node.inputs[0]!.shape.join())).toEqual(["1,8,3,3", "2,8,6,6", "2,8,6,6"]);
});

test("leaves what gains nothing, and everything where there are no such kernels", () => {
  const cases: [Fn, number[], number[]][] = [
    [(x, w) => tf.conv2d(x, w, 1, "same"), [1, 14, 14, 8], [1, 1, 8, 16]],
    [(x, w) => tf.conv2d(x, w, 1, "same"), [1, 7, 7, 8], [3, 3, 8, 16]],
    [(x, w) => tf.conv2d(x, w, 1, "same"), [1, 14, 14, 3], [3, 3, 3, 16]],
    [(x, w) => tf.depthwiseConv2d(x, w, 1, "same"), [1, 14, 14, 8], [3, 3, 8, 2]],
    [(x, w) => tf.depthwiseConv2d(x, w, 1, "same"), [1, 14, 14, 10], [3, 3, 10, 1]],
  ];
  for (const [fn, image, filter] of cases) {
    const graph = recorded(fn, image, filter);
    expect(printGraph(blockConvs(graph, 8))).toBe(printGraph(graph));
  }
  const graph = recorded((x, w) => tf.depthwiseConv2d(x, w, 1, "same"), [1, 6, 6, 8], [3, 3, 8, 1]);
  expect(blockConvs(graph, 1)).toBe(graph);
});

const block = channelBlock();
describe.skipIf(block === 1)("on this processor", () => {
  const twice: Fn = (x, w) => {
    const y = tf.depthwiseConv2d(x, w, 1, "same");
    return tf.add(tf.depthwiseConv2d(y, w, 1, "same"), tf.mean(tf.depthwiseConv2d(y, w, 1, "valid")));
  };
  test.each<[string, Fn, number[], number[]]>([
    ["depthwise", (x, w) => tf.depthwiseConv2d(x, w, 1, "same"), [2, 7, 5, 16], [3, 3, 16, 1]],
    ["depthwise with a stride", (x, w) => tf.depthwiseConv2d(x, w, 2, "same"), [2, 8, 7, 32], [5, 5, 32, 1]],
    ["depthwise with holes", (x, w) => tf.depthwiseConv2d(x, w, 1, "same", "NHWC", 2), [2, 8, 7, 16], [3, 3, 16, 1]],
    ["channels that fill no block", (x, w) => tf.depthwiseConv2d(x, w, 1, "same"), [2, 7, 5, 20], [3, 3, 20, 1]],
    [
      "the gradient of a depthwise filter",
      (x, w) => tf.grad((w) => tf.sum(tf.square(tf.depthwiseConv2d(x, w as tf.Tensor4D, 2, "same"))))(w),
      [2, 7, 9, 12],
      [3, 3, 12, 1],
    ],
    ["one after the other", twice, [2, 7, 7, 16], [3, 3, 16, 1]],
    ["dense", (x, w) => tf.conv2d(x, w, 1, "same"), [2, 14, 15, 32], [3, 3, 32, 16]],
    [
      "the gradient of a dense convolution's image",
      (x, w) => tf.grad((x) => tf.sum(tf.square(tf.conv2d(x as tf.Tensor4D, w, 1, "same"))))(x),
      [2, 14, 15, 32],
      [3, 3, 32, 16],
    ],
    ["dense with a stride", (x, w) => tf.conv2d(x, w, 2, "same"), [2, 29, 28, 16], [3, 3, 16, 48]],
  ])("the same numbers: %s", (_, fn, image, filter) => {
    const graph = recorded(fn, image, filter);
    const changed = blockConvs(graph, block);
    expect(printGraph(changed)).not.toBe(printGraph(graph));
    const wanted = run(graph);
    run(changed).forEach((value, i) => {
      expect(value).toBeCloseTo(wanted[i]!, 4);
    });
  });
});
