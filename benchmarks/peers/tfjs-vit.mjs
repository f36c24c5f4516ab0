// A plain vision transformer and its AdamW step in TensorFlow.js operations, as someone with nothing but
// tfjs-node would write them. Parameters are a Map of timm's names to variables; linear weights lie (in, out).

const SIZES = {
  tiny: { width: 192, heads: 3 },
  small: { width: 384, heads: 6 },
  base: { width: 768, heads: 12 },
};

/** Reads a timm name such as `vit_small_patch16_224`; undefined where this file has no such model. */
export function configOf(name, { img, classes }) {
  const match = /^vit_(tiny|small|base)_patch(\d+)_\d+$/.exec(name);
  if (!match) return undefined;
  const patch = Number(match[2]);
  if (img % patch) return undefined;
  return { ...SIZES[match[1]], depth: 12, hidden: 4, eps: 1e-6, patch, img, classes };
}

/** Fresh parameters, drawn as timm draws them (truncated normal of 0.02). */
export function init(tf, { width, depth, hidden, patch, img, classes }) {
  const params = new Map();
  let seed = 0;
  const add = (name, value) => params.set(name, tf.variable(value, true));
  const normal = (name, shape) =>
    add(
      name,
      tf.tidy(() => tf.truncatedNormal(shape, 0, 0.02, "float32", ++seed)),
    );
  const linear = (name, from, to) => {
    normal(`${name}.weight`, [from, to]);
    add(`${name}.bias`, tf.zeros([to]));
  };
  const norm = (name) => {
    add(`${name}.weight`, tf.ones([width]));
    add(`${name}.bias`, tf.zeros([width]));
  };
  linear("patch_embed.proj", patch * patch * 3, width);
  normal("cls_token", [1, 1, width]);
  normal("pos_embed", [1, (img / patch) ** 2 + 1, width]);
  for (let i = 0; i < depth; i++) {
    norm(`blocks.${i}.norm1`);
    linear(`blocks.${i}.attn.qkv`, width, 3 * width);
    linear(`blocks.${i}.attn.proj`, width, width);
    norm(`blocks.${i}.norm2`);
    linear(`blocks.${i}.mlp.fc1`, width, hidden * width);
    linear(`blocks.${i}.mlp.fc2`, hidden * width, width);
  }
  norm("norm");
  linear("head", width, classes);
  return params;
}

/** Images (b, h, w, 3) to logits (b, classes). */
export function forward(tf, { width, depth, heads, patch, img, eps }, params, images) {
  const get = (name) => params.get(name);
  const batch = images.shape[0];
  const grid = img / patch;
  const tokens = grid * grid + 1;
  const scale = (width / heads) ** -0.5;

  const linear = (x, name) => tf.add(tf.matMul(x, get(`${name}.weight`)), get(`${name}.bias`));
  const layerNorm = (x, name) => {
    const centred = tf.sub(x, tf.mean(x, -1, true));
    const variance = tf.mean(tf.square(centred), -1, true);
    const normal = tf.mul(centred, tf.rsqrt(tf.add(variance, eps)));
    return tf.add(tf.mul(normal, get(`${name}.weight`)), get(`${name}.bias`));
  };
  const gelu = (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
  const attention = (x, name) => {
    const qkv = tf.transpose(
      tf.reshape(linear(x, `${name}.qkv`), [batch, tokens, 3, heads, width / heads]),
      [2, 0, 3, 1, 4],
    );
    const [q, k, v] = tf.unstack(qkv);
    const weights = tf.softmax(tf.matMul(tf.mul(q, scale), k, false, true));
    const mixed = tf.transpose(tf.matMul(weights, v), [0, 2, 1, 3]); // (b, n, heads, width / heads)
    return linear(tf.reshape(mixed, [batch * tokens, width]), `${name}.proj`);
  };

  const patches = tf.reshape(
    tf.transpose(tf.reshape(images, [batch, grid, patch, grid, patch, 3]), [0, 1, 3, 2, 4, 5]),
    [batch * grid * grid, patch * patch * 3],
  );
  const embedded = tf.reshape(linear(patches, "patch_embed.proj"), [batch, tokens - 1, width]);
  const withClass = tf.concat([tf.tile(get("cls_token"), [batch, 1, 1]), embedded], 1);
  let x = tf.reshape(tf.add(withClass, get("pos_embed")), [batch * tokens, width]);
  for (let i = 0; i < depth; i++) {
    const block = `blocks.${i}`;
    x = tf.add(x, attention(layerNorm(x, `${block}.norm1`), `${block}.attn`));
    x = tf.add(x, linear(gelu(linear(layerNorm(x, `${block}.norm2`), `${block}.mlp.fc1`)), `${block}.mlp.fc2`));
  }
  // Only the class token is read, so only it is normalised.
  const classToken = tf.reshape(tf.slice(tf.reshape(x, [batch, tokens, width]), [0, 0, 0], [-1, 1, -1]), [
    batch,
    width,
  ]);
  return linear(layerNorm(classToken, "norm"), "head");
}

/** A function that does one AdamW step on `params` and returns the loss, a scalar that the caller disposes of. */
export function adamw(tf, config, params, { lr, weightDecay, beta1 = 0.9, beta2 = 0.999, eps = 1e-8 }) {
  const variables = [...params.values()];
  const zeros = () => variables.map((variable) => tf.variable(tf.zeros(variable.shape), false));
  const means = zeros();
  const squares = zeros();
  let step = 0;

  return (images, oneHot) =>
    tf.tidy(() => {
      step++;
      const { value, grads } = tf.variableGrads(
        () => tf.losses.softmaxCrossEntropy(oneHot, forward(tf, config, params, images)),
        variables,
      );
      const rate = lr / (1 - beta1 ** step);
      const correction = 1 / (1 - beta2 ** step);
      variables.forEach((variable, i) => {
        // The gradient goes as soon as it is used: all of them together are as large as the model.
        tf.tidy(() => {
          const grad = grads[variable.name];
          const mean = tf.add(tf.mul(means[i], beta1), tf.mul(grad, 1 - beta1));
          const square = tf.add(tf.mul(squares[i], beta2), tf.mul(tf.square(grad), 1 - beta2));
          const update = tf.div(mean, tf.add(tf.sqrt(tf.mul(square, correction)), eps));
          variable.assign(tf.sub(tf.mul(variable, 1 - lr * weightDecay), tf.mul(update, rate)));
          means[i].assign(mean);
          squares[i].assign(square);
        });
        grads[variable.name].dispose();
      });
      return value;
    });
}
