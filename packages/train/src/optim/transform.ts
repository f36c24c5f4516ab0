// Optimizers as pairs of functions over maps of tensors, chained: each link changes what the one before it made of the
// gradients. All in tf ops, so that they compile with the rest of a step. Names of moments are PyTorch's.

import { tf } from "@vitrine/core";

/** Tensors by the path of their parameter. State is keyed `<moment>.<path>`. */
export type Tensors = ReadonlyMap<string, tf.Tensor>;

/** What an update is told besides gradients, state and parameters. */
export interface UpdateContext {
  learningRate: tf.Scalar;
  /** Number of this update, from 1. */
  count: tf.Scalar;
  /** Whether weight decay applies to a parameter. */
  decays: (path: string) => boolean;
  /** Factor on the learning rate of a parameter (layer-wise decay). */
  rateScale: (path: string) => number;
}

/** A link: gradients in, changed gradients out. */
export interface Transform {
  init(params: Tensors): Map<string, tf.Tensor>;
  update(
    grads: Tensors,
    state: Tensors,
    params: Tensors,
    context: UpdateContext,
  ): { grads: Map<string, tf.Tensor>; state: Map<string, tf.Tensor> };
}

/** A whole optimizer: gradients in, parameters out. */
export interface Optimizer {
  init(params: Tensors): Map<string, tf.Tensor>;
  update(
    grads: Tensors,
    state: Tensors,
    params: Tensors,
    context: UpdateContext,
  ): { params: Map<string, tf.Tensor>; state: Map<string, tf.Tensor> };
}

/** Applies links one after the other. Their moments must have different names. */
export function chain(...links: readonly Transform[]): Transform {
  return {
    init: (params) => new Map(links.flatMap((link) => [...link.init(params)])),
    update(grads, state, params, context) {
      let changed: Tensors = grads;
      const next = new Map<string, tf.Tensor>();
      for (const link of links) {
        const result = link.update(changed, state, params, context);
        changed = result.grads;
        for (const [key, tensor] of result.state) next.set(key, tensor);
      }
      return { grads: new Map(changed), state: next };
    },
  };
}

/** A link without state, from a function of one gradient. */
export function stateless(
  change: (grad: tf.Tensor, param: tf.Tensor, path: string, context: UpdateContext) => tf.Tensor,
): Transform {
  return {
    init: () => new Map(),
    update(grads, _state, params, context) {
      const changed = new Map([...grads].map(([path, grad]) => [path, change(grad, params.get(path)!, path, context)]));
      return { grads: changed, state: new Map() };
    },
  };
}

/** Zeros shaped like the parameters, as the start of a moment. */
export function zeroMoment(name: string, params: Tensors): [string, tf.Tensor][] {
  return [...params].map(([path, param]) => [`${name}.${path}`, tf.zerosLike(param)]);
}

/** Adds `weightDecay · parameter` where decay applies. */
export function addDecayedWeights(weightDecay: number): Transform {
  return stateless((grad, param, path, { decays }) =>
    weightDecay !== 0 && decays(path) ? tf.add(grad, tf.mul(param, weightDecay)) : grad,
  );
}

/** The end of a chain: `parameter - learningRate · rateScale · change`. */
export function descend(direction: Transform): Optimizer {
  return {
    init: direction.init,
    update(grads, state, params, context) {
      const { grads: changes, state: next } = direction.update(grads, state, params, context);
      const moved = [...changes].map(([path, change]): [string, tf.Tensor] => {
        const scale = context.rateScale(path);
        const rate = scale === 1 ? context.learningRate : tf.mul(context.learningRate, scale);
        return [path, tf.sub(params.get(path)!, tf.mul(change, rate))];
      });
      return { params: new Map(moved), state: next };
    },
  };
}
