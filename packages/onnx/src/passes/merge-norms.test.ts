import { tf } from "@vitrine/core";
import { beforeAll, expect, test } from "vitest";
import { printGraph } from "../graph.ts";
import { useOnnx } from "../register.ts";
import { parity, rand } from "../testing.ts";
import { trace } from "../trace.ts";

beforeAll(async () => {
  await useOnnx();
});

const recorded = (fn: (x: tf.Tensor) => tf.Tensor) =>
  printGraph(trace((x) => [{ name: "y", tensor: fn(x!) }], [{ name: "x", shape: [2, 3] }]));

test("the root of a sum of squares is one node", () => {
  expect(recorded((x) => tf.sqrt(tf.sum(tf.square(x), -1, true)))).toMatchInlineSnapshot(`
    "input x: float32[2,3]
    v2: float32[2,1] = ReduceL2(x, [1], keepdims=1)
    output y = v2
    "
  `);
});

test("squares that are used otherwise stay", () => {
  const both = (x: tf.Tensor) => {
    const squares = tf.square(x);
    return tf.add(squares, tf.sqrt(tf.sum(squares, -1, true)));
  };
  expect(recorded(both)).not.toContain("ReduceL2");
  expect(recorded((x) => tf.sqrt(tf.sum(tf.mul(x, tf.neg(x)), -1, true)))).not.toContain("ReduceL2");
});

parity("lengths", [
  ["of rows", () => tf.norm(rand(3, 5), 2, -1)],
  ["of all", () => tf.sqrt(tf.sum(tf.square(rand(3, 5))))],
  ["of columns, kept", () => tf.sqrt(tf.sum(tf.square(rand(4, 3, 2)), [0, 1], true))],
  ["of zeros", () => tf.sqrt(tf.sum(tf.square(tf.zeros([2, 3])), -1))],
]);
