import "@tensorflow/tfjs-backend-cpu";
import { describe, expect, test } from "vitest";
import { zeros } from "./init.ts";
import { buffer, param, type Spec } from "./params.ts";
import { at, compareState, fileShape, fromFile, paramsFrom, type State, stateOf, toFile } from "./state.ts";
import type { tf } from "./tf.ts";

const count = (n: number) => Float32Array.from({ length: n }, (_, i) => i);

describe("state", () => {
  test("lays a linear weight out as [out, in]", () => {
    const spec = param([2, 3], zeros, { layout: "linear" });
    expect(toFile(spec, count(6))).toEqual({ shape: [3, 2], data: Float32Array.of(0, 3, 1, 4, 2, 5) });
  });

  test("lays a convolution out as OIHW", () => {
    const spec = param([1, 2, 2, 3], zeros, { layout: "conv" }); // H=1, W=2, I=2, O=3
    const { shape, data } = toFile(spec, count(12));
    expect(shape).toEqual([3, 2, 1, 2]);
    // file[o][i][0][w] = memory[0][w][i][o] = 6w + 3i + o
    expect([...data]).toEqual([0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11]);
  });

  test("lays a depthwise convolution out as [C·M, 1, H, W]", () => {
    const spec = param([1, 2, 2, 2], zeros, { layout: "depthwise" }); // H=1, W=2, C=2, M=2
    const { shape, data } = toFile(spec, count(8));
    expect(shape).toEqual([4, 1, 1, 2]);
    expect([...data]).toEqual([0, 4, 1, 5, 2, 6, 3, 7]);
  });

  test.each(["plain", "linear", "conv", "pixel", "depthwise"] as const)(
    "brings a %s parameter back as it was",
    (layout) => {
      const shape = layout === "linear" ? [5, 7] : [3, 2, 5, 4];
      const spec = param(shape, zeros, { layout });
      const data = count(shape.reduce((a, b) => a * b));
      const file = toFile(spec, data);
      expect(file.shape).toEqual(fileShape(spec));
      expect(fromFile(spec, file)).toEqual(data);
    },
  );

  interface Net {
    fc: { weight: tf.Tensor2D; bias: tf.Tensor1D };
    seen: tf.Scalar;
  }
  const spec: Spec<Net> = {
    fc: { weight: param([2, 3], zeros, { layout: "linear" }), bias: param([3]) },
    seen: buffer([], zeros, "int32"),
  };
  const state = (): State =>
    new Map([
      ["fc.weight", { shape: [3, 2], data: count(6) }],
      ["fc.bias", { shape: [3], data: count(3) }],
      ["seen", { shape: [], data: Int32Array.of(7) }],
    ]);

  test("makes parameters of a state, and the state of parameters", async () => {
    const params = paramsFrom<Net>(spec, state(), "test");
    expect(params.fc.weight.arraySync()).toEqual([
      [0, 2, 4],
      [1, 3, 5],
    ]);
    expect([params.seen.dtype, params.seen.arraySync()]).toEqual(["int32", 7]);
    expect(await stateOf(spec, params)).toEqual(state());
  });

  test("takes whole numbers for floats and floats for whole numbers, as checkpoints have them", () => {
    const odd = state().set("fc.bias", { shape: [3], data: Int32Array.of(1, 2, 3) });
    const params = paramsFrom<Net>(spec, odd.set("seen", { shape: [], data: Float32Array.of(3) }), "test");
    expect([params.fc.bias.dtype, params.seen.dtype]).toEqual(["float32", "int32"]);
  });

  test("lists the keys that differ", () => {
    const other = state();
    other.delete("fc.bias");
    other.set("head.weight", { shape: [1], data: count(1) }).set("fc.weight", { shape: [2, 3], data: count(6) });
    expect(() => paramsFrom<Net>(spec, other, "other.safetensors")).toThrow(
      "other.safetensors: the checkpoint is of another model. Keys 1 missing: fc.bias; " +
        "1 not of this model: head.weight; 1 of another shape: fc.weight [3,2] expected, [2,3] found",
    );
    expect(compareState(spec, state())).toBeUndefined();
  });

  test("shortens a long list of keys", () => {
    const many: State = new Map(Array.from({ length: 9 }, (_, i) => [`k${i}`, { shape: [1], data: count(1) }]));
    expect(compareState({}, many)).toContain("9 not of this model: k0, k1, k2, k3, k4 and 4 more");
  });

  test("finds a leaf by its path", () => {
    const params = paramsFrom<Net>(spec, state(), "test");
    expect(at(params, "fc.bias")).toBe(params.fc.bias);
    expect(() => at(params, "fc.bais")).toThrow('there is no parameter "fc.bais"');
  });
});
