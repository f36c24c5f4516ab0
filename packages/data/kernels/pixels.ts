// What the host calls (src/transforms). All memory is the host's, from byte 0 on: kernels keep nothing of their own in it.
// Reads and writes may go up to 16 bytes beyond the end of a buffer; what is written there is written again or not read.
export { box } from "./pixels/box";
export { columns, rows } from "./pixels/resample";
export { bicubic, bilinear } from "./pixels/warp";
