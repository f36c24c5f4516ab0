// A checkpoint's tensors from a file or the hub. Apart, so that a model without one needs no Node.

import type { State } from "@vitrine/core";
import { type FetchOptions, fetchWeights, openSafetensors } from "@vitrine/core/node";

/** All tensors of a safetensors file, on the host; `where` names the source for messages. */
export async function loadState(source: string, options: FetchOptions = {}): Promise<{ state: State; where: string }> {
  const { path, repo } = await fetchWeights(source, options);
  const file = await openSafetensors(path);
  try {
    const state: State = new Map();
    for (const [name, { dtype, shape }] of file.header) {
      const integers = /^[IU]|^BOOL/.test(dtype);
      const data = integers ? Int32Array.from(await file.readNumbers(name)) : await file.readFloat32(name);
      state.set(name, { shape, data });
    }
    return { state, where: repo ?? path };
  } finally {
    await file.close();
  }
}
