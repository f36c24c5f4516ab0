import "@tensorflow/tfjs-backend-cpu";
import { describe, expect, test } from "vitest";
import { inference, scope, tap, trainingMode } from "./mode.ts";
import { tf } from "./tf.ts";

describe("mode", () => {
  test("names a module by its path", () => {
    const block = scope(scope(inference, "blocks"), "3");
    expect(scope(block, "attn").path).toBe("blocks.3.attn");
    expect(inference.path).toBe("");
  });

  test("keeps an intermediate alive, under the module's name or one of its own", () => {
    const taps = new Map<string, tf.Tensor>();
    tf.tidy(() => {
      const mode = scope({ ...inference, taps }, "norm");
      tap(mode, tf.scalar(1));
      tap(mode, tf.scalar(2), "weights");
    });
    expect([...taps].map(([path, tensor]) => [path, tensor.dataSync()[0]])).toEqual([
      ["norm", 1],
      ["norm.weights", 2],
    ]);
  });

  test("keeps nothing where nobody asked", () => {
    const before = tf.memory().numTensors;
    tf.tidy(() => tap(inference, tf.scalar(1)) && undefined);
    expect(tf.memory().numTensors).toBe(before);
  });

  test("gives modules below the same key and the same place for new statistics", () => {
    const key = tf.tensor1d([1, 2], "int32");
    const mode = trainingMode(key);
    const below = scope(mode, "stem");
    expect([below.training, below.key, below.updates]).toEqual([true, key, mode.updates]);
    expect("key" in trainingMode()).toBe(false);
  });
});
