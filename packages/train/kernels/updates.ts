// Updates in place over flat buffers of float32, four numbers at a time. Lengths are in numbers and multiples of four.

/**
 * AdamW, https://arxiv.org/abs/1711.05101: as PyTorch computes it, with the gradient scaled by `scale` first. `rate` is
 * the learning rate over the first bias correction, `keep` is 1 - rate * decay, `root` is one over the square root of
 * the second bias correction.
 */
export function adamw(
  p: usize,
  g: usize,
  m: usize,
  v: usize,
  n: u32,
  beta1: f32,
  beta2: f32,
  rate: f32,
  keep: f32,
  epsilon: f32,
  root: f32,
  scale: f32,
): void {
  const keptMean = f32x4.splat(beta1);
  const newMean = f32x4.splat(1 - beta1);
  const keptSquare = f32x4.splat(beta2);
  const newSquare = f32x4.splat(1 - beta2);
  for (const end = p + 4 * n; p < end; p += 16, g += 16, m += 16, v += 16) {
    const grad = f32x4.mul(v128.load(g), f32x4.splat(scale));
    const mean = f32x4.add(f32x4.mul(v128.load(m), keptMean), f32x4.mul(grad, newMean));
    const square = f32x4.add(f32x4.mul(v128.load(v), keptSquare), f32x4.mul(f32x4.mul(grad, grad), newSquare));
    v128.store(m, mean);
    v128.store(v, square);
    const spread = f32x4.add(f32x4.mul(f32x4.sqrt(square), f32x4.splat(root)), f32x4.splat(epsilon));
    const step = f32x4.div(f32x4.mul(mean, f32x4.splat(rate)), spread);
    v128.store(p, f32x4.sub(f32x4.mul(v128.load(p), f32x4.splat(keep)), step));
  }
}

/**
 * SGD with momentum as PyTorch computes it: decay is added to the gradient, and parameters move by `ahead` times the
 * velocity plus `direct` times the gradient: 1 and 0, or the momentum and 1 for Nesterov's form.
 */
export function sgd(
  p: usize,
  g: usize,
  m: usize,
  n: u32,
  momentum: f32,
  ahead: f32,
  direct: f32,
  rate: f32,
  decay: f32,
  scale: f32,
): void {
  for (const end = p + 4 * n; p < end; p += 16, g += 16, m += 16) {
    const parameter = v128.load(p);
    const grad = f32x4.add(f32x4.mul(v128.load(g), f32x4.splat(scale)), f32x4.mul(parameter, f32x4.splat(decay)));
    const velocity = f32x4.add(f32x4.mul(v128.load(m), f32x4.splat(momentum)), grad);
    v128.store(m, velocity);
    const step = f32x4.add(f32x4.mul(velocity, f32x4.splat(ahead)), f32x4.mul(grad, f32x4.splat(direct)));
    v128.store(p, f32x4.sub(parameter, f32x4.mul(f32x4.splat(rate), step)));
  }
}

/** a = a * keep + b * add: gradient accumulation and moving averages. */
export function blend(a: usize, b: usize, n: u32, keep: f32, add: f32): void {
  for (const end = a + 4 * n; a < end; a += 16, b += 16) {
    const kept = f32x4.mul(v128.load(a), f32x4.splat(keep));
    v128.store(a, f32x4.add(kept, f32x4.mul(v128.load(b), f32x4.splat(add))));
  }
}

/** The sum of squares, added up in float64. */
export function sumSquares(g: usize, n: u32): f64 {
  let low = f64x2.splat(0);
  let high = low;
  for (const end = g + 4 * n; g < end; g += 16) {
    const four = v128.load(g);
    const first = f64x2.promote_low_f32x4(four);
    const last = f64x2.promote_low_f32x4(v128.shuffle<i64>(four, four, 1, 0));
    low = f64x2.add(low, f64x2.mul(first, first));
    high = f64x2.add(high, f64x2.mul(last, last));
  }
  const sums = f64x2.add(low, high);
  return f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
}
