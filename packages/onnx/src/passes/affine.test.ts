import { tf } from "@vitrine/core";
import { beforeAll, describe, expect, test } from "vitest";
import { type Graph, printGraph } from "../graph.ts";
import { encodeModel } from "../proto.ts";
import { useOnnx } from "../register.ts";
import { openSession } from "../session.ts";
import { trace } from "../trace.ts";
import { absorbAffine } from "./absorb-affine.ts";
import { foldAffine } from "./fold-affine.ts";
import { foldConstants } from "./fold-constants.ts";
import { foldParameters } from "./index.ts";

beforeAll(async () => {
  await useOnnx();
});

/** Weights: the same for the same shape, since a graph of any batch is traced twice. */
function rand<R extends tf.Rank>(...shape: tf.ShapeMap[R]): tf.Tensor<R> {
  const values = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => Math.sin(9 * i + shape.length));
  return tf.tensor<R>(values, shape);
}

function recorded(fn: (x: tf.Tensor4D) => tf.Tensor, shape: (number | string)[]): Graph {
  return trace((x) => [{ name: "y", tensor: fn(x as tf.Tensor4D) }], [{ name: "x", shape }], { optimise: false });
}

/** The output for the same numbers each time. */
function run(graph: Graph, batch?: number): number[] {
  const shape = graph.inputs[0]!.value.shape.map((d, i) => (i === 0 ? (batch ?? d) : d));
  const data = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => Math.sin(i * 0.7) + 0.1);
  const session = openSession(encodeModel(graph));
  const results = session.run(new Map([["x", { data, shape, dtype: "float32" }]]), new Map([["y", undefined]]));
  session.dispose();
  return Array.from(results.get("y") as Float32Array);
}

function expectSame(changed: Graph, graph: Graph, batch?: number): void {
  const [found, wanted] = [run(changed, batch), run(graph, batch)];
  expect(found.length).toBe(wanted.length);
  found.forEach((value, i) => {
    expect(value).toBeCloseTo(wanted[i]!, 4);
  });
}

const ops = (graph: Graph) => graph.nodes.map((node) => node.op).join(" ");

/** A batch norm that only predicts. */
function norm(x: tf.Tensor): tf.Tensor {
  const channels = x.shape.at(-1)!;
  const [scale, offset, mean] = [rand(channels), rand(channels), rand(channels)];
  const factor = tf.mul(scale, tf.rsqrt(tf.add(tf.square(rand(channels)), 0.1)));
  return tf.add(tf.mul(x, factor), tf.sub(offset, tf.mul(mean, factor)));
}

/** What is left of one: numbers that are printed alike everywhere. */
const factorAndTerm = (x: tf.Tensor, factor: number[], term: number[]) => tf.add(tf.mul(x, factor), term);

describe("foldAffine", () => {
  test("a batch norm becomes part of the convolution before it", () => {
    const graph = foldConstants(
      recorded(
        (x) => tf.relu(factorAndTerm(tf.conv2d(x, rand(3, 3, 2, 4), 1, "same"), [2, 0.5, 1, -1], [0.25, 0, 3, 1])),
        [1, 5, 5, 2],
      ),
    );
    expect(printGraph(graph)).toMatchInlineSnapshot(`
      "input x: float32[1,5,5,2]
      v4: float32[1,2,5,5] = Transpose(x, perm=[0,3,1,2])
      v5: float32[1,4,5,5] = Conv(v4, c1, kernel_shape=[3,3], strides=[1,1], dilations=[1,1], pads=[1,1,1,1])
      v6: float32[1,4,5,5] = Mul(v5, [2,0.5,1,-1])
      v7: float32[1,4,5,5] = Add(v6, [0.25,0,3,1])
      v8: float32[1,4,5,5] = Relu(v7)
      v9: float32[1,5,5,4] = Transpose(v8, perm=[0,2,3,1])
      output y = v9
      "
    `);
    const folded = foldConstants(foldAffine(graph));
    expect(printGraph(folded)).toMatchInlineSnapshot(`
      "input x: float32[1,5,5,2]
      v3: float32[1,2,5,5] = Transpose(x, perm=[0,3,1,2])
      v4: float32[1,4,5,5] = Conv(v3, c1, [0.25,0,3,1], kernel_shape=[3,3], strides=[1,1], dilations=[1,1], pads=[1,1,1,1])
      v5: float32[1,4,5,5] = Relu(v4)
      v6: float32[1,5,5,4] = Transpose(v5, perm=[0,2,3,1])
      output y = v6
      "
    `);
    expectSame(folded, graph);
  });

  test.each<[string, (x: tf.Tensor4D) => tf.Tensor, string]>([
    ["a depthwise one", (x) => norm(tf.depthwiseConv2d(x, rand(3, 3, 4, 1), 2, "same")), "Transpose Conv Transpose"],
    [
      "one with a bias",
      (x) => norm(tf.add(tf.conv2d(x, rand(1, 1, 4, 3), 1, "valid"), rand(3))),
      "Transpose Conv Transpose",
    ],
    [
      "a product with a bias",
      (x) => norm(tf.add(tf.matMul(tf.reshape(x, [-1, 4]), rand(4, 6)), rand(6))),
      "Reshape MatMul Add",
    ],
    [
      "through a reshape, as layer scale has it",
      (x) => tf.mul(tf.reshape(tf.add(tf.matMul(tf.reshape(x, [-1, 4]), rand(4, 6)), rand(6)), [3, -1, 6]), rand(6)),
      "Reshape MatMul Add Reshape",
    ],
    [
      "through a transpose",
      (x) => norm(tf.transpose(tf.reshape(tf.conv2d(x, rand(1, 1, 4, 3), 1, "valid"), [3, -1, 3]), [1, 0, 2])),
      "Transpose Conv Transpose Reshape Transpose",
    ],
    ["one factor of many", (x) => tf.div(tf.sub(tf.mul(tf.div(x, 255), rand(4)), rand(4)), rand(4)), "Mul Add"],
  ])("of a chain: %s", (_, fn, expected) => {
    const graph = recorded(fn, [3, 5, 5, 4]);
    const folded = foldConstants(foldAffine(graph));
    expect(ops(folded)).toBe(expected);
    expectSame(folded, graph);
  });

  test("leaves a result that others read, and factors that vary along several axes", () => {
    const read = recorded(
      (x) => {
        const y = tf.conv2d(x, rand(1, 1, 2, 2), 1, "valid");
        return tf.add(norm(y), y);
      },
      [1, 3, 3, 2],
    );
    const several = recorded((x) => tf.mul(tf.conv2d(x, rand(1, 1, 2, 2), 1, "valid"), rand(3, 3, 2)), [1, 3, 3, 2]);
    for (const graph of [read, several].map((g) => foldConstants(g))) expect(ops(foldAffine(graph))).toBe(ops(graph));
  });
});

describe("absorbAffine", () => {
  test("a batch norm becomes part of the convolution behind it", () => {
    const graph = foldConstants(
      recorded(
        (x) =>
          tf.relu(tf.conv2d(factorAndTerm(x, [2, 0.5], [1, -1]) as tf.Tensor4D, tf.ones([1, 1, 2, 3]), 1, "valid")),
        [1, 4, 4, 2],
      ),
    );
    expect(printGraph(graph)).toMatchInlineSnapshot(`
      "input x: float32[1,4,4,2]
      v4: float32[1,4,4,2] = Mul(x, [2,0.5])
      v5: float32[1,4,4,2] = Add(v4, [1,-1])
      v6: float32[1,2,4,4] = Transpose(v5, perm=[0,3,1,2])
      v7: float32[1,3,4,4] = Conv(v6, [1,1,1,1,1,1], kernel_shape=[1,1], strides=[1,1], dilations=[1,1], pads=[0,0,0,0])
      v8: float32[1,3,4,4] = Relu(v7)
      v9: float32[1,4,4,3] = Transpose(v8, perm=[0,2,3,1])
      output y = v9
      "
    `);
    const folded = foldConstants(absorbAffine(graph));
    expect(printGraph(folded)).toMatchInlineSnapshot(`
      "input x: float32[1,4,4,2]
      v3: float32[1,2,4,4] = Transpose(x, perm=[0,3,1,2])
      v4: float32[1,3,4,4] = Conv(v3, [2,0.5,2,0.5,2,0.5], [0,0,0], kernel_shape=[1,1], strides=[1,1], dilations=[1,1], pads=[0,0,0,0])
      v5: float32[1,3,4,4] = Relu(v4)
      v6: float32[1,4,4,3] = Transpose(v5, perm=[0,2,3,1])
      output y = v6
      "
    `);
    expectSame(folded, graph);
  });

  test.each<[string, (x: tf.Tensor4D) => tf.Tensor, string]>([
    [
      "the factor passes padding, the term does not",
      (x) => tf.conv2d(tf.mul(tf.add(x, rand(4)), rand(4)) as tf.Tensor4D, rand(3, 3, 4, 2), 1, "same"),
      "Add Transpose Conv Transpose",
    ],
    [
      "a depthwise one",
      (x) => tf.depthwiseConv2d(norm(x) as tf.Tensor4D, rand(3, 3, 4, 2), 1, "valid"),
      "Transpose Conv Transpose",
    ],
    [
      "a product",
      (x) => tf.add(tf.matMul(tf.reshape(norm(x), [-1, 4]), rand(4, 2)), rand(2)),
      "Reshape MatMul Add Add",
    ],
  ])("%s", (_, fn, expected) => {
    const graph = recorded(fn, [3, 5, 5, 4]);
    const folded = foldConstants(absorbAffine(graph));
    expect(ops(folded)).toBe(expected);
    expectSame(folded, graph);
  });
});

test("all of them, for a batch of any size", () => {
  const block = (x: tf.Tensor4D) => {
    const y = tf.conv2d(norm(x) as tf.Tensor4D, rand(1, 1, 4, 6), 1, "valid");
    const deep = norm(tf.depthwiseConv2d(tf.relu(norm(y)) as tf.Tensor4D, rand(3, 3, 6, 1), 1, "same"));
    const rows = tf.reshape(tf.mean(deep, [1, 2]), [-1, 6]);
    return norm(tf.add(tf.matMul(norm(rows), rand(6, 3)), rand(3)));
  };
  const graph = recorded(block, ["batch", 5, 5, 4]);
  const folded = foldConstants(foldParameters(graph));
  expect(ops(folded)).toMatchInlineSnapshot(`"Transpose Conv Relu Conv ReduceMean MatMul Add"`);
  for (const batch of [1, 3]) expectSame(folded, graph, batch);
});
