import { batchNormTrain, tf } from "@vitrine/core";
import { describe, expect, test } from "vitest";
import { type Graph, printGraph } from "../graph.ts";
import { createProgram } from "../program.ts";
import { useOnnx } from "../register.ts";
import { NCHW, OIHW, type Perm } from "../sym.ts";
import { rand } from "../testing.ts";
import { trace } from "../trace.ts";

const shapes = {
  x: [2, 8, 8, 3],
  w1: [3, 3, 3, 8],
  w2: [3, 3, 8, 1],
  w3: [1, 1, 8, 4],
  scale: [8],
  offset: [8],
  bias: [8],
};
const order: Record<string, Perm> = { x: NCHW, w1: OIHW, w2: [2, 3, 0, 1], w3: OIHW };

function net([x, w1, w2, w3, scale, offset, bias]: tf.Tensor[]): tf.Tensor {
  const stem: tf.Tensor4D = tf.conv2d(x as tf.Tensor4D, w1 as tf.Tensor4D, 1, "same");
  const normed = batchNormTrain(stem, scale as tf.Tensor1D, offset as tf.Tensor1D, 1e-5).y;
  const hidden: tf.Tensor4D = tf.relu(tf.add(normed, bias!));
  const pooled = tf.maxPool(
    tf.add<tf.Tensor4D>(tf.depthwiseConv2d(hidden as tf.Tensor4D, w2 as tf.Tensor4D, 1, "same"), hidden),
    2,
    2,
    "valid",
  );
  return tf.mean(tf.conv2d(pooled as tf.Tensor4D, w3 as tf.Tensor4D, 1, "valid"), [1, 2]);
}

function count(graph: Graph, op: string): number {
  return graph.nodes.filter((node) => node.op === op).length;
}

describe("the graph of a convolutional network", () => {
  test("moves no image from one order to another, forwards or backwards", async () => {
    await useOnnx();
    const inputs = Object.entries(shapes).map(([name, shape]) => ({ name, shape, perm: order[name] }) as const);
    const graph = trace(
      (...tensors) => {
        const gradients = tf.grads((...ts) => tf.sum(net(ts)))(tensors);
        return gradients.map((tensor, i) => ({ name: `d${i}`, tensor, perm: inputs[i]!.perm as Perm }));
      },
      inputs.map(({ name, shape, perm }) => (perm === undefined ? { name, shape } : { name, shape, perm })),
    );
    // Filters are turned around, images are not.
    const moves = graph.nodes.filter((node) => node.op === "Transpose");
    const elements = moves.map((node) => node.outputs[0]!.shape.reduce((product, d) => product * d, 1));
    expect(elements.filter((n) => n > 3 * 3 * 3 * 8)).toEqual([]);
    expect(count(graph, "MaxPool")).toBe(1);
    // Two forward (nothing needs the numbers of the last one), three backward, the depthwise filter's gradient and the
    // columns of the first filter's.
    expect(count(graph, "Conv")).toBe(2 + 3 + 1 + 1);
  });

  test("needs no operator beyond ONNX's own when it is to be portable", async () => {
    await useOnnx();
    const inputs = Object.entries(shapes).map(([name, shape]) => ({ name, shape }));
    const graph = trace(
      (...tensors) =>
        tf
          .grads((...ts) => tf.sum(net(ts)))(tensors)
          .map((tensor, i) => ({ name: `d${i}`, tensor })),
      inputs,
      { portable: true },
    );
    expect(printGraph(graph)).not.toContain("com.microsoft");
    const feeds = inputs.map(({ shape }) => rand(...(shape as [number])));
    const found = createProgram(graph).run(feeds.map((t) => t.dataSync<"float32">()));
    const expected = tf.grads((...ts) => tf.sum(net(ts)))(feeds);
    expected.forEach((t, i) => {
      const difference = tf.max(tf.abs(tf.sub(tf.reshape(t, [-1]), tf.tensor1d(found[i] as Float32Array))));
      expect(difference.dataSync()[0]).toBeLessThan(1e-4);
    });
  });

  test("takes any number of images", async () => {
    await useOnnx();
    const [w1, w2] = [rand<tf.Rank.R4>(3, 3, 3, 8), rand<tf.Rank.R4>(3, 3, 8, 1)];
    const f = (x: tf.Tensor) => {
      const y = tf.depthwiseConv2d(tf.relu(tf.conv2d(x as tf.Tensor4D, w1, 2, "same")), w2, 1, "same");
      const pooled = tf.avgPool(tf.maxPool(y as tf.Tensor4D, 3, 1, "same"), 2, 2, "valid");
      const large = tf.image.resizeBilinear(pooled as tf.Tensor4D, [5, 6], false, true);
      return tf.image.resizeNearestNeighbor(tf.image.flipLeftRight(large), [4, 4]);
    };
    for (const portable of [false, true]) {
      const traced = trace((x) => [{ name: "y", tensor: f(x!) }], [{ name: "x", shape: ["batch", 8, 8, 3] }], {
        portable,
      });
      const program = createProgram(traced);
      const x = rand<tf.Rank.R4>(2, 8, 8, 3);
      const [found] = program.run([x.dataSync<"float32">()]);
      const expected = f(x).dataSync();
      found!.forEach((value, i) => {
        expect(Number(value)).toBeCloseTo(expected[i]!, 4);
      });
      program.dispose();
    }
  });
});
