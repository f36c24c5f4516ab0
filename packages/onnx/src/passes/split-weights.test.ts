import { tf } from "@vitrine/core";
import { beforeAll, expect, test } from "vitest";
import { type Graph, printGraph } from "../graph.ts";
import { createProgram } from "../program.ts";
import { useOnnx } from "../register.ts";
import { trace } from "../trace.ts";
import { splitWeights } from "./split-weights.ts";

beforeAll(async () => {
  await useOnnx();
});

/** Tokens [2, 9, 8] through a projection, and what is made of it. */
function recorded(fn: (packed: tf.Tensor) => tf.Tensor[], width = 24): Graph {
  return trace(
    (x, w, b) => {
      const rows = tf.reshape(x as tf.Tensor, [18, 8]);
      const packed = tf.add(tf.matMul(rows as tf.Tensor2D, w as tf.Tensor2D), b as tf.Tensor);
      return fn(tf.reshape(packed, [2, 9, width])).map((tensor, i) => ({ name: `y${i}`, tensor }));
    },
    [
      { name: "x", shape: [2, 9, 8] },
      { name: "w", shape: [8, width] },
      { name: "b", shape: [width] },
    ],
  );
}

function run(graph: Graph): number[] {
  const program = createProgram(graph);
  const feeds = graph.inputs.map(({ value }) =>
    Float32Array.from({ length: tf.util.sizeFromShape([...value.shape]) }, (_, i) => Math.sin(7 * i)),
  );
  const results = program.run(feeds) as Float32Array[];
  program.dispose();
  return results.flatMap((result) => Array.from(result));
}

const heads = (packed: tf.Tensor) =>
  tf.unstack(tf.transpose(tf.reshape(packed, [2, 9, 3, 2, 4]), [2, 0, 3, 1, 4])) as tf.Tensor[];

test.each<[string, (packed: tf.Tensor) => tf.Tensor[], number]>([
  ["queries, keys and values", heads, 24],
  ["uneven parts", (packed) => tf.split(packed, [4, 20], 2), 24],
])("cuts weights, not tokens: %s", (_, fn, width) => {
  const graph = recorded(fn, width);
  const changed = splitWeights(graph);
  expect(printGraph(graph)).toContain("Split(");
  expect(printGraph(changed)).not.toContain("Split(");
  const wanted = run(graph);
  const found = run(changed);
  expect(found.length).toBe(wanted.length);
  found.forEach((value, i) => {
    expect(value).toBeCloseTo(wanted[i]!, 5);
  });
});

test.each<[string, (packed: tf.Tensor) => tf.Tensor[], number]>([
  ["an axis inside of the columns", (packed) => tf.unstack(tf.reshape(packed, [2, 9, 3, 2, 4]), 3), 24],
  ["tokens", (packed) => tf.split(packed, 3, 1), 24],
  ["what is read as a whole too", (packed) => [packed, ...heads(packed)], 24],
])("leaves %s", (_, fn, width) => {
  const graph = recorded(fn, width);
  expect(printGraph(splitWeights(graph))).toBe(printGraph(graph));
});

test("leaves weights that are larger than what they give", () => {
  const graph = trace(
    (x, w) =>
      tf
        .split(tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D), 2, 1)
        .map((tensor: tf.Tensor, i: number) => ({ name: `y${i}`, tensor })),
    [
      { name: "x", shape: [3, 8] },
      { name: "w", shape: [8, 240] },
    ],
  );
  expect(printGraph(splitWeights(graph))).toBe(printGraph(graph));
});
