import { tf } from "@vitrine/core";
import { beforeAll, describe, expect, test } from "vitest";
import { type Graph, printGraph } from "../graph.ts";
import { createProgram } from "../program.ts";
import { useOnnx } from "../register.ts";
import { trace } from "../trace.ts";
import { foldConstants } from "./fold-constants.ts";
import { mergeMoves } from "./merge-moves.ts";

beforeAll(async () => {
  await useOnnx();
});

const ramp = (...shape: number[]) => tf.reshape(tf.range(0, tf.util.sizeFromShape(shape), 1), shape);

function recorded(fn: (x: tf.Tensor) => tf.Tensor, ...shape: (number | string)[]): Graph {
  return trace((x) => [{ name: "y", tensor: fn(x!) }], [{ name: "x", shape }], { optimise: false });
}

/** The output for the numbers 0, 1, 2 … */
function run(graph: Graph, size: number): number[] {
  const program = createProgram(graph);
  const [y] = program.run([Float32Array.from({ length: size }, (_, i) => i)]);
  program.dispose();
  return Array.from(y as Float32Array);
}

describe("mergeMoves", () => {
  test("leaves one move of several, and none that moves nothing", () => {
    const graph = recorded(
      (x) => {
        const twice = tf.transpose(tf.transpose(tf.reshape(tf.reshape(x, [3, 2]), [1, 3, 2]), [2, 0, 1]), [1, 2, 0]);
        return tf.relu(tf.reshape(tf.reshape(twice, [6]), [2, 3]));
      },
      2,
      3,
    );
    expect(printGraph(graph)).toMatchInlineSnapshot(`
      "input x: float32[2,3]
      v5: float32[3,2] = Reshape(x, [3,2])
      v6: float32[1,3,2] = Reshape(v5, [1,3,2])
      v7: float32[2,1,3] = Transpose(v6, perm=[2,0,1])
      v8: float32[1,3,2] = Transpose(v7, perm=[1,2,0])
      v9: float32[6] = Reshape(v8, [6])
      v10: float32[2,3] = Reshape(v9, [2,3])
      v11: float32[2,3] = Relu(v10)
      output y = v11
      "
    `);
    const merged = mergeMoves(graph);
    expect(printGraph(merged)).toMatchInlineSnapshot(`
      "input x: float32[2,3]
      v1: float32[2,3] = Relu(x)
      output y = v1
      "
    `);
    expect(run(merged, 6)).toEqual(run(graph, 6));
  });

  test("keeps the order that transposes add up to", () => {
    const graph = recorded((x) => tf.transpose(tf.transpose(x, [1, 2, 0]), [0, 2, 1]), 2, 3, 4);
    const merged = mergeMoves(graph);
    expect(printGraph(merged)).toMatchInlineSnapshot(`
      "input x: float32[2,3,4]
      v1: float32[3,2,4] = Transpose(x, perm=[1,0,2])
      output y = v1
      "
    `);
    expect(run(merged, 24)).toEqual(run(graph, 24));
  });
});

describe("foldConstants", () => {
  test("computes what does not depend on the input, unless it would grow", () => {
    const weights = ramp(4, 6);
    const graph = recorded(
      (x) => {
        const half = tf.transpose(tf.slice(weights, [0, 3], [4, 3]));
        const large = tf.tile(tf.slice(weights, [0, 0], [1, 2]), [1000, 1]);
        return tf.add(tf.sum(large), tf.matMul(x as tf.Tensor2D, half as tf.Tensor2D));
      },
      2,
      3,
    );
    const folded = foldConstants(graph);
    expect(printGraph(folded)).toMatchInlineSnapshot(`
      "input x: float32[2,3]
      v5: float32[1000,2] = Expand([0,1], [1000,2])
      v6: float32[] = ReduceSum(v5, [0,1], keepdims=0)
      v7: float32[2,4] = MatMul(x, c4)
      v8: float32[2,4] = Add(v6, v7)
      output y = v8
      "
    `);
    expect(run(folded, 6)).toEqual(run(graph, 6));
  });
});

test("a graph whose batch varies keeps varying", () => {
  const graph = trace(
    (x) => [{ name: "y", tensor: tf.reshape(tf.reshape(x!, [-1, 2]), [x!.shape[0]!, 4]) }],
    [{ name: "x", shape: ["batch", 2, 2] }],
  );
  const program = createProgram(graph);
  expect(printGraph(graph)).toMatchInlineSnapshot(`
    "input x: float32[2,2,2]
    v2: float32[2,4] = Reshape(x, [-1,4])
    output y = v2
    "
  `);
  program.dispose();
});
