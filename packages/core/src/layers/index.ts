// The public list of layers, nothing else.

export { type Activation, activations } from "./activation.ts";
export {
  type Attention,
  type AttentionOptions,
  type AttentionSpecOptions,
  attention,
  attentionSpec,
} from "./attention.ts";
export { type AttentionPool, type AttentionPoolOptions, attentionPool, attentionPoolSpec } from "./attention-pool.ts";
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
export { poolTokens, type TokenPool } from "./pool.ts";
export { type Grid, prependTokens, resamplePositions } from "./position.ts";
export {
  type LogOffsetsOptions,
  logOffsets,
  type RelativePositionOptions,
  relativePositionBias,
} from "./relative-position.ts";
export {
  dropPathRates,
  type TransformerBlock,
  type TransformerBlockConfig,
  type TransformerBlockOptions,
  transformerBlock,
  transformerBlockSpec,
} from "./transformer-block.ts";
export {
  embeddedPrefix,
  patchGrid,
  type VitEncoder,
  type VitEncoderConfig,
  type VitEncoderSpecOptions,
  vitDepth,
  vitEncoder,
  vitEncoderDefaults,
  vitEncoderSpec,
} from "./vit-encoder.ts";
export { gridPartition, gridReverse, windowPartition, windowReverse } from "./window.ts";
