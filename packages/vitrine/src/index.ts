// The umbrella: every model by name. What makes a model up (tensors, parameters, checkpoints) is in @vitrine/core.

export { createModel, familyOf, type ModelOptions, type TaggedName } from "./create-model.ts";
export {
  type AnyFamily,
  type Families,
  type FamilyName,
  type FamilyOf,
  families,
  findFamily,
  loadFamilies,
  type ModelName,
} from "./families.ts";
export { type ListOptions, listModels, type ModelInfo, modelInfo } from "./list-models.ts";
