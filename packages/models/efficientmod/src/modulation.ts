// The block of efficient modulation: a perceptron whose hidden layer is multiplied by a context.

import { constant, dropout, dropPath, type Mode, param, type Spec, scope, tap, tf, VitrineError } from "@vitrine/core";
import {
  type Activation,
  activations,
  type Conv,
  depthwiseConv,
  depthwiseConvSpec,
  type LayerNorm,
  type Linear,
  layerNorm,
  layerNormSpec,
  linear,
  linearSpec,
} from "@vitrine/core/layers";

/** The part of the configuration that all blocks share. */
export interface ModulationConfig {
  actLayer: Activation;
  /** A learned factor for each channel of a block's branch, and its first value. */
  useLayerscale: boolean;
  layerscaleValue: number;
  /** Biases of the perceptrons. */
  bias: boolean;
  /** Dropout of hidden layers, and behind attention. */
  dropRate: number;
  /** Behind each convolution of the context; null for none. */
  contextAct: Activation | null;
  /** Linear layers ahead of the context's convolutions and behind them. */
  contextF: boolean;
  contextG: boolean;
}

/** What differs from block to block. */
export interface ModulationShape {
  /** Channels of the hidden layer. */
  hidden: number;
  /** The context has `hidden / repeat` channels and is repeated so often. */
  repeat: number;
  modulated: boolean;
  kernels: readonly number[];
}

export interface ContextLayer {
  f?: Linear;
  g?: Linear;
  context_list: Conv[];
}

export interface ModulationBlock {
  norm: LayerNorm;
  mlp: { fc1: Linear; context_layer?: ContextLayer; fc2: Linear };
  gamma_1?: tf.Tensor1D;
}

export function modulationBlockSpec(c: ModulationConfig, dim: number, shape: ModulationShape): Spec<ModulationBlock> {
  const { hidden } = shape;
  return {
    norm: layerNormSpec(dim),
    mlp: {
      fc1: linearSpec(dim, hidden, { bias: c.bias }),
      ...(shape.modulated ? { context_layer: contextSpec(c, dim, shape) } : {}),
      fc2: linearSpec(hidden, dim, { bias: c.bias }),
    },
    ...(c.useLayerscale ? { gamma_1: param([dim], constant(c.layerscaleValue)) } : {}),
  } as Spec<ModulationBlock>;
}

/** @throws VitrineError where the context, repeated, does not have the hidden layer's channels. */
function contextSpec(
  c: ModulationConfig,
  dim: number,
  { hidden, repeat, kernels }: ModulationShape,
): Spec<ContextLayer> {
  const refuse = (message: string) => new VitrineError("efficientmod", message, { usage: true });
  const width = Math.floor(hidden / repeat);
  const given = c.contextG ? dim : width;
  if (given * repeat !== hidden)
    throw refuse(`a context of ${given} channels, convGroupDim ${repeat} times, must be the ${hidden} hidden channels`);
  if (!c.contextF && width !== dim)
    throw refuse(`contextF false needs a context of the ${dim} channels of the stage, found ${width}`);
  for (const kernel of kernels)
    if (kernel % 2 === 0) throw refuse(`contextSize must be odd for the map to keep its size, found ${kernel}`);
  return {
    ...(c.contextF ? { f: linearSpec(dim, width) } : {}),
    ...(c.contextG ? { g: linearSpec(width, dim) } : {}),
    context_list: kernels.map((kernel) => depthwiseConvSpec(kernel, width)),
  } as Spec<ContextLayer>;
}

/** What lies around each position. x: [B, H, W, D] → [B, H, W, D], or a part as wide as its convolutions without `g`. */
function context(c: ModulationConfig, p: ContextLayer, x: tf.Tensor4D): tf.Tensor4D {
  const seen = p.f === undefined ? x : linear(p.f, x);
  const act = c.contextAct === null ? <T>(y: T) => y : activations[c.contextAct];
  const views = p.context_list.map((own) =>
    act(depthwiseConv(own, seen, { padding: Math.floor(own.weight.shape[0] / 2) })),
  );
  const sum = views.reduce((total, view) => tf.add(total, view));
  return p.g === undefined ? sum : linear(p.g, sum);
}

/** x: [B, H, W, D] → [B, H, W, D]. */
function modulatedMlp(
  p: ModulationBlock["mlp"],
  x: tf.Tensor4D,
  mode: Mode,
  c: ModulationConfig & ModulationShape,
): tf.Tensor4D {
  const { hidden, repeat } = c;
  const [batch, height, width, dim] = x.shape;
  const around = p.context_layer && context(c, p.context_layer, x); //                              [B, H, W, hidden / repeat]
  const straight = linear(p.fc1, x); //                                                             [B, H, W, hidden]
  // Neither widened nor repeated, the hidden layer has no activation: the context alone bends it.
  const narrow = hidden === dim && repeat === 1;
  const bent = narrow ? straight : dropout(activations[c.actLayer](straight), c.dropRate, scope(mode, "drop"));
  if (around === undefined) return linear(p.fc2, bent);
  if (repeat === 1) return linear(p.fc2, tf.mul(bent, around));
  const apart = tf.reshape(bent, [batch * height * width, repeat, hidden / repeat]);
  const once = tf.reshape(around, [batch * height * width, 1, hidden / repeat]);
  return linear(p.fc2, tf.reshape(tf.mul(apart, once), [batch, height, width, hidden]));
}

export interface ModulationBlockOptions extends ModulationConfig, ModulationShape {
  /** Chance that the branch is skipped for a sample in training. */
  dropPath: number;
}

/** x: [B, H, W, D] → [B, H, W, D]. */
export function modulationBlock(
  p: ModulationBlock,
  x: tf.Tensor4D,
  mode: Mode,
  c: ModulationBlockOptions,
): tf.Tensor4D {
  const asked = tap(scope(mode, "norm"), layerNorm(p.norm, x, 1e-5));
  const inside = scope(mode, "mlp");
  const thought = tap(inside, modulatedMlp(p.mlp, asked, inside, c));
  const scaled = p.gamma_1 === undefined ? thought : tf.mul(thought, p.gamma_1);
  return tap(mode, tf.add<tf.Tensor4D>(x, dropPath(scaled as tf.Tensor4D, c.dropPath, mode)));
}
