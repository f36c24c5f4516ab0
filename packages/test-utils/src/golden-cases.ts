// Golden cases without the test-suite, for programs that are not run by vitest.

export { type BackendName, backendNames, useBackend } from "./backends.ts";
export { type AnyFamily, type Check, checkGolden, type Quantity } from "./check-golden.ts";
export { type CaseDescription, type Golden, isGolden, optionsOf, readGolden, stateFrom } from "./golden.ts";
