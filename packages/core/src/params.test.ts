import "@tensorflow/tfjs-backend-cpu";
import { describe, expect, test } from "vitest";
import { normal, ones, zeros } from "./init.ts";
import {
  buffer,
  buildParams,
  countParams,
  fromLeaves,
  initParams,
  leaves,
  mapLeaves,
  param,
  type Spec,
  specLeaves,
} from "./params.ts";
import { Rng } from "./rng.ts";
import { tf } from "./tf.ts";

interface Net {
  stem: { weight: tf.Tensor; bias?: tf.Tensor };
  blocks: { weight: tf.Tensor; mean: tf.Tensor }[];
}

const spec = (depth = 2): Spec<Net> => ({
  stem: { weight: param([2, 3], normal(1)) },
  blocks: Array.from({ length: depth }, () => ({ weight: param([4], ones), mean: buffer([4], zeros) })),
});

describe("params", () => {
  test("names a leaf by its path, in the order of the tree", () => {
    const paths = specLeaves(spec()).map(([path]) => path);
    expect(paths).toEqual(["stem.weight", "blocks.0.weight", "blocks.0.mean", "blocks.1.weight", "blocks.1.mean"]);
  });

  test("passes over branches that are absent", () => {
    const tree = { head: undefined, stem: { weight: param([1]) } };
    expect(leaves(tree).map(([path]) => path)).toEqual(["stem.weight"]);
    expect(Object.keys(mapLeaves<object>(tree, (leaf) => leaf))).toEqual(["stem"]);
  });

  test("counts what is trained, not buffers", () => {
    expect(countParams(spec())).toBe(6 + 2 * 4);
  });

  test("decays matrices, not vectors or buffers", () => {
    expect(specLeaves(spec(1)).map(([, leaf]) => leaf.decay)).toEqual([true, false, false]);
    expect(param([1, 4, 4], zeros, { decay: false }).decay).toBe(false);
  });

  test("draws each parameter from its own stream: another block changes none of the others", () => {
    const [small, large] = [1, 3].map((depth) => initParams<Net>(spec(depth), Rng.of(1)));
    expect(small!.stem.weight.dataSync()).toEqual(large!.stem.weight.dataSync());
    expect(large!.blocks).toHaveLength(3);
    expect(initParams<Net>(spec(), Rng.of(2)).stem.weight.dataSync()).not.toEqual(small!.stem.weight.dataSync());
  });

  test("builds a tree of the spec's shape", () => {
    const shapes = buildParams<Net>(spec(1), (path, leaf) => `${path} ${leaf.shape}`);
    expect(shapes).toEqual({
      stem: { weight: "stem.weight 2,3" },
      blocks: [{ weight: "blocks.0.weight 4", mean: "blocks.0.mean 4" }],
    });
  });

  test("puts values into a tree, and names the one that is missing", () => {
    const values = new Map(specLeaves(spec(1)).map(([path, leaf]) => [path, tf.zeros([...leaf.shape])]));
    expect(fromLeaves<Net>(spec(1), values).blocks[0]!.mean).toBe(values.get("blocks.0.mean"));
    values.delete("blocks.0.mean");
    expect(() => fromLeaves<Net>(spec(1), values)).toThrow('no value for "blocks.0.mean"');
  });
});
