// What the specs need before they are loaded: jasmine's globals, the backend, and an environment that names it.

import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops";
import { setTestEnvs } from "@tensorflow/tfjs-core/dist/jasmine_util";
import jasmineCore from "jasmine-core";
import { backendName, useOnnx } from "../src/index.ts";

/** Where the report goes: what specs and profilers print would drown it. */
export const print = console.log;
console.log = () => {};

export const jasmine = jasmineCore.boot(jasmineCore);

// One thread: the specs' tensors are tiny.
await useOnnx({ threads: 1 });
setTestEnvs([{ name: backendName, backendName, isDataSync: true }]);
