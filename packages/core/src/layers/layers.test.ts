// Expected numbers are PyTorch's, where they are not worked out by hand.

import "@tensorflow/tfjs-backend-cpu";
import { describe, expect, test } from "vitest";
import { inference, scope, trainingMode } from "../mode.ts";
import { initParams } from "../params.ts";
import { Rng } from "../rng.ts";
import { tf } from "../tf.ts";
import {
  type Attention,
  type AttentionPool,
  activations,
  attention,
  attentionPool,
  attentionPoolSpec,
  attentionSpec,
  type BatchNorm,
  batchNorm,
  batchNormSpec,
  type Conv,
  conv,
  convSpec,
  depthwiseConv,
  depthwiseConvSpec,
  dropPathRates,
  type LayerNorm,
  type LayerScale,
  layerNorm,
  layerNormSpec,
  layerScale,
  layerScaleSpec,
  linear,
  linearSpec,
  type Mlp,
  mlp,
  mlpSpec,
  type PatchEmbed,
  patchEmbed,
  patchEmbedSpec,
  patchGrid,
  poolTokens,
  prependTokens,
  resamplePositions,
  type TransformerBlock,
  type TransformerBlockConfig,
  transformerBlock,
  transformerBlockSpec,
  vitDepth,
} from "./index.ts";

const rng = () => Rng.of(1);

function random(...shape: number[]): tf.Tensor {
  const draw = Rng.of(2, shape.join());
  return tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => draw.normal()),
    shape,
  );
}

function expectClose(found: tf.Tensor, expected: tf.Tensor | readonly number[], digits = 5): void {
  const wanted = expected instanceof tf.Tensor ? Array.from(expected.dataSync()) : expected;
  if (expected instanceof tf.Tensor) expect(found.shape).toEqual(expected.shape);
  const values = found.dataSync();
  expect(values).toHaveLength(wanted.length);
  wanted.forEach((value, i) => {
    expect(values[i], `element ${i}`).toBeCloseTo(value, digits);
  });
}

describe("linear", () => {
  test("acts on the last axis, whatever comes before it", () => {
    const p = { weight: tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]), bias: tf.tensor1d([10, 20]) };
    const y = linear(p, tf.tensor3d([1, 0, 0, 0, 1, 1], [1, 2, 3]));
    expect(y.arraySync()).toEqual([
      [
        [11, 22],
        [18, 30],
      ],
    ]);
    expect(linear({ weight: p.weight }, tf.ones([3, 1, 2, 3])).shape).toEqual([3, 1, 2, 2]);
  });

  test("has no bias where none is asked for", () => {
    expect(Object.keys(linearSpec(3, 2, { bias: false }))).toEqual(["weight"]);
  });
});

describe("activations", () => {
  test.each([
    ["relu", [0, 0, 0.5, 4]],
    ["silu", [-0.0719448, -0.2689414, 0.3112297, 3.928055]],
    ["hard_swish", [0, -0.3333333, 0.2916667, 4]],
  ] as const)("%s bends as PyTorch's", (name, expected) => {
    expectClose(activations[name](tf.tensor1d([-4, -1, 0.5, 4])), expected);
  });
});

describe("convolutions", () => {
  const image = tf.reshape(tf.range(0, 16), [1, 4, 4, 1]) as tf.Tensor4D;
  const weight = tf.reshape(tf.range(0, 9), [3, 3, 1, 1]) as tf.Tensor4D;

  test("pad and stride as PyTorch's", () => {
    expectClose(conv({ weight }, image, { stride: 2, padding: 1 }), [73, 154, 279, 438]);
    expectClose(conv({ weight }, image, { stride: 2 }), [258]);
    expectClose(depthwiseConv({ weight }, image), [258, 294, 402, 438]);
  });

  test("treat each channel on its own, or all together", () => {
    const p = initParams<Conv>(depthwiseConvSpec(3, 5), rng());
    expect(depthwiseConv(p, random(2, 6, 6, 5) as tf.Tensor4D, { padding: 1 }).shape).toEqual([2, 6, 6, 5]);
    const q = initParams<Conv>(convSpec(3, 5, 7), rng());
    expect(conv(q, random(2, 6, 6, 5) as tf.Tensor4D, { padding: "same", stride: 2 }).shape).toEqual([2, 3, 3, 7]);
  });
});

describe("batchNorm", () => {
  const batch = tf.tensor2d([1, 2, 4, 9], [4, 1]);

  test("normalises a batch by its own statistics in training, and moves the running ones", () => {
    const p = initParams<BatchNorm>(batchNormSpec(1), rng());
    const mode = trainingMode();
    expectClose(batchNorm(p, batch, scope(mode, "bn1")), [-0.973328, -0.6488854, 0, 1.6222134], 4);
    const moved = Object.fromEntries([...mode.updates!].map(([path, value]) => [path, value.dataSync()[0]]));
    expect(moved["bn1.running_mean"]).toBeCloseTo(0.4, 5);
    expect(moved["bn1.running_var"]).toBeCloseTo(2.1666667, 5);
    expect(moved["bn1.num_batches_tracked"]).toBe(1);
  });

  test("uses the running statistics at inference", () => {
    const p = {
      ...initParams<BatchNorm>(batchNormSpec(1), rng()),
      running_mean: tf.tensor1d([0.4]),
      running_var: tf.tensor1d([2.1666667]),
    };
    expectClose(batchNorm(p, tf.tensor2d([1, 2], [2, 1]), inference), [0.4076188, 1.0869834]);
  });
});

describe("patchEmbed", () => {
  test("is the convolution whose stride is its kernel, row by row", () => {
    const p = initParams<PatchEmbed>(patchEmbedSpec(4, 3, 6), rng());
    const images = random(2, 8, 12, 3) as tf.Tensor4D;
    const expected = tf.reshape(conv(p.proj, images, { stride: 4 }), [2, 6, 6]);
    expectClose(patchEmbed(p, images), expected, 4);
  });

  test("refuses an image that the patches do not tile", () => {
    const p = initParams<PatchEmbed>(patchEmbedSpec(4, 3, 6), rng());
    expect(() => patchEmbed(p, tf.zeros([1, 8, 10, 3]))).toThrow("an image of 8x10 is not tiled by patches of 4x4");
    expect(() => patchGrid({ imgSize: 33, patchSize: 16 })).toThrow(
      "imgSize 33x33 is not a multiple of patchSize 16; the nearest size is 32x32",
    );
  });
});

describe("attention", () => {
  const spec = () => attentionSpec(12, 3, { qkNorm: true });
  const p = initParams<Attention>(spec(), rng());
  const x = random(2, 5, 12) as tf.Tensor3D;

  test("mixes values by softmax of the products of queries and keys", () => {
    // One head, identity projections: softmax(x xᵀ / √d) x.
    const identity = tf.eye(4) as tf.Tensor2D;
    const one = {
      qkv: { weight: tf.concat([identity, identity, identity], 1) as tf.Tensor2D },
      proj: { weight: identity },
    };
    const tokens = random(1, 3, 4) as tf.Tensor3D;
    const weights = tf.softmax(tf.div(tf.matMul(tokens, tokens, false, true), 2));
    expectClose(attention(one, tokens, inference, { heads: 1 }), tf.matMul(weights, tokens));
  });

  test("gives the first tokens the same answer when the others do not ask", () => {
    const all = attention(p, x, inference, { heads: 3 });
    expectClose(attention(p, x, inference, { heads: 3, queries: 2 }), tf.slice(all, [0, 0, 0], [-1, 2, -1]));
  });

  test("has heads of another width than the input's share", () => {
    const wide = initParams<Attention>(attentionSpec(10, 4, { headDim: 6, qkvBias: false }), rng());
    expect([wide.qkv.weight.shape, wide.proj.weight.shape]).toEqual([
      [10, 72],
      [24, 10],
    ]);
    const tokens = random(2, 5, 10) as tf.Tensor3D;
    const all = attention(wide, tokens, inference, { heads: 4 });
    expect(all.shape).toEqual([2, 5, 10]);
    expectClose(attention(wide, tokens, inference, { heads: 4, queries: 1 }), tf.slice(all, [0, 0, 0], [-1, 1, -1]));
  });

  test("keeps its weights where they are asked for", () => {
    const taps = new Map<string, tf.Tensor>();
    attention(p, x, scope({ ...inference, taps }, "attn"), { heads: 3 });
    const weights = taps.get("attn.weights")!;
    expect(weights.shape).toEqual([2, 3, 5, 5]);
    expectClose(tf.sum(weights, -1), tf.ones([2, 3, 5]));
  });

  test("refuses heads that do not divide the width", () => {
    expect(() => attentionSpec(100, 12)).toThrow("attention: dim 100 is not divisible by heads 12");
  });
});

describe("a transformer block", () => {
  const config: TransformerBlockConfig = {
    embedDim: 12,
    numHeads: 3,
    mlpRatio: 2.5,
    qkvBias: true,
    qkNorm: false,
    projBias: true,
    initValues: 0.5,
    actLayer: "gelu",
    normEps: 1e-6,
    projDropRate: 0,
    attnDropRate: 0,
  };
  const p = initParams<TransformerBlock>(transformerBlockSpec(config), rng());
  const x = random(2, 5, 12) as tf.Tensor3D;

  test("is two branches, each on normalised input, scaled, and added to what came in", () => {
    const scaled = (branch: tf.Tensor) => tf.mul(branch, 0.5);
    const middle = tf.add(x, scaled(attention(p.attn, layerNorm(p.norm1, x), inference, { heads: 3 }))) as tf.Tensor3D;
    const expected = tf.add(middle, scaled(mlp(p.mlp, layerNorm(p.norm2, middle), inference)));
    expectClose(transformerBlock(config, p, x, inference), expected);
  });

  test("works on the first tokens only where only they are wanted, with the same gradients", () => {
    const first = (y: tf.Tensor3D) => tf.slice(y, [0, 0, 0], [-1, 1, -1]);
    const whole = (t: tf.Tensor) => first(transformerBlock(config, p, t as tf.Tensor3D, inference));
    const part = (t: tf.Tensor) => transformerBlock(config, p, t as tf.Tensor3D, inference, { queries: 1 });
    expectClose(part(x), whole(x));
    expectClose(tf.grad(part)(x), tf.grad(whole)(x));
  });

  test("passes x on where both branches are dropped", () => {
    const mode = trainingMode(tf.tensor1d([1, 1], "int32"));
    expectClose(transformerBlock(config, p, x, mode, { dropPath: 1 }), x);
  });

  test("has no scale where none is asked for, and a hidden layer of whole width", () => {
    const spec = transformerBlockSpec({ ...config, initValues: null });
    expect(Object.keys(spec)).toEqual(["norm1", "attn", "norm2", "mlp"]);
    expect(spec.mlp.fc1.weight.shape).toEqual([12, 30]);
  });

  test("is skipped more often the deeper it lies", () => {
    expect(dropPathRates(0.2, 5)).toEqual([0, 0.05, 0.1, expect.closeTo(0.15), 0.2]);
    expect(dropPathRates(0.2, 1)).toEqual([0]);
  });
});

describe("mlp and layer scale", () => {
  test("drop in training with a key only", () => {
    const p = initParams<Mlp>(mlpSpec(4, 8), rng());
    const x = random(2, 4);
    const plain = mlp(p, x, inference, { drop: 0.5 });
    expectClose(mlp(p, x, trainingMode(), { drop: 0.5 }), plain);
    const dropped = mlp(p, x, trainingMode(tf.tensor1d([1, 2], "int32")), { drop: 0.5 });
    expect(dropped.dataSync()).not.toEqual(plain.dataSync());
  });

  test("scale each channel, or nothing", () => {
    const x = tf.ones([2, 3]);
    expectClose(layerScale(initParams<LayerScale>(layerScaleSpec(3, 1e-5), rng()), x), Array(6).fill(1e-5), 8);
    expect(layerScale(undefined, x)).toBe(x);
  });

  test("normalise to mean 0 and deviation 1 at the start", () => {
    const y = layerNorm(initParams<LayerNorm>(layerNormSpec(64), rng()), random(3, 64));
    expectClose(tf.mean(y, -1), [0, 0, 0]);
    expectClose(tf.mean(tf.square(y), -1), [1, 1, 1], 4);
  });
});

describe("tokens and positions", () => {
  const patches = random(2, 6, 4) as tf.Tensor3D;
  const [cls, registers] = [random(1, 1, 4), random(1, 2, 4)] as tf.Tensor3D[];
  const repeat = (t: tf.Tensor) => tf.tile(t, [2, 1, 1]);

  test("stand before the patches, with a position each", () => {
    const positions = random(1, 9, 4) as tf.Tensor3D;
    const expected = tf.add(tf.concat([repeat(cls!), repeat(registers!), patches], 1), positions);
    expectClose(prependTokens(patches, [cls!, registers!], positions), expected);
  });

  test("stand before the patches without positions of their own", () => {
    const positions = random(1, 6, 4) as tf.Tensor3D;
    const expected = tf.concat([repeat(cls!), tf.add(patches, positions)], 1);
    expectClose(prependTokens(patches, [cls!], positions), expected);
    expectClose(prependTokens(patches, [], positions), tf.add(patches, positions));
    expectClose(prependTokens(patches, [cls!]), tf.concat([repeat(cls!), patches], 1));
    expect(prependTokens(patches, [])).toBe(patches);
  });

  test("keep the entries of tokens when the grid changes", () => {
    const table = random(1, 2 + 6, 4) as tf.Tensor3D;
    const other = resamplePositions(table, 2, [2, 3], [4, 4]);
    expect(other.shape).toEqual([1, 2 + 16, 4]);
    expectClose(tf.slice(other, [0, 0, 0], [1, 2, 4]), tf.slice(table, [0, 0, 0], [1, 2, 4]));
    expect(resamplePositions(table, 2, [2, 3], [2, 3])).toBe(table);
  });

  test("are pooled by the first, the mean, the maximum, or both", () => {
    const tokens = tf.tensor3d([1, 5, 3, 2, 4, 8], [1, 3, 2]);
    const pooled = (kind: "token" | "avg" | "max" | "avgmax", prefix: number) =>
      poolTokens(tokens, kind, prefix).arraySync()[0];
    expect(pooled("token", 1)).toEqual([1, 5]);
    expect(pooled("avg", 1)).toEqual([3.5, 5]);
    expect(pooled("max", 0)).toEqual([4, 8]);
    expect(pooled("avgmax", 1)).toEqual([3.75, 6.5]);
  });

  test("are pooled by a query that asks them all, in no order", () => {
    const p = initParams<AttentionPool>(attentionPoolSpec(4, 2), rng());
    const pooled = attentionPool(p, patches, inference, { heads: 2 });
    expect(pooled.shape).toEqual([2, 4]);
    expectClose(attentionPool(p, tf.reverse(patches, 1), inference, { heads: 2 }), pooled);
  });

  test("lie as deep as timm says", () => {
    const depth = (path: string) => vitDepth({ depth: 12 }, path);
    expect(["cls_token", "pos_embed", "patch_embed.proj.bias", "norm_pre.weight"].map(depth)).toEqual([0, 0, 0, 0]);
    expect(["blocks.0.norm1.weight", "blocks.11.mlp.fc2.bias", "norm.weight"].map(depth)).toEqual([1, 12, 12]);
    expect(["head.weight", "fc_norm.bias", "attn_pool.latent", "head_dist.bias"].map(depth)).toEqual([13, 13, 13, 13]);
  });
});
