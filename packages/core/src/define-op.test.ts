import "@tensorflow/tfjs-backend-cpu";
import { describe, expect, test } from "vitest";
import { defineOp } from "./define-op.ts";
import { tf } from "./tf.ts";

// x · scale and x + y, with the sum's gradient wrong on purpose (10 times), to show whose gradient is used.
const op = defineOp<{ x: tf.Tensor; y: tf.Tensor }, { scale: number }>("TestTwoOutputs", {
  forward: ({ x, y }, { scale }) => [tf.mul(x, scale), tf.add(x, y)],
  save: { inputs: ["x"], outputs: [false, true] },
  gradient: ([dProduct, dSum], [x, sum], { scale }) => {
    expect([x!.dataSync()[0], sum!.dataSync()[0]]).toEqual([3, 7]);
    return { x: () => tf.add(tf.mul(dProduct!, scale), tf.mul(dSum!, 10)), y: () => tf.mul(dSum!, 10) };
  },
});
const constant = defineOp<{ x: tf.Tensor }>("TestConstant", { forward: ({ x }) => tf.square(x) });

describe("defineOp", () => {
  test("runs the definition, and gives its outputs", () => {
    const [product, sum] = op({ x: tf.scalar(3), y: tf.scalar(4) }, { scale: 5 });
    expect([product!.dataSync()[0], sum!.dataSync()[0]]).toEqual([15, 7]);
  });

  test("frees what the definition made on the way", () => {
    const x = tf.scalar(3);
    const before = tf.memory().numTensors;
    const [y] = defineOp<{ x: tf.Tensor }>("TestChain", { forward: ({ x }) => tf.neg(tf.square(tf.exp(x))) })(
      { x },
      {},
    );
    expect(y!.rank).toBe(0);
    expect(tf.memory().numTensors).toBe(before + 1);
  });

  test("is differentiated by its own gradient, with what it saved", () => {
    const before = tf.memory().numTensors;
    const gradient = tf.tidy(() => {
      const f = (x: tf.Tensor, y: tf.Tensor) => {
        const [product, sum] = op({ x, y }, { scale: 5 });
        return tf.add(product!, tf.mul(2, sum!));
      };
      return tf
        .grads(f)([tf.scalar(3), tf.scalar(4)])
        .map((g) => g.dataSync()[0]);
    });
    expect(gradient).toEqual([25, 20]);
    expect(tf.memory().numTensors).toBe(before);
  });

  test("refuses to be differentiated where it has no gradient", () => {
    expect(() => tf.grad((x) => constant({ x }, {})[0]!)(tf.scalar(3))).toThrow("TestConstant");
  });
});
