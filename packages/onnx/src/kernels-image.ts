// The kernels of images: convolution, pooling, resizing, geometry, and batch norm. Part of the list in kernels.ts.

import type { GroupedConvAttrs, tf } from "@vitrine/core";

type NoAttrs = Record<never, never>;

export interface ConvKernels {
  Conv2D: [tf.Conv2DInputs, tf.Conv2DAttrs];
  Conv3D: [tf.Conv3DInputs, tf.Conv3DAttrs];
  FusedConv2D: [Fused, tf.FusedConv2DAttrs];
}

export interface ConvGradKernels {
  Conv2DBackpropFilter: [tf.Conv2DBackpropFilterInputs, tf.Conv2DBackpropFilterAttrs];
  Conv2DBackpropInput: [tf.Conv2DBackpropInputInputs, tf.Conv2DBackpropInputAttrs];
  Conv3DBackpropFilterV2: [tf.Conv3DBackpropFilterV2Inputs, tf.Conv3DBackpropFilterV2Attrs];
  Conv3DBackpropInputV2: [tf.Conv3DBackpropInputV2Inputs, tf.Conv3DBackpropInputV2Attrs];
}

export interface DepthwiseKernels {
  DepthwiseConv2dNative: [tf.DepthwiseConv2dNativeInputs, tf.DepthwiseConv2dNativeAttrs];
  DepthwiseConv2dNativeBackpropFilter: [
    tf.DepthwiseConv2dNativeBackpropFilterInputs,
    tf.DepthwiseConv2dNativeBackpropFilterAttrs,
  ];
  DepthwiseConv2dNativeBackpropInput: [
    tf.DepthwiseConv2dNativeBackpropInputInputs,
    tf.DepthwiseConv2dNativeBackpropInputAttrs,
  ];
  FusedDepthwiseConv2D: [Fused, tf.FusedDepthwiseConv2DAttrs];
}

/** Ops of @vitrine/core. */
export interface GroupedConvKernels {
  GroupedConv2D: [{ x: tf.TensorInfo; filter: tf.TensorInfo }, GroupedConvAttrs];
  GroupedConv2DBackpropFilter: [
    { x: tf.TensorInfo; dy: tf.TensorInfo },
    GroupedConvAttrs & { filterShape: [number, number, number, number] },
  ];
  GroupedConv2DBackpropInput: [
    { dy: tf.TensorInfo; filter: tf.TensorInfo },
    GroupedConvAttrs & { inputShape: [number, number, number, number] },
  ];
}

/** Inputs of a convolution that goes on with a bias and an activation. */
interface Fused {
  x: tf.TensorInfo;
  filter: tf.TensorInfo;
  bias?: tf.TensorInfo;
  preluActivationWeights?: tf.TensorInfo;
}

export interface PoolKernels {
  AvgPool: [tf.AvgPoolInputs, tf.AvgPoolAttrs];
  AvgPool3D: [tf.AvgPool3DInputs, tf.AvgPool3DAttrs];
  MaxPool: [tf.MaxPoolInputs, tf.MaxPoolAttrs];
  MaxPool3D: [tf.MaxPool3DInputs, tf.MaxPool3DAttrs];
  MaxPoolWithArgmax: [tf.MaxPoolWithArgmaxInputs, tf.MaxPoolWithArgmaxAttrs];
}

export interface PoolGradKernels {
  AvgPoolGrad: [tf.AvgPoolGradInputs, tf.AvgPoolGradAttrs];
  AvgPool3DGrad: [tf.AvgPool3DGradInputs, tf.AvgPool3DGradAttrs];
  MaxPoolGrad: [tf.MaxPoolGradInputs, tf.MaxPoolGradAttrs];
  MaxPool3DGrad: [tf.MaxPool3DGradInputs, tf.MaxPool3DGradAttrs];
}

export interface ResizeKernels {
  ResizeBilinear: [tf.ResizeBilinearInputs, tf.ResizeBilinearAttrs];
  ResizeBilinearGrad: [tf.ResizeBilinearGradInputs, tf.ResizeBilinearGradAttrs];
  ResizeNearestNeighbor: [tf.ResizeNearestNeighborInputs, tf.ResizeNearestNeighborAttrs];
  ResizeNearestNeighborGrad: [tf.ResizeNearestNeighborGradInputs, tf.ResizeNearestNeighborGradAttrs];
}

export interface GeometryKernels {
  CropAndResize: [tf.CropAndResizeInputs, tf.CropAndResizeAttrs];
  FlipLeftRight: [tf.FlipLeftRightInputs, NoAttrs];
  RotateWithOffset: [tf.RotateWithOffsetInputs, tf.RotateWithOffsetAttrs];
  Transform: [tf.TransformInputs, tf.TransformAttrs];
}

export interface DilationKernels {
  Dilation2D: [tf.Dilation2DInputs, tf.Dilation2DAttrs];
  Dilation2DBackpropFilter: [tf.Dilation2DBackpropFilterInputs, tf.Dilation2DAttrs];
  Dilation2DBackpropInput: [tf.Dilation2DBackpropInputInputs, tf.Dilation2DAttrs];
}

/** Ops of @vitrine/core. */
export interface BatchNormKernels {
  BatchNormTrain: [{ x: tf.TensorInfo; scale: tf.TensorInfo; offset: tf.TensorInfo }, { epsilon: number }];
  BatchNormTrainGrad: [
    { dy: tf.TensorInfo; x: tf.TensorInfo; scale: tf.TensorInfo; mean: tf.TensorInfo; variance: tf.TensorInfo },
    { epsilon: number; of: "x" | "scale" | "offset" },
  ];
}

export interface ImageKernels
  extends ConvKernels,
    ConvGradKernels,
    DepthwiseKernels,
    GroupedConvKernels,
    PoolKernels,
    PoolGradKernels,
    ResizeKernels,
    GeometryKernels,
    DilationKernels,
    BatchNormKernels {}
