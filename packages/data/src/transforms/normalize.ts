// Bytes to the floats a model sees, for code that runs outside of a compiled step, and the constants of common checkpoints.

import { VitrineError } from "@vitrine/core";

/** Mean and deviation of pixels in 0 … 1, by the name of what was trained with them. */
export const normalization = {
  imagenet: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  inception: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  clip: { mean: [0.48145466, 0.4578275, 0.40821073], std: [0.26862954, 0.26130258, 0.27577711] },
  cifar10: { mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] },
  mnist: { mean: [0.1307], std: [0.3081] },
} as const satisfies Record<string, { mean: readonly number[]; std: readonly number[] }>;

/** `(x / 255 - mean) / std` with channels last: [..., C] → [..., C], float32. */
export function normalize(
  bytes: Uint8Array,
  { mean, std }: { mean: readonly number[]; std: readonly number[] },
): Float32Array {
  const channels = mean.length;
  if (std.length !== channels || channels === 0 || bytes.length % channels !== 0) {
    throw new VitrineError(
      "normalize",
      `expected one mean and one std a channel, found ${channels} and ${std.length} for ${bytes.length} values`,
    );
  }
  const tables = mean.map((m, c) => Float32Array.from({ length: 256 }, (_, value) => (value / 255 - m) / std[c]!));
  const out = new Float32Array(bytes.length);
  for (let c = 0; c < channels; c++) {
    const table = tables[c]!;
    for (let i = c; i < bytes.length; i += channels) out[i] = table[bytes[i]!]!;
  }
  return out;
}
