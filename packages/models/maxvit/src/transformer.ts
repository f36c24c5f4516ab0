// Transformer blocks: attention and a perceptron, each on normalised input, each added to what came in. MaxViT's attend inside
// windows or a grid (https://arxiv.org/abs/2204.01697), timm's parallel form to both at once; CoAtNet's to the whole map,
// which the first of a stage halves (https://arxiv.org/abs/2106.04803).

import { dropout, dropPath, type Mode, type Spec, scope, tap, tf } from "@vitrine/core";
import { activations, type Grid, type LayerScale, layerScale, layerScaleSpec } from "@vitrine/core/layers";
import { type Attention, attention, attentionSpec } from "./attention.ts";
import { type MaxViTConfig, partitions, refuse } from "./config.ts";
import { type Downsample, downsample, downsampleSpec } from "./downsample.ts";
import { transformerInit } from "./init.ts";
import { type Norm, norm, normSpec } from "./norm.ts";
import { type Pointwise, pointwise, pointwiseSpec } from "./pointwise.ts";

/** What comes behind the attention in each of the blocks. */
interface Rest {
  ls1?: LayerScale;
  norm2: Norm;
  mlp: { fc1: Pointwise; fc2: Pointwise };
  ls2?: LayerScale;
}

export interface PartitionBlock extends Rest {
  norm1: Norm;
  attn: Attention;
}

export interface ParallelBlock extends Rest {
  norm1: Norm;
  attn_block: Attention;
  attn_grid: Attention;
}

export interface TransformerBlock extends Rest {
  shortcut?: Downsample;
  /** In a block that halves the map, the norm has a name of its own. */
  norm1: Norm | { norm: Norm };
  attn: Attention;
}

/** How weights lie in checkpoints: blocks of windows have linear layers and a layer norm, unless told otherwise. */
function partitionLayout(c: MaxViTConfig): { asConv: boolean; normOf: (dim: number) => Spec<Norm> } {
  const asConv = c.transformerUseNchwAttn;
  return { asConv, normOf: (dim) => normSpec(asConv ? c.transformerNormLayer : "layernorm2d", dim) };
}

function restSpec(c: MaxViTConfig, dim: number, asConv: boolean, norm2: Spec<Norm>): Spec<Rest> {
  const hidden = Math.trunc(dim * c.transformerExpandRatio);
  const layer = (from: number, to: number) =>
    pointwiseSpec(from, to, { asConv, bias: true, init: transformerInit(c.weightInit, from, true) });
  const scale = (name: "ls1" | "ls2") =>
    c.transformerInitValues ? { [name]: layerScaleSpec(dim, c.transformerInitValues) } : {};
  return {
    ...scale("ls1"),
    norm2,
    mlp: { fc1: layer(dim, hidden), fc2: layer(hidden, dim) },
    ...scale("ls2"),
  } as Spec<Rest>;
}

/** `shortcut` and what attention gave, then the perceptron. Both [B, H, W, C] → [B, H, W, C]. */
function finish(
  c: MaxViTConfig,
  p: Rest,
  shortcut: tf.Tensor4D,
  attended: tf.Tensor4D,
  mode: Mode,
  rate: number,
): tf.Tensor4D {
  const x = tf.add(shortcut, dropPath(layerScale(p.ls1, attended), rate, mode, "drop_path1")) as tf.Tensor4D;
  const inside = scope(mode, "mlp");
  const read = norm(p.norm2, x, scope(mode, "norm2"), c.transformerNormEps);
  const wide = activations[c.transformerActLayer](pointwise(p.mlp.fc1, read)); //                      [B, H, W, hidden]
  const thought = pointwise(p.mlp.fc2, dropout(wide, c.transformerProjDrop, scope(inside, "drop1")));
  // timm's perceptron of 1x1 convolutions has no dropout at its end.
  const asConv = p.mlp.fc2.weight.rank === 4;
  const kept = asConv ? thought : dropout(thought, c.transformerProjDrop, scope(inside, "drop2"));
  return tap(mode, tf.add(x, dropPath(layerScale(p.ls2, kept), rate, mode, "drop_path2")) as tf.Tensor4D);
}

export function partitionBlockSpec(c: MaxViTConfig, dim: number, kind: "block" | "grid"): Spec<PartitionBlock> {
  const { asConv, normOf } = partitionLayout(c);
  const { window, grid } = partitions(c);
  const attn = attentionSpec(c, { from: dim, to: dim, inner: dim, window: kind === "block" ? window : grid, asConv });
  return { norm1: normOf(dim), attn, ...restSpec(c, dim, asConv, normOf(dim)) } as Spec<PartitionBlock>;
}

/** x: [B, H, W, C] → [B, H, W, C]. */
export function partitionBlock(
  c: MaxViTConfig,
  p: PartitionBlock,
  x: tf.Tensor4D,
  mode: Mode,
  { kind, rate }: { kind: "block" | "grid"; rate: number },
): tf.Tensor4D {
  const read = norm(p.norm1, x, scope(mode, "norm1"), c.transformerNormEps);
  return finish(c, p, x, partitioned(c, p.attn, read, scope(mode, "attn"), kind), mode, rate);
}

function partitioned(c: MaxViTConfig, p: Attention, x: tf.Tensor4D, mode: Mode, kind: "block" | "grid"): tf.Tensor4D {
  const { window, grid } = partitions(c);
  const size = kind === "block" ? window : grid;
  return attention(c, p, x, mode, { kind, window: size, headFirst: c.transformerHeadFirst });
}

export function parallelBlockSpec(c: MaxViTConfig, dim: number): Spec<ParallelBlock> {
  const { window, grid } = partitions(c);
  if (dim % 2 !== 0) throw refuse(`blockType "PM" halves its channels, and embedDim has ${dim}`);
  if (window.join() !== grid.join())
    throw refuse(
      `blockType "PM" needs transformerGridSize ${window.join("x")} as the windows have, found ${grid.join("x")}`,
    );
  const attn = () => attentionSpec(c, { from: dim, to: dim / 2, inner: dim, window, asConv: false });
  const layerNorm = normSpec("layernorm2d", dim);
  return {
    norm1: layerNorm,
    attn_block: attn(),
    attn_grid: attn(),
    ...restSpec(c, dim, false, layerNorm),
  } as Spec<ParallelBlock>;
}

/** x: [B, H, W, C] → [B, H, W, C]. */
export function parallelBlock(
  c: MaxViTConfig,
  p: ParallelBlock,
  x: tf.Tensor4D,
  mode: Mode,
  rate: number,
): tf.Tensor4D {
  const read = norm(p.norm1, x, scope(mode, "norm1"), c.transformerNormEps);
  const both = [
    partitioned(c, p.attn_block, read, scope(mode, "attn_block"), "block"), //                         [B, H, W, C/2]
    partitioned(c, p.attn_grid, read, scope(mode, "attn_grid"), "grid"),
  ];
  return finish(c, p, x, tf.concat(both, 3), mode, rate);
}

export interface TransformerBlockShape {
  from: number;
  to: number;
  stride: number;
  /** Height and width of the map behind the block. */
  map: Grid;
}

export function transformerBlockSpec(c: MaxViTConfig, shape: TransformerBlockShape): Spec<TransformerBlock> {
  const { from, to, stride, map } = shape;
  const kind = c.transformerNormLayer;
  const init = transformerInit(c.weightInit, from);
  const expand = pointwiseSpec(from, to, { asConv: true, bias: c.transformerShortcutBias, init }) as Spec<
    NonNullable<Downsample["expand"]>
  >;
  const inner = c.transformerExpandFirst ? to : from;
  return {
    ...(stride === 2 ? { shortcut: downsampleSpec(from, to, expand) } : {}),
    norm1: stride === 2 ? { norm: normSpec(kind, from) } : normSpec(kind, from),
    attn: attentionSpec(c, { from, to, inner, window: map, asConv: true }),
    ...restSpec(c, to, true, normSpec(kind, to)),
  } as Spec<TransformerBlock>;
}

/** x: [B, H, W, I] → [B, H/stride, W/stride, O]. */
export function transformerBlock(
  c: MaxViTConfig,
  p: TransformerBlock,
  x: tf.Tensor4D,
  mode: Mode,
  rate: number,
): tf.Tensor4D {
  const at = scope(mode, "norm1");
  const pooled = (y: tf.Tensor4D, own?: Downsample) => downsample(own, y, c.transformerPoolType);
  const halves = "norm" in p.norm1;
  const read = halves
    ? pooled(norm((p.norm1 as { norm: Norm }).norm, x, scope(at, "norm"), c.transformerNormEps))
    : norm(p.norm1 as Norm, x, at, c.transformerNormEps);
  const [, height, width] = read.shape;
  // timm keeps heads first here whatever the option says.
  const options = { kind: "block", window: [height, width], headFirst: true } as const;
  const attended = attention(c, p.attn, read, scope(mode, "attn"), options);
  return finish(c, p, halves ? pooled(x, p.shortcut) : x, attended, mode, rate);
}
