// Numbers: performer-pytorch 1.1.4 and timm 1.0.31, made by scripts/fixtures/efficient_attention.py.

import { createModel, inference, jit, leaves, specLeaves, stateOf, tf } from "@vitrine/core";
import {
  type FavorKernel,
  type PerformerAttention,
  performerAttention,
  performerAttentionSpec,
} from "@vitrine/core/layers";
import {
  backendNames,
  checkCase,
  describeFamily,
  goldenFolders,
  layerSubject,
  optionsOf,
  readGolden,
  useBackend,
} from "@vitrine/test-utils";
import { beforeAll, describe, expect, test } from "vitest";
import { efficientAttention } from "./index.ts";

const fixtures = new URL("../fixtures/", import.meta.url);

describeFamily(efficientAttention, { fixtures });

describe.each(backendNames)("performerAttention on %s", (backend) => {
  beforeAll(() => useBackend(backend));

  test.each(goldenFolders(new URL("layers/", fixtures)))("gives the reference's numbers: %s", async (_, folder) => {
    const golden = readGolden(folder);
    const {
      dim,
      heads,
      kernel = "softmax",
      ...options
    } = optionsOf(golden.about) as {
      dim: number;
      heads: number;
      kernel?: FavorKernel;
    };
    const spec = performerAttentionSpec(dim, heads, options);
    const subject = layerSubject<PerformerAttention>(golden, spec, (p, x) =>
      performerAttention(p, x as tf.Tensor3D, inference, { heads, kernel }),
    );
    const checks = await checkCase(subject, golden);
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(checks.length).toBeGreaterThan(5);
  });
});

const small = { imgSize: 32, patchSize: 2, embedDim: 16, depth: 2, numHeads: 2, mlpRatio: 2, numClasses: 5 } as const;
const kinds = [
  "performer_vit_tiny_patch16_224",
  "bigbird_vit_tiny_patch16_224",
  "linear_vit_tiny_patch16_224",
] as const;

describe.each(backendNames)("a small model of each kind on %s", (backend) => {
  beforeAll(() => useBackend(backend));

  test.each(kinds)("%s gives the same logits compiled as eager, and a gradient to every parameter", async (name) => {
    const options = name.startsWith("bigbird")
      ? ({ kind: "bigbird", blockSize: 16, globalTokens: 1 } as const)
      : undefined;
    const model = createModel(efficientAttention, name, { ...small, ...(options && { attention: options }) });
    const images = tf.randomNormal([2, 32, 32, 3], 0, 1, "float32", 1) as tf.Tensor4D;
    const step = (params: object, x: tf.Tensor4D) => {
      const tensors = leaves(params).map(([, tensor]) => tensor);
      const loss = () => tf.sum(tf.square(model.logits(x, inference, params as typeof model.params))) as tf.Scalar;
      const { value, grads } = tf.engine().gradients(loss, tensors, undefined, true);
      return { value, norms: tf.stack(grads.map((gradient) => tf.norm(gradient))) };
    };
    const [eager, compiled] = [step(model.params, images), jit(step)(model.params, images)];
    const [first, second] = [await eager.norms.data(), await compiled.norms.data()];
    expect(first).toHaveLength(specLeaves(model.spec).length);
    first.forEach((norm, i) => {
      expect(norm).toBeGreaterThan(0);
      expect(Math.abs(norm - second[i]!)).toBeLessThan(1e-3 * norm + 1e-5);
    });
  });
});

describe("efficient attention", () => {
  beforeAll(() => useBackend("cpu"));

  test("loads a checkpoint of one kind into another", async () => {
    const performer = createModel(efficientAttention, kinds[0], small);
    const state = await stateOf(performer.spec, performer.params);
    for (const name of kinds) expect(createModel(efficientAttention, name, { ...small, state }).notes).toEqual([]);
  });

  test("draws its random features from the seed among the options", async () => {
    const images = tf.randomNormal([1, 32, 32, 3], 0, 1, "float32", 1) as tf.Tensor4D;
    const logits = async (seed: number) => {
      const model = createModel(efficientAttention, kinds[0], { ...small, attention: { kind: "performer", seed } });
      return Array.from(await model.logits(images).data());
    };
    expect(await logits(1)).toEqual(await logits(1));
    expect(await logits(1)).not.toEqual(await logits(2));
  });

  test("refuses dropout of weights that there are not", () => {
    expect(() => createModel(efficientAttention, kinds[2], { ...small, attnDropRate: 0.1 })).toThrow(
      '"linear" has no weights for attnDropRate to drop',
    );
  });
});
