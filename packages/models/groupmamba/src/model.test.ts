// Numbers: the authors' implementation, made by scripts/fixtures/groupmamba.py.

import { createModel, inference, specLeaves, tf, trainingMode } from "@vitrine/core";
import { describeFamily, useBackend } from "@vitrine/test-utils";
import { beforeAll, describe, expect, test } from "vitest";
import { groupmamba } from "./index.ts";

describeFamily(groupmamba, {
  fixtures: new URL("../fixtures/", import.meta.url),
  // A norm takes a common factor away again; a sequence of one token has no state to let fade.
  zeroGradients: /skip_scale$|^post_network\.0\.attn\.mamba_g\d\.A_logs$/,
});

describe("groupmamba", () => {
  beforeAll(() => useBackend("cpu"));

  const small = {
    stemHiddenDim: 4,
    embedDims: [16, 20],
    mlpRatios: [1, 1],
    depths: [1, 1],
    numStages: 2,
    imgSize: 16,
    numClasses: 3,
  };
  const images = () => tf.randomNormal([2, 16, 16, 3], 0, 1, "float32", 1) as tf.Tensor4D;

  test("answers with the mean of its two heads", async () => {
    const model = createModel(groupmamba, "groupmamba_tiny", small);
    const [first, second] = model.heads(images(), inference);
    const mean = tf.mul(tf.add(first!, second!), 0.5);
    const worst = tf.max(tf.abs(tf.sub(mean, model.logits(images()))));
    expect((await worst.data())[0]).toBeLessThan(1e-6);
  });

  test("has one answer without distillation", () => {
    const model = createModel(groupmamba, "groupmamba_tiny", { ...small, distillation: false });
    expect(model.heads(images(), trainingMode())).toHaveLength(1);
    expect(specLeaves(model.spec).some(([path]) => path.startsWith("dist_head."))).toBe(false);
  });

  test("begins with steps between 0.001 and 0.1 and states that fade at rate 1", async () => {
    const model = createModel(groupmamba, "groupmamba_tiny", small);
    const scan = model.params.block1![0]!.attn.mamba_g3;
    for (const step of await tf.softplus(scan.dt_projs_bias).data()) {
      expect(step).toBeGreaterThan(0.00099);
      expect(step).toBeLessThan(0.101);
    }
    expect(await tf.exp(scan.A_logs).data()).toEqual(new Float32Array(4).fill(1));
  });

  test("refuses stages that cannot be", () => {
    expect(() => createModel(groupmamba, "groupmamba_tiny", { ...small, numStages: 4 })).toThrow(
      "embedDims must have an entry for each of 4 stages (numStages), found 2",
    );
    expect(() => createModel(groupmamba, "groupmamba_tiny", { ...small, embedDims: [16, 22] })).toThrow(
      "embedDims must be multiples of 4, at least 16, found 22",
    );
  });
});
