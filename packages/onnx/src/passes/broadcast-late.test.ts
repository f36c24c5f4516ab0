import { tf } from "@vitrine/core";
import { beforeAll, expect, test } from "vitest";
import { type Graph, printGraph } from "../graph.ts";
import { createProgram } from "../program.ts";
import { useOnnx } from "../register.ts";
import { trace } from "../trace.ts";
import { broadcastLate } from "./broadcast-late.ts";

beforeAll(async () => {
  await useOnnx();
});

function recorded(fn: (x: tf.Tensor) => tf.Tensor, shape: number[]): Graph {
  return trace((x) => [{ name: "y", tensor: fn(x!) }], [{ name: "x", shape }]);
}

function run(graph: Graph): number[] {
  const [input] = graph.inputs as [Graph["inputs"][number]];
  const program = createProgram(graph);
  const size = tf.util.sizeFromShape([...input.value.shape]);
  const [y] = program.run([Float32Array.from({ length: size }, (_, i) => Math.sin(i) + 2)]);
  program.dispose();
  return Array.from(y as Float32Array);
}

const gated = (x: tf.Tensor) => tf.mul(x, tf.sigmoid(tf.mean(x, [1, 2], true)));

test("the gradient of a gate over an image repeats nothing", () => {
  const graph = recorded((x) => tf.grad(gated)(x), [2, 20, 20, 4]);
  expect(printGraph(graph)).toMatchInlineSnapshot(`
    "input x: float32[2,20,20,4]
    v10: float32[2,1,1,4] = ReduceMean(x, [1,2], keepdims=1)
    v11: float32[2,1,1,4] = Sigmoid(v10)
    v12: float32[2,4,1,1] = Reshape(v11, [2,4,1,1])
    v13: float32[2,4,20,20] = Expand(v12, [2,4,20,20])
    v14: float32[2,4] = ReduceSum(x, [1,2], keepdims=0)
    v15: float32[2,1,1,4] = Reshape(v14, [2,1,1,4])
    v16: float32[2,1,1,4] = Sub(1, v11)
    v17: float32[2,1,1,4] = Mul(v11, v16)
    v18: float32[2,1,1,4] = Mul(v15, v17)
    v19: float32[2,4,1,1] = Reshape(v18, [2,4,1,1])
    v20: float32[2,4,20,20] = Expand(v19, [2,4,20,20])
    v21: float32[2,4,20,20] = Div(v20, 400)
    v22: float32[2,4,20,20] = Add(v13, v21)
    v23: float32[2,20,20,4] = Transpose(v22, perm=[0,2,3,1])
    output y = v23
    "
  `);
  const changed = broadcastLate(graph);
  expect(printGraph(changed)).toMatchInlineSnapshot(`
    "input x: float32[2,20,20,4]
    v9: float32[2,1,1,4] = ReduceMean(x, [1,2], keepdims=1)
    v10: float32[2,1,1,4] = Sigmoid(v9)
    v11: float32[2,4,1,1] = Reshape(v10, [2,4,1,1])
    v12: float32[2,4] = ReduceSum(x, [1,2], keepdims=0)
    v13: float32[2,1,1,4] = Reshape(v12, [2,1,1,4])
    v14: float32[2,1,1,4] = Sub(1, v10)
    v15: float32[2,1,1,4] = Mul(v10, v14)
    v16: float32[2,1,1,4] = Mul(v13, v15)
    v17: float32[2,4,1,1] = Reshape(v16, [2,4,1,1])
    v18: float32[2,4,1,1] = Div(v17, 400)
    v19: float32[2,4,20,20] = Expand(v18, [2,4,20,20])
    v20: float32[2,4,20,20] = Add(v11, v19)
    v21: float32[2,20,20,4] = Transpose(v20, perm=[0,2,3,1])
    output y = v21
    "
  `);
  const wanted = run(graph);
  run(changed).forEach((value, i) => {
    expect(value).toBeCloseTo(wanted[i]!, 5);
  });
});

test("a result that is wanted in full is repeated at last", () => {
  const graph = recorded((x) => tf.div(tf.sub(1, tf.broadcastTo(x, [3, 4])), 2), [1, 4]);
  const changed = broadcastLate(graph);
  expect(changed.nodes.map(({ op }) => op)).toEqual(["Sub", "Div", "Expand"]);
  expect(run(changed)).toEqual(run(graph));
});

test("two that only fill each other up stay", () => {
  const outer = (x: tf.Tensor) => tf.add(tf.broadcastTo(x, [3, 1, 4]), tf.reshape(x, [4, 1]));
  const graph = recorded(outer, [1, 1, 4]);
  expect(run(broadcastLate(graph))).toEqual(run(graph));
});
