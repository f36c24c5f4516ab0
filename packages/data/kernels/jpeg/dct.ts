// Coefficients to samples: the inverse of the discrete cosine transform in 8 x 8, in integers with the roundings of the
// "accurate integer" method of the Independent JPEG Group, which decoders give by default. 11 multiplications a pass.
// C. Loeffler, A. Ligtenberg, G. Moschytz, Practical Fast 1-D DCT Algorithms with 11 Multiplications, ICASSP 1989.

const between: usize = memory.data(128, 16);
const result: usize = memory.data(128, 16);

/** Bits of the fraction of the factors, and those kept between the passes. */
const factorBits = 13;
const keptBits = 2;

// The method's factors times 2 ** 13, rounded. Two that meet the same pair of values are added up here.
const f0_298: i16 = 2446;
const f0_390: i16 = 3196;
const f0_541: i16 = 4433;
const f0_765: i16 = 6270;
const f0_899: i16 = 7373;
const f1_175: i16 = 9633;
const f1_501: i16 = 12299;
const f1_847: i16 = 15137;
const f1_961: i16 = 16069;
const f2_053: i16 = 16819;
const f2_562: i16 = 20995;
const f3_072: i16 = 25172;

/** Samples of a block of 64 coefficients (16 bits, row by row), with rows `stride` bytes apart. */
export function inverseDct(coefficients: usize, samples: usize, stride: i32): void {
  pass(coefficients, between, factorBits - keptBits);
  pass(between, result, factorBits + keptBits + 3);
  const middle = i8x16.splat(-128);
  for (let y: usize = 0; y < 8; y += 2) {
    const two = i8x16.narrow_i16x8_s(v128.load(result + 16 * y), v128.load(result + 16 * y, 16));
    const bytes = v128.xor(two, middle);
    v128.store64_lane(samples, bytes, 0);
    v128.store64_lane(samples + stride, bytes, 1);
    samples += 2 * stride;
  }
}

/** The same where only the first coefficient is not zero. */
export function dcOnly(coefficient: i32, samples: usize, stride: i32): void {
  const value = min(255, max(0, ((coefficient + 4) >> 3) + 128));
  const bytes = i8x16.splat(<i8>value);
  for (let y = 0; y < 8; y++) {
    v128.store64_lane(samples, bytes, 0);
    samples += stride;
  }
}

/** One dimension: along columns, and turned over, so that two passes are both dimensions. */
function pass(from: usize, to: usize, shift: i32): void {
  const in0 = v128.load(from, 0);
  const in1 = v128.load(from, 16);
  const in2 = v128.load(from, 32);
  const in3 = v128.load(from, 48);
  const in4 = v128.load(from, 64);
  const in5 = v128.load(from, 80);
  const in6 = v128.load(from, 96);
  const in7 = v128.load(from, 112);
  const half = i32x4.splat(1 << (shift - 1));

  // Even part. Pairs of values are multiplied by pairs of factors and added, in 32 bits.
  const pair26 = lowPairs(in2, in6);
  const pair26h = highPairs(in2, in6);
  const sum04 = i16x8.add(in0, in4);
  const difference04 = i16x8.sub(in0, in4);
  const even0 = i32x4.add(i32x4.shl(i32x4.extend_low_i16x8_s(sum04), factorBits), half);
  const even0h = i32x4.add(i32x4.shl(i32x4.extend_high_i16x8_s(sum04), factorBits), half);
  const even1 = i32x4.add(i32x4.shl(i32x4.extend_low_i16x8_s(difference04), factorBits), half);
  const even1h = i32x4.add(i32x4.shl(i32x4.extend_high_i16x8_s(difference04), factorBits), half);
  const even2 = dot(pair26, f0_541, f0_541 - f1_847);
  const even2h = dot(pair26h, f0_541, f0_541 - f1_847);
  const even3 = dot(pair26, f0_541 + f0_765, f0_541);
  const even3h = dot(pair26h, f0_541 + f0_765, f0_541);

  // Odd part.
  const sum73 = i16x8.add(in7, in3);
  const sum51 = i16x8.add(in5, in1);
  const sums = lowPairs(sum73, sum51);
  const sumsh = highPairs(sum73, sum51);
  const shared3 = dot(sums, f1_175 - f1_961, f1_175);
  const shared3h = dot(sumsh, f1_175 - f1_961, f1_175);
  const shared4 = dot(sums, f1_175, f1_175 - f0_390);
  const shared4h = dot(sumsh, f1_175, f1_175 - f0_390);
  const pair71 = lowPairs(in7, in1);
  const pair71h = highPairs(in7, in1);
  const pair53 = lowPairs(in5, in3);
  const pair53h = highPairs(in5, in3);
  const odd0 = i32x4.add(dot(pair71, f0_298 - f0_899, -f0_899), shared3);
  const odd0h = i32x4.add(dot(pair71h, f0_298 - f0_899, -f0_899), shared3h);
  const odd3 = i32x4.add(dot(pair71, -f0_899, f1_501 - f0_899), shared4);
  const odd3h = i32x4.add(dot(pair71h, -f0_899, f1_501 - f0_899), shared4h);
  const odd1 = i32x4.add(dot(pair53, f2_053 - f2_562, -f2_562), shared4);
  const odd1h = i32x4.add(dot(pair53h, f2_053 - f2_562, -f2_562), shared4h);
  const odd2 = i32x4.add(dot(pair53, -f2_562, f3_072 - f2_562), shared3);
  const odd2h = i32x4.add(dot(pair53h, -f2_562, f3_072 - f2_562), shared3h);

  const a = i32x4.add(even0, even3);
  const ah = i32x4.add(even0h, even3h);
  const b = i32x4.add(even1, even2);
  const bh = i32x4.add(even1h, even2h);
  const c = i32x4.sub(even1, even2);
  const ch = i32x4.sub(even1h, even2h);
  const d = i32x4.sub(even0, even3);
  const dh = i32x4.sub(even0h, even3h);
  const out0 = narrow(i32x4.add(a, odd3), i32x4.add(ah, odd3h), shift);
  const out7 = narrow(i32x4.sub(a, odd3), i32x4.sub(ah, odd3h), shift);
  const out1 = narrow(i32x4.add(b, odd2), i32x4.add(bh, odd2h), shift);
  const out6 = narrow(i32x4.sub(b, odd2), i32x4.sub(bh, odd2h), shift);
  const out2 = narrow(i32x4.add(c, odd1), i32x4.add(ch, odd1h), shift);
  const out5 = narrow(i32x4.sub(c, odd1), i32x4.sub(ch, odd1h), shift);
  const out3 = narrow(i32x4.add(d, odd0), i32x4.add(dh, odd0h), shift);
  const out4 = narrow(i32x4.sub(d, odd0), i32x4.sub(dh, odd0h), shift);

  // Rows to columns, in three rounds.
  const p0 = lowPairs(out0, out1);
  const p1 = highPairs(out0, out1);
  const p2 = lowPairs(out2, out3);
  const p3 = highPairs(out2, out3);
  const p4 = lowPairs(out4, out5);
  const p5 = highPairs(out4, out5);
  const p6 = lowPairs(out6, out7);
  const p7 = highPairs(out6, out7);
  const q0 = v128.shuffle<i32>(p0, p2, 0, 4, 1, 5);
  const q1 = v128.shuffle<i32>(p0, p2, 2, 6, 3, 7);
  const q2 = v128.shuffle<i32>(p1, p3, 0, 4, 1, 5);
  const q3 = v128.shuffle<i32>(p1, p3, 2, 6, 3, 7);
  const q4 = v128.shuffle<i32>(p4, p6, 0, 4, 1, 5);
  const q5 = v128.shuffle<i32>(p4, p6, 2, 6, 3, 7);
  const q6 = v128.shuffle<i32>(p5, p7, 0, 4, 1, 5);
  const q7 = v128.shuffle<i32>(p5, p7, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i64>(q0, q4, 0, 2), 0);
  v128.store(to, v128.shuffle<i64>(q0, q4, 1, 3), 16);
  v128.store(to, v128.shuffle<i64>(q1, q5, 0, 2), 32);
  v128.store(to, v128.shuffle<i64>(q1, q5, 1, 3), 48);
  v128.store(to, v128.shuffle<i64>(q2, q6, 0, 2), 64);
  v128.store(to, v128.shuffle<i64>(q2, q6, 1, 3), 80);
  v128.store(to, v128.shuffle<i64>(q3, q7, 0, 2), 96);
  v128.store(to, v128.shuffle<i64>(q3, q7, 1, 3), 112);
}

function lowPairs(a: v128, b: v128): v128 {
  return v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}

function highPairs(a: v128, b: v128): v128 {
  return v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}

/** a * factorA + b * factorB of each pair. */
function dot(pairs: v128, factorA: i32, factorB: i32): v128 {
  return i32x4.dot_i16x8_s(pairs, i32x4.splat((factorB << 16) | (factorA & 0xffff)));
}

function narrow(low: v128, high: v128, shift: i32): v128 {
  return i16x8.narrow_i32x4_s(i32x4.shr_s(low, shift), i32x4.shr_s(high, shift));
}
