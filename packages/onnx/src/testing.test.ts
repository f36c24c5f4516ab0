import { tf } from "@vitrine/core";
import { parity, rand, randInt } from "./testing.ts";

parity("parity", [
  ["compares one tensor", () => tf.add(rand(2, 3), rand(3))],
  ["compares several", () => [tf.mul(rand(4), 2), tf.cast(randInt(0, 5, 6), "float32")]],
]);
