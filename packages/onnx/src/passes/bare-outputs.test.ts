import { tf } from "@vitrine/core";
import { beforeAll, expect, test } from "vitest";
import { printGraph } from "../graph.ts";
import { createProgram } from "../program.ts";
import { useOnnx } from "../register.ts";
import { trace } from "../trace.ts";
import { bareOutputs } from "./bare-outputs.ts";

beforeAll(async () => {
  await useOnnx();
});

test("outputs are not reshaped, unless they are an input or another output too", () => {
  const graph = trace(
    (x) => {
      const twice = tf.mul(x!, 2);
      return [
        { name: "reshaped", tensor: tf.reshape(tf.add(x!, 1), [3, 2]) },
        { name: "input", tensor: tf.reshape(x!, [6]) },
        { name: "once", tensor: tf.reshape(twice, [6]) },
        { name: "again", tensor: tf.reshape(twice, [6, 1]) },
      ];
    },
    [{ name: "x", shape: [2, 3] }],
  );
  const bare = bareOutputs(graph);
  expect(printGraph(bare)).toMatchInlineSnapshot(`
    "input x: float32[2,3]
    v5: float32[2,3] = Add(x, 1)
    v6: float32[6] = Reshape(x, [6])
    v7: float32[2,3] = Mul(x, 2)
    v8: float32[6,1] = Reshape(v7, [6,1])
    output reshaped = v5
    output input = v6
    output once = v7
    output again = v8
    "
  `);
  const numbers = Float32Array.of(1, 2, 3, 4, 5, 6);
  const program = createProgram(bare);
  expect(program.run([numbers])).toEqual([
    numbers.map((v) => v + 1),
    numbers,
    numbers.map((v) => v * 2),
    numbers.map((v) => v * 2),
  ]);
  program.dispose();
});
