import { tf } from "@vitrine/core";
import { beforeEach, expect, test } from "vitest";
import { useOnnx } from "../register.ts";

beforeEach(async () => {
  await useOnnx();
});

test("moves strings as it moves numbers", () => {
  const words = tf.tensor2d(["b", "a", "ä", "b"], [2, 2], "string");
  expect(tf.slice(words, [0, 1], [2, 1]).dataSync()).toEqual(["a", "b"]);
  expect(tf.tile(tf.unstack(words)[1]!, [2]).dataSync()).toEqual(["ä", "b", "ä", "b"]);
  expect(tf.concat([words, tf.fill([1, 2], "c")]).dataSync()).toEqual(["b", "a", "ä", "b", "c", "c"]);
});

test("compares strings, and finds the different ones", () => {
  const words = tf.tensor1d(["b", "a", "b"], "string");
  expect([...tf.equal(words, tf.tensor1d(["b", "b", "b"], "string")).dataSync()]).toEqual([1, 0, 1]);
  expect([...tf.less(words, tf.tensor1d(["c", "a", "bb"], "string")).dataSync()]).toEqual([1, 0, 1]);
  const { values, indices } = tf.unique(words);
  expect(values.dataSync()).toEqual(["b", "a"]);
  expect([...indices.dataSync()]).toEqual([0, 1, 0]);
});

test("refuses to compute with strings", () => {
  expect(() => tf.add(tf.tensor1d(["a"], "string"), tf.tensor1d(["b"], "string"))).toThrow();
});
