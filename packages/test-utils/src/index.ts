// What every model family promises, as tests, and the comparison with golden cases that they rest on.

export { type BackendName, backendNames, useBackend } from "./backends.ts";
export { type AnyFamily, type Check, checkGolden, type Quantity } from "./check-golden.ts";
export { type CaseDescription, type Golden, isGolden, optionsOf, readGolden, stateFrom } from "./golden.ts";
