// The selective scan beside going through the tokens one by one: in TensorFlow.js operations, compiled too, and in a loop over
// numbers. Forward, and forward with the gradients of everything that comes in.

import { parseArgs } from "node:util";
import { jit, selectiveScan, tf } from "@vitrine/core";
import { useOnnx } from "@vitrine/onnx";
import { median } from "../harness/peer.mjs";
import { save, table } from "../harness/report.mjs";
import { say } from "../harness/settings.mjs";

const lengths = [196, 784, 3136, 12544];
/** Longer ones make programs of tens of thousands of operations, which take minutes to compile. */
const longestUnrolled = 196;

export async function run(argv) {
  const { values } = parseArgs({
    args: argv,
    options: {
      batch: { type: "string", default: "8" },
      channels: { type: "string", default: "64" },
      states: { type: "string", default: "1" },
      rounds: { type: "string", default: "5" },
    },
  });
  const [batch, channels, states, rounds] = ["batch", "channels", "states", "rounds"].map((name) =>
    Number(values[name]),
  );
  await useOnnx();

  const results = [];
  for (const length of lengths) {
    const inputs = makeInputs(batch, length, channels, states);
    const contenders = {
      chunked: compiled(selectiveScan, inputs),
      ...(length <= longestUnrolled && { "token by token": compiled(tokenByToken, inputs) }),
      numbers: await loopOverNumbers(inputs, [batch, length, channels, states]),
    };
    await agree(contenders);
    const times = Object.fromEntries(Object.keys(contenders).map((name) => [name, { forward: [], gradients: [] }]));
    for (let round = 0; round < rounds; round++) {
      for (const [name, contender] of Object.entries(contenders))
        for (const what of ["forward", "gradients"]) times[name][what].push(await timed(contender[what]));
      say(`  ${length} tokens: round ${round + 1} of ${rounds}`);
    }
    results.push({ length, times });
    tf.dispose(inputs);
  }

  const names = ["chunked", "token by token", "numbers"];
  const rows = results.flatMap(({ length, times }) =>
    ["forward", "gradients"].map((what) => [
      `${length} tokens, ${what === "forward" ? "forward" : "with gradients"}`,
      ...names.map((name) => (times[name] ? median(times[name][what]).toFixed(1) : "-")),
      ratio(times.numbers[what], times.chunked[what]),
    ]),
  );
  const head = ["ms, median", "chunked", "token by token", "loop over numbers", "numbers / chunked"];
  const sizes = `batch ${batch}, ${channels} channels, states of ${states}; rounds ${rounds}`;
  const text = `${sizes}\n\n${table(head, rows)}`;
  console.log(text);
  save("selective-scan", { batch, channels, states, rounds, results }, text);
}

function makeInputs(batch, length, channels, states) {
  return tf.tidy(() => ({
    u: tf.randomNormal([batch, length, channels], 0, 1, "float32", 1),
    delta: tf.softplus(tf.randomNormal([batch, length, channels], 0, 1, "float32", 2)),
    a: tf.neg(tf.exp(tf.randomNormal([channels, states], 0, 1, "float32", 3))),
    b: tf.randomNormal([batch, length, states], 0, 1, "float32", 4),
    c: tf.randomNormal([batch, length, states], 0, 1, "float32", 5),
    d: tf.randomNormal([channels], 0, 1, "float32", 6),
  }));
}

/** `scan` as a compiled program, and a program that gives the gradients of its sum too. */
function compiled(scan, inputs) {
  const names = Object.keys(inputs);
  const forward = jit((x) => scan(x));
  const gradients = jit((x) => {
    const values = names.map((name) => x[name]);
    const loss = (...given) => tf.sum(scan(Object.fromEntries(names.map((name, i) => [name, given[i]]))));
    const { value, grads } = tf.valueAndGrads(loss)(values);
    return { value, grads };
  });
  const finish = async (result) => {
    await Promise.all(
      Object.values(result instanceof tf.Tensor ? { result } : { ...result.grads }).map((t) => t.data()),
    );
    tf.dispose(result);
  };
  return {
    forward: () => finish(forward(inputs)),
    gradients: () => finish(gradients(inputs)),
    result: () => forward(inputs).data(),
  };
}

function tokenByToken({ u, delta, a, b, c, d }) {
  const [us, deltas, bs, cs] = [u, delta, b, c].map((x) => tf.unstack(x, 1));
  let state = tf.zeros([1, ...a.shape]);
  const ys = us.map((token, t) => {
    const step = tf.expandDims(deltas[t], 2);
    const written = tf.mul(tf.mul(step, tf.expandDims(token, 2)), tf.expandDims(bs[t], 1));
    state = tf.add(tf.mul(tf.exp(tf.mul(step, a)), state), written);
    return tf.add(tf.sum(tf.mul(state, tf.expandDims(cs[t], 1)), 2), tf.mul(token, d));
  });
  return tf.stack(ys, 1);
}

/** What a program without tensors would do, one thread; the gradient is that of the sum. */
async function loopOverNumbers(inputs, [batch, length, channels, states]) {
  const entries = await Promise.all(Object.entries(inputs).map(async ([name, x]) => [name, await x.data()]));
  const { u, delta, a, b, c, d } = Object.fromEntries(entries);
  const width = channels * states;
  const y = new Float32Array(u.length);
  // States and decays of every token: the way back needs them.
  const kept = new Float32Array(batch * length * width);
  const decays = new Float32Array(batch * length * width);
  const forward = () => {
    for (let n = 0; n < batch; n++)
      for (let t = 0; t < length; t++)
        for (let i = 0; i < channels; i++) {
          const row = n * length + t;
          const at = row * channels + i;
          let sum = d[i] * u[at];
          for (let s = 0; s < states; s++) {
            const k = at * states + s;
            const decay = Math.exp(delta[at] * a[i * states + s]);
            const before = t === 0 ? 0 : kept[k - width];
            decays[k] = decay;
            kept[k] = decay * before + delta[at] * u[at] * b[row * states + s];
            sum += kept[k] * c[row * states + s];
          }
          y[at] = sum;
        }
  };
  const grads = { u, delta, a, b, c, d };
  for (const [name, value] of Object.entries(grads)) grads[name] = new Float32Array(value.length);
  const worth = new Float32Array(width);
  const backward = () => {
    for (const grad of Object.values(grads)) grad.fill(0);
    for (let n = 0; n < batch; n++) {
      worth.fill(0);
      for (let t = length - 1; t >= 0; t--)
        for (let i = 0; i < channels; i++) {
          const row = n * length + t;
          const at = row * channels + i;
          grads.d[i] += u[at];
          grads.u[at] += d[i];
          for (let s = 0; s < states; s++) {
            const k = at * states + s;
            const j = i * states + s;
            const dh = worth[j] + c[row * states + s];
            const before = t === 0 ? 0 : kept[k - width];
            const dDecay = dh * before * decays[k];
            const written = b[row * states + s];
            grads.c[row * states + s] += kept[k];
            grads.b[row * states + s] += dh * delta[at] * u[at];
            grads.u[at] += dh * delta[at] * written;
            grads.delta[at] += dDecay * a[j] + dh * u[at] * written;
            grads.a[j] += dDecay * delta[at];
            worth[j] = dh * decays[k];
          }
        }
    }
  };
  return {
    forward,
    gradients() {
      forward();
      backward();
    },
    result() {
      forward();
      return y;
    },
  };
}

/** All give the same before any is timed. */
async function agree(contenders) {
  const [first, ...others] = await Promise.all(Object.values(contenders).map(({ result }) => result()));
  for (const other of others)
    for (let i = 0; i < first.length; i++)
      if (!(Math.abs(first[i] - other[i]) <= 1e-3 * (1 + Math.abs(other[i]))))
        throw new Error(`selective-scan: ${first[i]} and ${other[i]} at element ${i}`);
}

/** Milliseconds of the faster of two runs: the first may have to compile. */
async function timed(work) {
  const times = [];
  for (let i = 0; i < 2; i++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return Math.min(...times);
}

/** How many times as long. */
const ratio = (slow, fast) => (median(slow) / median(fast)).toFixed(1);
