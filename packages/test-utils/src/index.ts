// What every model family promises, as tests, and the comparison with golden cases that they rest on.

export { describeFamily, type FamilyPromises } from "./describe-family.ts";
export * from "./golden-cases.ts";
