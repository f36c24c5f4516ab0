// A value that gradients treat as a constant: PyTorch's `detach`.

import { tf } from "../tf.ts";

/** What `make` returns; the tensors it reads receive no gradient through it. */
export function detached<T extends tf.Tensor>(make: () => T): T {
  // Ops inside a custom gradient are not recorded, and this one has no inputs that a gradient could be of.
  return tf.customGrad(() => ({ value: make(), gradFunc: () => [] }))() as T;
}
