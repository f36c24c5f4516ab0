// Graphs whose batch dimension varies: what is traced at two sizes must hold at a third, with ONNX's own operators only.

import { layerNorm, Rng, selectiveScan, tf } from "@vitrine/core";
import { beforeEach, expect, test } from "vitest";
import { encodeModel } from "../proto.ts";
import { useOnnx } from "../register.ts";
import { openSession } from "../session.ts";
import { trace } from "../trace.ts";

const random = (...shape: number[]) => {
  const rng = Rng.of("batch", ...shape);
  return tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => rng.normal()),
    shape,
  );
};

const cases: [string, (x: tf.Tensor4D) => tf.Tensor][] = [
  [
    "windows and their way back",
    (x) => {
      const windows = tf.reshape(tf.transpose(tf.reshape(x, [-1, 2, 2, 2, 2, 6]), [0, 1, 3, 2, 4, 5]), [-1, 4, 6]);
      return tf.reshape(tf.transpose(tf.reshape(windows, [-1, 2, 2, 2, 2, 6]), [0, 1, 3, 2, 4, 5]), x.shape);
    },
  ],
  ["a shifted image", (x) => tf.concat([tf.slice(x, [0, 1]), tf.slice(x, [0, 0], [-1, 1])], 1)],
  ["every second row, the last first", (x) => tf.reverse(tf.stridedSlice(x, [0, 0, 0, 0], x.shape, [1, 2, 1, 1]), 1)],
  [
    "mirrored and padded edges",
    (x) =>
      tf.pad(
        tf.mirrorPad(
          x,
          [
            [0, 0],
            [1, 1],
            [2, 0],
            [0, 0],
          ],
          "reflect",
        ),
        [
          [0, 0],
          [1, 0],
          [0, 0],
          [0, 0],
        ],
      ),
  ],
  [
    "attention",
    (x) => {
      const tokens = tf.reshape(x, [-1, 16, 6]);
      const qkv = tf.matMul(tf.reshape(tokens, [-1, 6]) as tf.Tensor2D, random(6, 18) as tf.Tensor2D);
      const [q, k, v] = tf.unstack(tf.transpose(tf.reshape(qkv, [-1, 16, 3, 2, 3]), [2, 0, 3, 1, 4])) as [
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
      ];
      const bias = tf.gather(random(5, 2), tf.mod(tf.range(0, 256, 1, "int32"), tf.scalar(5, "int32")));
      const scores = tf.add(tf.matMul(q, k, false, true), tf.transpose(tf.reshape(bias, [16, 16, 2]), [2, 0, 1]));
      return tf.matMul(tf.softmax(scores), v);
    },
  ],
  [
    "batch norm, activation and pooling",
    (x) =>
      tf.mean(
        tf.relu6(
          tf.batchNorm(
            tf.conv2d(x, random(3, 3, 6, 4) as tf.Tensor4D, 1, "same"),
            random(4) as tf.Tensor1D,
            tf.square(random(4)) as tf.Tensor1D,
          ),
        ),
        [1, 2],
      ),
  ],
  [
    "class and patch tokens",
    (x) => {
      const tokens = layerNorm(tf.reshape(x, [-1, 16, 6]), random(6) as tf.Tensor1D, random(6) as tf.Tensor1D, 1e-6);
      const cls = tf.tile(random(1, 1, 6), [x.shape[0], 1, 1]);
      return tf.slice(tf.concat([cls, tokens], 1), [0, 0, 0], [-1, 1, -1]);
    },
  ],
  ["the best classes", (x) => tf.topk(tf.reshape(x, [-1, 96]), 3).values],
  ["the best class, as a one-hot row", (x) => tf.oneHot(tf.argMax(tf.reshape(x, [-1, 96]), 1), 96, 1, 0, "float32")],
  ["running sums and products", (x) => tf.add(tf.cumsum(x, 2), tf.cumprod(x, 1, true))],
  [
    "pixels from channels, and neighbours",
    (x) =>
      tf.localResponseNormalization(
        tf.depthToSpace(
          tf.pad(x, [
            [0, 0],
            [0, 0],
            [0, 0],
            [0, 2],
          ]),
          2,
        ),
      ),
  ],
  ["products by notation", (x) => tf.einsum("bhwc,wk->bkhc", x, random(4, 3))],
  [
    "a selective scan",
    (x) => {
      const u = tf.reshape(x, [-1, 16, 6]);
      const [b, c] = tf.split(u, 2, 2) as [tf.Tensor, tf.Tensor];
      return selectiveScan({ u, delta: tf.softplus(u), a: tf.neg(tf.exp(random(6, 3))), b, c, d: random(6) });
    },
  ],
  ["norms and extremes", (x) => tf.add(tf.norm(x, "euclidean", [1, 2]), tf.max(x, [1, 2]))],
];

beforeEach(async () => {
  await useOnnx();
});

test.each(cases)("%s", (_title, compute) => {
  const graph = trace(
    (x) => [{ name: "y", tensor: compute(x as tf.Tensor4D) }],
    [{ name: "x", shape: ["batch", 4, 4, 6] }],
    { portable: true, opset: 18 },
  );
  expect(graph.nodes.filter(({ op }) => op.includes("."))).toEqual([]);
  const session = openSession(encodeModel(graph, { opset: 18 }), { threads: 1 });
  for (const batch of [1, 3]) {
    const x = random(batch, 4, 4, 6) as tf.Tensor4D;
    const feed = { data: x.dataSync<"float32">(), shape: x.shape, dtype: "float32" } as const;
    const found = session.run(new Map([["x", feed]]), new Map([["y", undefined]])).get("y") as Float32Array;
    const expected = compute(x).dataSync();
    expect(found.length).toBe(expected.length);
    expect(Math.max(...found.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(1e-4);
  }
  session.dispose();
});
