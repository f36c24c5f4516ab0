// Values against a recurrence gone through token by token in float64; gradients against those of the same loop in tf ops.

import "@tensorflow/tfjs-backend-cpu";
import { beforeAll, describe, expect, test } from "vitest";
import { Rng } from "../rng.ts";
import { tf } from "../tf.ts";
import { linearScan } from "./linear-scan.ts";
import { type SelectiveScanInputs, selectiveScan } from "./selective-scan.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
  (tf.backend() as { firstUse?: boolean }).firstUse = false;
});

function normal(name: string, shape: number[]): tf.Tensor {
  const rng = Rng.of(name, shape.join());
  return tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => rng.normal()),
    shape,
  );
}

/** The recurrence in doubles. a, b: [batch, length, width] in a row. */
function stepByStep(a: Float32Array, b: Float32Array, [batch, length, width]: number[], reverse = false): Float64Array {
  const h = new Float64Array(b.length);
  for (let n = 0; n < batch!; n++)
    for (let t = 0; t < length!; t++)
      for (let i = 0; i < width!; i++) {
        const token = reverse ? length! - 1 - t : t;
        const at = (n * length! + token) * width! + i;
        const before = reverse ? at + width! : at - width!;
        h[at] = (t === 0 ? 0 : a[at]! * h[before]!) + b[at]!;
      }
  return h;
}

function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>, bound: number): void {
  expect(found).toHaveLength(expected.length);
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(found[i]! - expected[i]!) / (1 + Math.abs(expected[i]!));
    if (!(error <= worst)) worst = error;
  }
  expect(worst).toBeLessThan(bound);
}

describe("linearScan", () => {
  // One token, one chunk, whole chunks, chunks with a rest, several levels of chunks.
  const lengths = [1, 2, 7, 8, 9, 13, 49, 64, 101, 197, 600];

  test.each(lengths.flatMap((length) => [false, true].map((reverse) => [length, reverse] as const)))(
    "goes through %i tokens as a loop does (reverse: %s)",
    async (length, reverse) => {
      const shape = [2, length, 3];
      const a = tf.sigmoid(normal("a", shape)) as tf.Tensor3D;
      const b = normal("b", shape) as tf.Tensor3D;
      const h = await linearScan(a, b, { reverse }).data();
      expectClose(h, stepByStep(a.dataSync<"float32">(), b.dataSync<"float32">(), shape, reverse), 2e-6);
    },
  );

  test("takes sequences of 50,176 tokens with the precision of a loop", async () => {
    const shape = [1, 50176, 2];
    // Memories from a token to some ten thousand tokens long.
    const a = tf.exp(tf.neg(tf.exp(tf.sub(tf.mul(normal("a", shape), 3), 5)))) as tf.Tensor3D;
    const b = normal("b", shape) as tf.Tensor3D;
    const h = await linearScan(a, b).data();
    expectClose(h, stepByStep(a.dataSync<"float32">(), b.dataSync<"float32">(), shape), 2e-5);
  });

  test("lets states that are forgotten at once vanish, and those that never fade grow", async () => {
    const shape = [1, 100, 1];
    const b = tf.ones<tf.Rank.R3>(shape as [number, number, number]);
    expectClose(await linearScan(tf.zerosLike(b), b).data(), new Float32Array(100).fill(1), 1e-7);
    expectClose(
      await linearScan(tf.onesLike(b), b).data(),
      [...Array(100).keys()].map((i) => i + 1),
      1e-7,
    );
    const [gone] = tf.grads((a: tf.Tensor, b: tf.Tensor) => tf.sum(linearScan(a as tf.Tensor3D, b as tf.Tensor3D)))([
      tf.zerosLike(b),
      b,
    ]);
    expect((await gone!.data()).every(Number.isFinite)).toBe(true);
  });
});

/** The same as the op, token by token, in tf ops: for its gradients. u: [L, D]. */
function loop({ u, delta, a, b, c, d }: SelectiveScanInputs): tf.Tensor {
  const rows = (x: tf.Tensor) => [...Array(x.shape[0]).keys()].map((t) => tf.squeeze(tf.slice(x, t, 1), [0]));
  const [us, deltas, bs, cs] = [rows(u), rows(delta), rows(b), rows(c)];
  let h: tf.Tensor = tf.zeros(a.shape); //                                                [D, N]
  const ys = us.map((token, t) => {
    const decay = tf.exp(tf.mul(tf.expandDims(deltas[t]!, 1), a));
    const written = tf.mul(tf.expandDims(tf.mul(deltas[t]!, token), 1), tf.expandDims(bs[t]!, 0));
    h = tf.add(tf.mul(decay, h), written);
    const y = tf.sum(tf.mul(h, tf.expandDims(cs[t]!, 0)), 1);
    return d === undefined ? y : tf.add(y, tf.mul(token, d));
  });
  return tf.stack(ys, 0);
}

describe("selectiveScan", () => {
  const inputs = (length: number, width: number, size: number): Required<SelectiveScanInputs> => ({
    u: normal("u", [length, width]),
    delta: tf.softplus(normal("delta", [length, width])),
    a: tf.neg(tf.exp(normal("a", [width, size]))),
    b: normal("b", [length, size]),
    c: normal("c", [length, size]),
    d: normal("d", [width]),
  });

  test.each([
    [1, 3, 1],
    [8, 2, 1],
    [20, 3, 1],
    [21, 2, 3],
    [75, 2, 4],
  ])(
    "gives %i tokens of %i channels, states of %i, the values and gradients of a loop",
    async (length, width, size) => {
      const given = inputs(length, width, size);
      const names = Object.keys(given) as (keyof SelectiveScanInputs)[];
      const weights = normal("weights", [length, width]);
      const run = (scan: (x: SelectiveScanInputs) => tf.Tensor) => {
        const loss = (...values: tf.Tensor[]) => {
          const named = Object.fromEntries(names.map((name, i) => [name, values[i]!]));
          return tf.sum(tf.mul(scan(named as unknown as SelectiveScanInputs), weights)) as tf.Scalar;
        };
        return { y: scan(given), grads: tf.grads(loss)(names.map((name) => given[name])) };
      };
      const [ours, theirs] = [run(selectiveScan), run(loop)];
      expectClose(await ours.y.data(), await theirs.y.data(), 5e-6);
      for (const [i, name] of names.entries()) {
        const [found, expected] = [ours.grads[i]!, theirs.grads[i]!];
        const scale = Math.max(1, ...(await tf.abs(expected).data()));
        expect(found.shape, name).toEqual(expected.shape);
        expectClose(await tf.div(found, scale).data(), await tf.div(expected, scale).data(), 1e-5);
      }
    },
  );

  test("gives each group of a batch what its parameters would give alone", async () => {
    const groups = ["first", "second"].map((name) => ({
      ...inputs(10, 3, 2),
      a: tf.neg(tf.exp(normal(`${name} a`, [3, 2]))),
      d: normal(`${name} d`, [3]),
    }));
    // [2, 1, ...]: two groups, a batch of one.
    const together = (name: keyof SelectiveScanInputs) => tf.expandDims(tf.stack(groups.map((one) => one[name])), 1);
    const names = ["u", "delta", "a", "b", "c", "d"] as const;
    const all = Object.fromEntries(names.map((name) => [name, together(name)])) as unknown as SelectiveScanInputs;
    const y = selectiveScan(all);
    expect(y.shape).toEqual([2, 1, 10, 3]);
    const alone = await Promise.all(groups.map((one) => selectiveScan(one).data()));
    expectClose(
      await y.data(),
      alone.flatMap((values) => [...values]),
      1e-6,
    );
  });

  test("stays finite where tokens wipe the state out", async () => {
    const given = { ...inputs(40, 2, 1), delta: tf.fill([40, 2], 300) };
    const [dDelta, dA] = tf.grads((delta: tf.Tensor, a: tf.Tensor) => tf.sum(selectiveScan({ ...given, delta, a })))([
      given.delta,
      given.a,
    ]);
    for (const x of [selectiveScan(given), dDelta!, dA!]) expect((await x.data()).every(Number.isFinite)).toBe(true);
  });

  test("names the input that does not fit", () => {
    const given = inputs(5, 3, 2);
    expect(() => selectiveScan({ ...given, b: given.u })).toThrow("b must end as [5,2]");
    expect(() => selectiveScan({ ...given, a: given.b })).toThrow("a must end as [3,2]");
  });
});
