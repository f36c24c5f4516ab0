import { tf } from "@vitrine/core";
import { currentBackend, encodeModel, openSession, printGraph, trace, useOnnx } from "@vitrine/onnx";
import { beforeAll, expect, test } from "vitest";
import { nameConstants } from "./name-constants.ts";

beforeAll(() => useOnnx());

/** The graph of `fn`, folded, with the names of its constants. */
function folded(fn: (x: tf.Tensor) => tf.Tensor, parameters: Record<string, tf.Tensor>) {
  const graph = trace((x) => [{ name: "y", tensor: fn(x!) }], [{ name: "x", shape: [2, 2] }], {
    optimise: false,
    portable: true,
  });
  const keys = Object.entries(parameters).map(
    ([key, tensor]) => [currentBackend().symOf(tensor).origin.value, key] as const,
  );
  const result = nameConstants(graph, new Map(keys));
  return { ...result, text: printGraph(result.graph), named: [...result.names.values()] };
}

test("computes what depends on parameters alone, under the parameter's name", () => {
  const w = tf.tensor2d([1, 2, 3, 4], [2, 2]);
  const { graph, named } = folded((x) => tf.matMul(x as tf.Tensor2D, tf.transpose(w) as tf.Tensor2D), { w });
  expect(graph.nodes.map(({ op }) => op)).toEqual(["MatMul"]);
  expect(named).toEqual(["w"]);
  const session = openSession(encodeModel(graph));
  const feeds = new Map([["x", { data: new Float32Array([1, 0, 0, 1]), shape: [2, 2], dtype: "float32" as const }]]);
  expect([...session.run(feeds, new Map([["y", undefined]])).get("y")!]).toEqual([1, 3, 2, 4]);
  session.dispose();
});

test("numbers the parts of one parameter, and joins the names of several", () => {
  const w = tf.tensor2d([1, 2, 3, 4], [2, 2]);
  const b = tf.tensor1d([5, 6]);
  const parts = (x: tf.Tensor) =>
    tf.add(tf.mul(tf.slice(w, [0, 0], [1, 2]), x), tf.add(tf.slice(w, [1, 0], [1, 2]), b));
  expect(folded(parts, { w, b }).named.sort()).toEqual(["w", "w+b"]);
  const two = (x: tf.Tensor) => tf.add(tf.mul(tf.slice(w, [0, 0], [1, 2]), x), tf.slice(w, [1, 0], [1, 2]));
  expect(folded(two, { w }).named.sort()).toEqual(["w", "w.1"]);
});

test("a batch norm behind a layer becomes part of its weights, under the names of both", () => {
  const [w, b, scale] = [tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor1d([5, 6]), tf.tensor1d([2, 3])];
  const layer = (x: tf.Tensor) => tf.mul(tf.add(tf.matMul(x as tf.Tensor2D, w), b), scale);
  const { graph, named } = folded(layer, { w, b, scale });
  expect(graph.nodes.map(({ op }) => op)).toEqual(["MatMul", "Add"]);
  expect(named.sort()).toEqual(["b+scale", "w+scale"]);
});

test("leaves large results of small constants to the runtime", () => {
  const row = tf.tensor2d([1, 2], [1, 2]);
  const wide = (x: tf.Tensor) => tf.add(tf.sum(x), tf.tile(row, [1000, 1]));
  expect(folded(wide, { row }).text).toContain("Expand(");
});
