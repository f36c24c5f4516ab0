// Cuts an image into patches and projects each. The same numbers as a convolution whose stride is its kernel, as one product.

import { VitrineError } from "../errors.ts";
import { fanInUniform } from "../init.ts";
import { param, type Spec } from "../params.ts";
import { tf } from "../tf.ts";

export interface PatchEmbed {
  proj: { weight: tf.Tensor4D; bias?: tf.Tensor1D };
}

export function patchEmbedSpec(patch: number, channels: number, dim: number, bias = true): Spec<PatchEmbed> {
  const init = fanInUniform(patch * patch * channels);
  const weight = param([patch, patch, channels, dim], init, { layout: "conv" });
  return { proj: bias ? { weight, bias: param([dim], init) } : { weight } } as Spec<PatchEmbed>;
}

/**
 * images: [B, H, W, C] → [B, (H/p)·(W/p), D], row by row.
 * @throws VitrineError where the patches do not tile the image.
 */
export function patchEmbed(p: PatchEmbed, images: tf.Tensor4D): tf.Tensor3D {
  const [batch, height, width, channels] = images.shape;
  const [patch, , , dim] = p.proj.weight.shape;
  if (height % patch !== 0 || width % patch !== 0)
    throw new VitrineError("patchEmbed", `an image of ${height}x${width} is not tiled by patches of ${patch}x${patch}`);

  const rows = height / patch;
  const columns = width / patch;
  const cut = tf.reshape(images, [batch, rows, patch, columns, patch * channels]);
  const patches = tf.reshape(tf.transpose(cut, [0, 1, 3, 2, 4]), [batch * rows * columns, patch * patch * channels]);
  const kernel = tf.reshape(p.proj.weight, [patch * patch * channels, dim]) as tf.Tensor2D;
  const product = tf.matMul(patches as tf.Tensor2D, kernel); //                                        [B·N, D]
  const shifted = p.proj.bias === undefined ? product : tf.add(product, p.proj.bias);
  return tf.reshape(shifted, [batch, rows * columns, dim]);
}
