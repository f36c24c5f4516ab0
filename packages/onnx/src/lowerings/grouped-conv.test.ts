import { type GroupedConvAttrs, groupedConv2d, jit, tf } from "@vitrine/core";
import { conv } from "@vitrine/core/layers";
import { expect, test } from "vitest";
import { useOnnx } from "../register.ts";
import { type ParityRow, parity, rand } from "../testing.ts";

type Shape4 = [number, number, number, number];
type Padding = GroupedConvAttrs["padding"];
const all = (n: number): Padding => [[0, 0], [n, n], [n, n], [0, 0]]; // biome-ignore format: one line

/** The convolution and its gradients, weighted so that every element of the result counts differently. */
function grouped(image: Shape4, filter: Shape4, stride: number, padding: Padding, dilation = 1): () => tf.Tensor[] {
  return () => {
    const [x, w] = [rand<tf.Rank.R4>(...image), rand<tf.Rank.R4>(...filter)];
    const f = (x: tf.Tensor, w: tf.Tensor) =>
      groupedConv2d(x as tf.Tensor4D, w as tf.Tensor4D, { stride, padding, dilation });
    const y = f(x, w);
    return [y, ...tf.grads(f)([x, w], rand<tf.Rank.R4>(...(y.shape as Shape4)))];
  };
}

const grid: ParityRow[] = [];
for (const batch of [1, 3])
  for (const [kernel, stride] of [[1, 1], [1, 2], [3, 1], [3, 2], [2, 2], [5, 3]] as const) // biome-ignore format: one line
    for (const padding of ["same", "valid", all(1)] as const)
      grid.push([
        `batch ${batch}, ${kernel}x${kernel}, stride ${stride}, ${typeof padding === "string" ? padding : "by 1"}`,
        grouped([batch, 9, 7, 6], [kernel, kernel, 3, 8], stride, padding),
      ]);

parity("GroupedConv2D and its gradients", [
  ...grid,
  ["three groups", grouped([2, 7, 8, 6], [3, 3, 2, 9], 1, all(1))],
  ["more channels than come in", grouped([2, 6, 5, 4], [3, 3, 2, 12], 2, all(1))],
  ["fewer channels than come in", grouped([2, 6, 5, 12], [3, 3, 6, 2], 2, all(1))],
  ["one channel a group", grouped([2, 6, 5, 4], [3, 3, 1, 8], 1, all(1))],
  ["one group", grouped([2, 6, 5, 4], [3, 3, 4, 5], 2, all(1))],
  ["image of one pixel", grouped([2, 1, 1, 4], [3, 3, 2, 4], 1, all(1))],
  ["dilation", grouped([2, 9, 8, 4], [3, 3, 2, 6], 1, all(2), 2)],
  ["dilation, stride 2", grouped([2, 9, 8, 4], [3, 3, 2, 6], 2, all(3), 3)],
  ["dilation, same", grouped([1, 9, 8, 4], [2, 3, 4, 6], 1, "same", 2)],
]);

test("groups are one operator, also for other batch sizes", async () => {
  await useOnnx();
  const w = rand<tf.Rank.R4>(3, 3, 2, 8);
  const f = (x: tf.Tensor4D) => conv({ weight: w }, x, { padding: 1 });
  const compiled = jit(f);
  for (const batch of [1, 2, 5]) {
    const x = rand<tf.Rank.R4>(batch, 5, 5, 8);
    const filters = tf.split<tf.Tensor4D>(w, 4, 3);
    const parts = tf.split<tf.Tensor4D>(x, 4, 3).map((part, i) => tf.conv2d(part, filters[i]!, 1, 1));
    const worst = tf.max(tf.abs(tf.sub(compiled(x), tf.concat(parts, 3))));
    expect((await worst.data())[0]).toBeLessThan(1e-5);
  }
});
