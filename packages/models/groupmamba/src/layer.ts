// The modulated group Mamba layer: four groups of channels scanned in four directions, then weighted, channel by channel, by
// gates that have seen the mean of all tokens.

import { type Mode, ones, param, type Spec, scope, tap, tf } from "@vitrine/core";
import { type LayerNorm, type Linear, layerNorm, layerNormSpec, linear, linearSpec } from "@vitrine/core/layers";
import { type GroupScan, groupScanSpec, groupScans } from "./scan.ts";

export interface GroupMambaLayer {
  fc1: Linear;
  fc2: Linear;
  /** Ahead of the scans and behind them: the same one. */
  norm: LayerNorm;
  mamba_g1: GroupScan;
  mamba_g2: GroupScan;
  mamba_g3: GroupScan;
  mamba_g4: GroupScan;
  proj: Linear;
  skip_scale: tf.Tensor1D;
}

const names = ["mamba_g1", "mamba_g2", "mamba_g3", "mamba_g4"] as const;
const normEps = 1e-5;

/** Fewest channels: four groups, and one hidden unit of the gates for sixteen. */
export const fewestChannels = 16;

export function groupMambaLayerSpec(dim: number): Spec<GroupMambaLayer> {
  const hidden = Math.floor(dim / 16);
  const group = () => groupScanSpec(dim / 4);
  return {
    fc1: linearSpec(dim, hidden),
    fc2: linearSpec(hidden, dim),
    norm: layerNormSpec(dim),
    mamba_g1: group(),
    mamba_g2: group(),
    mamba_g3: group(),
    mamba_g4: group(),
    proj: linearSpec(dim, dim),
    skip_scale: param([1], ones),
  };
}

/** x: [B, H, W, C] → [B, H, W, C]. */
export function groupMambaLayer(p: GroupMambaLayer, x: tf.Tensor4D, mode: Mode): tf.Tensor4D {
  const normed = layerNorm(p.norm, x, normEps);
  const mean = tf.mean(normed, [1, 2], true); //                                          [B, 1, 1, C]
  const gates = tf.sigmoid(linear(p.fc2, tf.relu(linear(p.fc1, mean))));
  const parts = tf.split(normed, 4, 3) as tf.Tensor4D[]; //                               four times [B, H, W, C/4]
  const modes = names.map((name) => scope(mode, name));
  const scanned = tf.concat(
    groupScans(
      names.map((name) => p[name]),
      parts,
      modes,
    ),
    3,
  ); // [B, H, W, C]
  const mixed = tf.mul(tf.mul(scanned, normed), tf.mul(gates, p.skip_scale)) as tf.Tensor4D;
  return tap(mode, linear(p.proj, layerNorm(p.norm, mixed, normEps)));
}
