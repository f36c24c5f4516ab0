// From pixels to patches, from patches to fewer and wider ones, and from the last of them to class scores.

import { type BaseConfig, dropout, imageSize, type Mode, type Spec, scope, tap, tf } from "@vitrine/core";
import {
  type GlobalPool,
  type Grid,
  globalPool2d,
  type LayerNorm,
  type Linear,
  type LinearOptions,
  layerNorm,
  layerNormSpec,
  linear,
  linearSpec,
  type PatchEmbed,
  patchEmbed,
  patchEmbedSpec,
} from "@vitrine/core/layers";
import { refuse } from "./windows.ts";

/** PyTorch's epsilon of layer norms. */
export const epsilon = 1e-5;

/** The part of a configuration that sizes come from. */
export interface MapConfig extends BaseConfig {
  patchSize: number;
  embedDim: number;
  /** Blocks of each stage. */
  depths: readonly number[];
  /** Attention heads of each stage. */
  numHeads: readonly number[];
  /** What the head reads: the mean, maximum, or both halved or side by side, of the map; or the map itself (""). */
  globalPool: GlobalPool | "";
  /** Cut windows, and shift them, also where one window would cover the map. */
  alwaysPartition: boolean;
  /** Refuse images of another size than `imgSize`. */
  strictImgSize: boolean;
  /** Take images of any size; the same as `strictImgSize: false`. */
  dynamicImgSize: boolean;
  /** Dropout ahead of the head. */
  dropRate: number;
  /** Dropout behind the linear layers of a block but the one of queries, keys and values. */
  projDropRate: number;
  /** Dropout of attention weights. */
  attnDropRate: number;
  /** Chance that the last block is skipped for a sample in training; earlier blocks less, the first never. */
  dropPathRate: number;
}

/** timm's defaults of what all are asked: the tiny model. */
export const mapDefaults: MapConfig = {
  imgSize: 224,
  patchSize: 4,
  inChans: 3,
  numClasses: 1000,
  globalPool: "avg",
  embedDim: 96,
  depths: [2, 2, 6, 2],
  numHeads: [3, 6, 12, 24],
  alwaysPartition: false,
  strictImgSize: true,
  dynamicImgSize: false,
  dropRate: 0,
  projDropRate: 0,
  attnDropRate: 0,
  dropPathRate: 0.1,
};

/** A stage by its place: the size of its map for images of `imgSize`, and its width. */
export interface StageShape {
  map: Grid;
  dim: number;
}

/** Rows and columns of patches; what is left over at the edges is not looked at. @throws VitrineError for no patch. */
export function patchGrid({ imgSize, patchSize }: Pick<MapConfig, "imgSize" | "patchSize">): Grid {
  const [height, width] = imageSize({ imgSize });
  if (Math.min(height, width) < patchSize)
    throw refuse(`imgSize ${height}x${width} has no patch of ${patchSize}x${patchSize}; take at least ${patchSize}`);
  return [Math.floor(height / patchSize), Math.floor(width / patchSize)];
}

/** Each stage after the first halves the map, rounding up, and doubles the width. */
export function stageShapes(c: MapConfig): StageShape[] {
  const grid = patchGrid(c);
  return c.depths.map((_, i) => {
    const map: Grid = [Math.ceil(grid[0] / 2 ** i), Math.ceil(grid[1] / 2 ** i)];
    return { map, dim: c.embedDim * 2 ** i };
  });
}

/** @throws VitrineError where there are not as many heads as stages, or heads without a width do not divide a stage's. */
export function checkHeads({ depths, numHeads, embedDim }: MapConfig, headDims: readonly (number | null)[] = []): void {
  if (depths.length !== numHeads.length)
    throw refuse(`numHeads: one for each of the ${depths.length} stages of depths, found ${numHeads.length}`);
  numHeads.forEach((heads, i) => {
    const dim = embedDim * 2 ** i;
    if (dim % heads !== 0 && !headDims[i])
      throw refuse(`numHeads: stage ${i} is ${dim} wide, which its ${heads} heads do not divide`);
  });
}

export interface NormedPatchEmbed extends PatchEmbed {
  norm: LayerNorm;
}

export function normedPatchEmbedSpec(c: MapConfig): Spec<NormedPatchEmbed> {
  return { ...patchEmbedSpec(c.patchSize, c.inChans, c.embedDim), norm: layerNormSpec(c.embedDim) };
}

/**
 * Patches, normalised. images: [B, H, W, C] → [B, H/p, W/p, D].
 * @throws VitrineError for images of another size than the model's, unless any will do.
 */
export function embedPatches(c: MapConfig, p: NormedPatchEmbed, images: tf.Tensor4D, mode: Mode): tf.Tensor4D {
  const [batch, height, width] = images.shape;
  const { patchSize: patch } = c;
  if (c.strictImgSize && !c.dynamicImgSize) {
    const expected = imageSize(c);
    if (height !== expected[0] || width !== expected[1]) {
      const next = "resize it, or make the model with that imgSize or with dynamicImgSize";
      throw refuse(`an image of ${expected.join("x")} is expected, ${height}x${width} found; ${next}`);
    }
  } else if (height % patch !== 0 || width % patch !== 0) {
    const near = [height, width].map((side) => Math.max(1, Math.round(side / patch)) * patch).join("x");
    throw refuse(`an image of ${height}x${width} is not tiled by patches of ${patch}x${patch}; the nearest is ${near}`);
  }
  const [rows, columns] = patchGrid({ imgSize: [height, width], patchSize: patch });
  const seen: Grid = [rows * patch, columns * patch];
  const whole = seen[0] === height && seen[1] === width;
  const patches = patchEmbed(p, whole ? images : tf.slice(images, [0, 0, 0, 0], [-1, ...seen, -1]));
  const map = tf.reshape(layerNorm(p.norm, patches, epsilon), [batch, rows, columns, c.embedDim]) as tf.Tensor4D;
  return tap(scope(mode, "patch_embed"), map);
}

/** Four neighbours side by side: both of the left column, then of the right. x: [B, H, W, C] → [B, ⌈H/2⌉, ⌈W/2⌉, 4C]. */
export function joinNeighbours(x: tf.Tensor4D): tf.Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const odd: Grid = [height % 2, width % 2];
  const even =
    odd[0] + odd[1] === 0 ? x : tf.pad4d(x, [[0, 0], [0, odd[0]], [0, odd[1]], [0, 0]]); // biome-ignore format: one line
  const rows = (height + odd[0]) / 2;
  const columns = (width + odd[1]) / 2;
  const cut = tf.transpose(tf.reshape(even, [batch * rows, 2, 2 * columns, channels]), [0, 2, 1, 3]);
  return tf.reshape(cut, [batch, rows, columns, 4 * channels]);
}

/** Four neighbours normalised together and halved in number of channels; v2 has it in another order. */
export interface PatchMerging {
  norm: LayerNorm;
  reduction: Linear;
}

export function patchMergingSpec(from: number, to: number, options: LinearOptions = {}): Spec<PatchMerging> {
  return { norm: layerNormSpec(4 * from), reduction: linearSpec(4 * from, to, { ...options, bias: false }) };
}

/** x: [B, H, W, D] → [B, ⌈H/2⌉, ⌈W/2⌉, 2D]. */
export function mergePatches(p: PatchMerging, x: tf.Tensor4D): tf.Tensor4D {
  return linear(p.reduction, layerNorm(p.norm, joinNeighbours(x), epsilon));
}

export interface PooledHead {
  head?: { fc: Linear };
}

export function pooledHeadSpec(c: MapConfig, options: LinearOptions = {}): Spec<PooledHead> {
  if (c.numClasses === 0) return {} as Spec<PooledHead>;
  if (c.globalPool === "") throw refuse('globalPool "" leaves the map as it is, which needs numClasses 0');
  const dim = c.embedDim * 2 ** (c.depths.length - 1) * (c.globalPool === "catavgmax" ? 2 : 1);
  return { head: { fc: linearSpec(dim, c.numClasses, options) } } as Spec<PooledHead>;
}

/** Class scores. map: [B, H, W, D] → [B, classes], or [B, D] with `preLogits` or without classes. */
export function pooledHead(c: MapConfig, p: PooledHead, map: tf.Tensor4D, mode: Mode, preLogits = false): tf.Tensor2D {
  const read = dropout(pool(c, map), c.dropRate, scope(mode, "head.drop"));
  return preLogits || p.head === undefined ? read : linear(p.head.fc, read);
}

function pool({ globalPool }: MapConfig, map: tf.Tensor4D): tf.Tensor2D {
  return globalPool === "" ? (map as tf.Tensor as tf.Tensor2D) : globalPool2d(map, globalPool);
}
