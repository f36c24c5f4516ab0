// Counter-based random numbers, the same bits as @vitrine/core's `keyedUniform` gives elsewhere.

import type { Builder } from "../builder.ts";
import type { Value } from "../graph.ts";
import type { LoweringsOf, RandomKernels } from "../kernels.ts";

export const random: LoweringsOf<RandomKernels> = {
  KeyedUniform({ key }, { stream, shape }, g) {
    const words = g.nodes("Split", [key, g.ints([1, 1])], { axis: 0 }, [
      { shape: [1], dtype: "int32" },
      { shape: [1], dtype: "int32" },
    ]);
    const a = mix(xor(words[0]!, int(stream, g), g), g);
    const b = mix(g.node("Add", [words[1]!, int(stream, g)], {}, [1], "int32"), g);

    const size = shape.reduce((product, d) => product * d, 1);
    const dims = g.ints(shape);
    // The count of elements from the shape, so that a varying batch size varies it too.
    const count = g.node("ReduceProd", [dims], { keepdims: 0 }, [], "int64");
    const counter = g.node("Range", [int(0, g), g.cast(count, "int32"), int(1, g)], {}, [size], "int32");
    const hashed = mix(xor(counter, a, g), g);
    const bits = mix(g.node("Add", [hashed, b], {}, [size], "int32"), g);
    const high = g.cast(shiftRight(bits, 8, g), "float32");
    const uniform = g.node("Mul", [high, g.scalar(1 / 16777216)], {}, [size]);
    return g.node("Reshape", [uniform, dims], {}, shape);
  },
};

const int = (value: number, g: Builder): Value => g.scalar(value, "int32");

const xor = (a: Value, b: Value, g: Builder): Value => g.node("BitwiseXor", [a, b], {}, a.shape, "int32");

/** A logical shift, which ONNX has for unsigned types only. */
function shiftRight(x: Value, bits: number, g: Builder): Value {
  const unsigned = g.cast(x, "uint32");
  const shifted = g.node("BitShift", [unsigned, g.scalar(bits, "uint32")], { direction: "RIGHT" }, x.shape, "uint32");
  return g.cast(shifted, "int32");
}

/** The finaliser of MurmurHash3 in int32, whose products wrap. */
function mix(x: Value, g: Builder): Value {
  const times = (value: Value, factor: number) => g.node("Mul", [value, int(factor, g)], {}, value.shape, "int32");
  const first = times(xor(x, shiftRight(x, 16, g), g), 0x85ebca6b | 0);
  const second = times(xor(first, shiftRight(first, 13, g), g), 0xc2b2ae35 | 0);
  return xor(second, shiftRight(second, 16, g), g);
}
