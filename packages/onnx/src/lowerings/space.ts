// Moving elements between the axes of an image and those of batch or channels.

import { tf } from "@vitrine/core";
import type { LoweringsOf, SpaceKernels } from "../kernels.ts";
import { reshape } from "./movement.ts";
import { pad, slice } from "./slice.ts";

const { getPermuted, getReshaped, getReshapedPermuted, getSliceBeginCoords, getSliceSize } = tf.backend_util;

export const space: LoweringsOf<SpaceKernels> = {
  BatchToSpaceND({ x }, { blockShape, crops }, g) {
    const size = tf.util.sizeFromShape(blockShape);
    const apart = getReshaped(x.shape, blockShape, size);
    const woven = g.permute(g.value(reshape(x, apart, g)), getPermuted(apart.length, blockShape.length));
    const joined = getReshapedPermuted(x.shape, blockShape, size);
    const begin = getSliceBeginCoords(crops, blockShape.length);
    const cropped = getSliceSize(joined, crops, blockShape.length);
    const rest = joined.slice(begin.length);
    return slice(g.sym(g.reshape(woven, joined)), [...begin, ...rest.map(() => 0)], [...cropped, ...rest], g);
  },
  DepthToSpace({ x }, { blockSize, dataFormat }, g) {
    const last = dataFormat === "NHWC";
    const [batch, height, width, depth] = (last ? x.shape : [0, 2, 3, 1].map((a) => x.shape[a])) as number[];
    const channels = depth! / (blockSize * blockSize);
    const apart = last
      ? [batch!, height!, width!, blockSize, blockSize, channels]
      : [batch!, blockSize, blockSize, channels, height!, width!];
    const woven = g.permute(g.value(reshape(x, apart, g)), last ? [0, 1, 3, 2, 4, 5] : [0, 3, 4, 1, 5, 2]);
    const [rows, columns] = [height! * blockSize, width! * blockSize];
    return g.reshape(woven, last ? [batch!, rows, columns, channels] : [batch!, channels, rows, columns]);
  },
  SpaceToBatchND({ x }, { blockShape, paddings }, g) {
    const size = tf.util.sizeFromShape(blockShape);
    const rest = new Array<[number, number]>(x.rank - 1 - blockShape.length).fill([0, 0]);
    const padded = pad(x, [[0, 0], ...(paddings as [number, number][]), ...rest], 0, g);
    const apart = getReshaped(padded.shape, blockShape, size, false);
    const order = getPermuted(apart.length, blockShape.length, false);
    const woven = g.permute(g.value(reshape(padded, apart, g)), order);
    return g.reshape(woven, getReshapedPermuted(padded.shape, blockShape, size, false));
  },
};
