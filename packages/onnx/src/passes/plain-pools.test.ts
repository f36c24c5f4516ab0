import { jit, tf } from "@vitrine/core";
import { beforeAll, expect, test } from "vitest";
import { type Graph, printGraph } from "../graph.ts";
import { createProgram } from "../program.ts";
import { useOnnx } from "../register.ts";
import { rand } from "../testing.ts";
import { trace } from "../trace.ts";
import { optimiseInference } from "./index.ts";
import { plainPools } from "./plain-pools.ts";

beforeAll(async () => {
  await useOnnx();
});

const shape = [2, 7, 6, 3];
const recorded = (fn: (x: tf.Tensor4D) => tf.Tensor): Graph =>
  trace((x) => [{ name: "y", tensor: fn(x as tf.Tensor4D) }], [{ name: "x", shape, perm: [0, 3, 1, 2] }]);

test("maxima alone are one operator with one result, and the same numbers", () => {
  const graph = recorded((x) => tf.maxPool(x, 3, 2, "same"));
  const changed = plainPools(graph);
  expect(printGraph(changed)).toMatchInlineSnapshot(`
    "input x: float32[2,3,7,6]
    v1: float32[2,3,4,3] = MaxPool(x, kernel_shape=[3,3], strides=[2,2], pads=[1,0,1,1])
    v2: float32[2,4,3,3] = Transpose(v1, perm=[0,2,3,1])
    output y = v2
    "
  `);
  const x = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => Math.sin(7 * i) - 2);
  const [wanted, found] = [graph, changed].map((each) => {
    const program = createProgram(each);
    const [y] = program.run([x]);
    program.dispose();
    return y;
  });
  expect(found).toEqual(wanted);
});

test("positions that are read stay", () => {
  const positions = recorded((x) => tf.maxPoolWithArgmax(x, 2, 2, "valid").indexes!);
  expect(printGraph(plainPools(positions))).toBe(printGraph(positions));
  const gradient = recorded((x) => tf.grad((x) => tf.maxPool(x as tf.Tensor4D, 3, 2, "same"))(x));
  expect(printGraph(plainPools(gradient))).toBe(printGraph(gradient));
});

test("graphs that predict look for no NaN", () => {
  const operators = (graph: Graph) => graph.nodes.map(({ op }) => op);
  const graph = recorded((x) => tf.maxPool(tf.relu(x), 3, 2, "same"));
  expect(operators(graph)).toContain("IsNaN");
  expect(operators(optimiseInference(graph))).toEqual(["Relu", "MaxPool", "Transpose"]);
});

test("functions with fixed arguments pool alike, and without them NaN is passed over", () => {
  const filter = rand<tf.Rank.R4>(1, 1, 1, 1);
  const pool = (filter: tf.Tensor4D, x: tf.Tensor4D) => tf.maxPool(tf.conv2d(x, filter, 1, "same"), 2, 2, "valid");
  const image = (...values: number[]) => tf.tensor4d(values, [1, 2, 2, 1]);
  const numbers = image(1, 2, 3, 4);
  const wanted = pool(filter, numbers).dataSync()[0]!;
  expect(jit(pool, { fixed: [0] })(filter, numbers).dataSync()[0]).toBeCloseTo(wanted, 5);
  expect(jit(pool)(filter, numbers).dataSync()[0]).toBeCloseTo(wanted, 5);
  expect(jit(pool)(tf.onesLike(filter), image(Number.NaN, 2, 3, 4)).dataSync()[0]).toBe(4);
});
