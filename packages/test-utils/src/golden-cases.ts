// Golden cases without the test-suite, for programs that are not run by vitest.

export { type BackendName, backendNames, useBackend } from "./backends.ts";
export { type Check, checkCase, type Outputs, type Quantity, type Subject } from "./check-case.ts";
export { type AnyFamily, checkGolden } from "./check-golden.ts";
export { contrastiveSubject, type Towers } from "./contrastive-subject.ts";
export {
  type CaseDescription,
  type Golden,
  goldenFolders,
  imagesOf,
  isGolden,
  labelsOf,
  optionsOf,
  readGolden,
  stateFrom,
  tensorOf,
} from "./golden.ts";
export { layerSubject } from "./layer-subject.ts";
export { type TinyModel, tinyModel } from "./tiny-model.ts";
