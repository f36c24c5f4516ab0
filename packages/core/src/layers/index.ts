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
export { type BigBirdOptions, bigBirdAttention, bigBirdDefaults } from "./bigbird.ts";
export { blockNeighbours } from "./block-pattern.ts";
export {
  type Conv,
  type ConvOptions,
  conv,
  convSpec,
  depthwiseConv,
  depthwiseConvSpec,
  pixelLinear,
  pixelLinearSpec,
  pointwiseConv,
} from "./conv.ts";
export {
  type ConvNorm,
  type ConvNormOptions,
  type ConvNormSpecOptions,
  convNorm,
  convNormSpec,
  symmetricPadding,
} from "./conv-norm.ts";
export {
  type FavorKernel,
  favorAttention,
  favorFeatures,
  favorProjection,
} from "./favor.ts";
export { type GroupNorm, groupNorm, groupNormSpec } from "./group-norm.ts";
export { type LayerScale, layerScale, layerScaleSpec } from "./layer-scale.ts";
export { type Linear, type LinearOptions, linear, linearSpec } from "./linear.ts";
export { eluFeatures, featureAttention } from "./linear-attention.ts";
export { makeDivisible } from "./make-divisible.ts";
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
export {
  type PerformerAttention,
  type PerformerAttentionOptions,
  type PerformerAttentionSpecOptions,
  performerAttention,
  performerAttentionSpec,
} from "./performer-attention.ts";
export { poolTokens, type TokenPool } from "./pool.ts";
export {
  type AvgPool2dOptions,
  avgPool2d,
  type GlobalPool,
  globalPool2d,
  maxPool2d,
  type Pool2dOptions,
} from "./pool2d.ts";
export { type Grid, prependTokens, resamplePositions } from "./position.ts";
export {
  type LogOffsetsOptions,
  logOffsets,
  type RelativePositionOptions,
  relativePositionBias,
} from "./relative-position.ts";
export {
  checkRotaryJitter,
  type RotaryJitter,
  type RotaryLayout,
  type RotaryPlaces,
  type RotaryTable,
  rotaryAngles,
  rotaryTable,
  rotate,
} from "./rotary.ts";
export {
  type EffectiveSqueezeExcite,
  effectiveSqueezeExcite,
  effectiveSqueezeExciteSpec,
  type SqueezeExcite,
  type SqueezeExciteOptions,
  squeezeExcite,
  squeezeExciteSpec,
} from "./squeeze-excite.ts";
export {
  type AttentionChoice,
  type AttentionKind,
  checkAttention,
  mixTokens,
  type PerformerOptions,
} from "./token-mixing.ts";
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
