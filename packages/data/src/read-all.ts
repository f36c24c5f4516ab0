// Reading every image of a data set once, and saying for certain what is wrong with those that cannot be read.

/** Images in work at once: the decoder has threads of its own, which a few keep busy. */
const lanes = 4;

/**
 * Calls `read` for 0 … count - 1, a few at a time and in no certain order. Those for which it gives false are read
 * again at the end, in order and one by one: libvips has one buffer of messages for all threads, so that what it says
 * of an image is certain only where that is alone. `onProgress` counts the first round.
 */
export async function readAll(
  count: number,
  read: (i: number) => Promise<boolean>,
  onProgress?: (done: number, total: number) => void,
): Promise<void> {
  const failed: number[] = [];
  let [next, done] = [0, 0];
  const lane = async () => {
    while (next < count) {
      const i = next++;
      if (!(await read(i))) failed.push(i);
      onProgress?.(++done, count);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  for (const i of failed.sort((a, b) => a - b)) await read(i);
}
