// The public list of layers, nothing else.

export { type Activation, activations } from "./activation.ts";
export { type Attention, type AttentionOptions, attention, attentionSpec } from "./attention.ts";
export { type Conv, type ConvOptions, conv, convSpec, depthwiseConv, depthwiseConvSpec } from "./conv.ts";
export { type LayerScale, layerScale, layerScaleSpec } from "./layer-scale.ts";
export { type Linear, type LinearOptions, linear, linearSpec } from "./linear.ts";
export { type Mlp, type MlpOptions, mlp, mlpSpec } from "./mlp.ts";
export {
  type BatchNorm,
  type BatchNormOptions,
  batchNorm,
  batchNormSpec,
  type LayerNorm,
  layerNorm,
  layerNormSpec,
} from "./norm.ts";
export { type PatchEmbed, patchEmbed, patchEmbedSpec } from "./patch-embed.ts";
