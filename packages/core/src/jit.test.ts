import "@tensorflow/tfjs-backend-cpu";
import { describe, expect, test } from "vitest";
import { jit } from "./jit.ts";
import { tf } from "./tf.ts";

describe("jit on a backend that does not compile", () => {
  test("calls the function, and frees all but its result", () => {
    const f = jit((params: { w: tf.Tensor }, xs: tf.Tensor[]) => ({
      sum: tf.add(tf.mul(params.w, xs[0]!), xs[1]!),
      list: [tf.square(tf.neg(xs[0]!))],
    }));
    const [w, a, b] = [2, 3, 4].map((x) => tf.scalar(x));
    const before = tf.memory().numTensors;
    const out = f({ w: w! }, [a!, b!]);
    expect([out.sum.dataSync()[0], out.list[0]!.dataSync()[0]]).toEqual([10, 9]);
    expect(tf.memory().numTensors).toBe(before + 2);
  });

  test("fixed arguments are arguments like others", () => {
    const f = jit((w: tf.Tensor, x: tf.Tensor) => tf.mul(w, x), { fixed: [0] });
    const [two, three] = [tf.scalar(2), tf.scalar(3)];
    const before = tf.memory().numTensors;
    expect([f(two, three), f(three, three)].map((y) => y.dataSync()[0])).toEqual([6, 9]);
    f.dispose();
    expect(f(two, two).dataSync()[0]).toBe(4);
    expect(tf.memory().numTensors).toBe(before + 3);
  });

  test("passes errors on", () => {
    expect(() =>
      jit(() => {
        throw new RangeError("no");
      })(),
    ).toThrow(RangeError);
  });
});
