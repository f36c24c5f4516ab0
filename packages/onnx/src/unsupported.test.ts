import { tf } from "@vitrine/core";
import { expect, test } from "vitest";
import { useOnnx } from "./register.ts";
import { callSite } from "./unsupported.ts";

test("names a kernel that has no lowering, and the recipe", async () => {
  await useOnnx();
  const split = () => tf.string.stringSplit(["a b"], " ");
  expect(split).toThrow(/trace: kernel "StringSplit" has no ONNX lowering\..* See docs\/add-a-kernel\.md/);
});

test("finds the user's line below those of the libraries", () => {
  const stack = `Error
    at refuse (file:///app/node_modules/@vitrine/onnx/dist/unsupported.js:20:9)
    at Engine.runKernel (/app/node_modules/@tensorflow/tfjs-core/dist/tf-core.node.js:3100:12)
    at forward (file:///app/src/my-model.ts:41:15)
    at main (file:///app/src/main.ts:3:1)`;
  expect(callSite(stack, ["@tensorflow", "/@vitrine/onnx/"])).toBe("my-model.ts:41");
  expect(callSite("Error", [])).toBeUndefined();
});
