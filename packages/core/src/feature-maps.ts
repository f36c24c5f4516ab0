// Feature maps for dense prediction, taken from a forward pass by the names of its modules.

import { VitrineError } from "./errors.ts";
import type { FeatureStage } from "./family.ts";
import type { Mode } from "./mode.ts";
import { tf } from "./tf.ts";

/** The maps that `stages` name, from one pass of `forward`, each [B, H, W, C]. Taps of `mode` get theirs too. */
export function featureMaps(
  name: string,
  stages: readonly FeatureStage[],
  forward: (mode: Mode) => tf.Tensor,
  mode: Mode,
): tf.Tensor4D[] {
  if (stages.length === 0)
    throw new VitrineError(name, "has no feature maps; take a hierarchical architecture, or the tokens of `features`");
  return tf.tidy(() => {
    const taps = new Map<string, tf.Tensor>();
    forward({ ...mode, taps });
    // Taps are kept beyond the pass, all of them; the ones that nobody asked for go.
    const maps = stages.map(({ path }) => {
      const map = taps.get(path);
      if (map === undefined) throw new VitrineError(name, `the pass kept no "${path}"`);
      return tf.clone(map) as tf.Tensor4D;
    });
    for (const [path, tensor] of taps)
      if (mode.taps === undefined) tensor.dispose();
      else mode.taps.set(path, tensor);
    return maps;
  });
}
