// What the host calls (src/transforms). Reads and writes may go up to 16 bytes beyond the end of a buffer; what is written
// there is written again or not read.
export { box } from "./pixels/box";
export { dropFourth, repeat } from "./pixels/channels";
export { color, sharpness } from "./pixels/enhance";
export { hue } from "./pixels/hue";
export { histogram, lookUp } from "./pixels/lookup";
export { grayscale, luma } from "./pixels/luma";
export { mirror } from "./pixels/mirror";
export { nearest, pick } from "./pixels/nearest";
export { columns, rows } from "./pixels/resample";
export { bicubic, bilinear } from "./pixels/warp";

/** The first byte that is free for the host. */
export const start: usize = __heap_base;
