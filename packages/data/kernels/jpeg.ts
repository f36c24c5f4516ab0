// What the host calls (src/jpeg).
export { stretchAcross, stretchBoth, toRgb } from "./jpeg/colors";
export { begin, scanRow, unstuff } from "./jpeg/scan";

/** The first byte that is free for the host. */
export const start: usize = __heap_base;
