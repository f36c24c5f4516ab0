// The public list, nothing else.

export { readTensors } from "./checkpoint.ts";
export { summaryCsv } from "./csv.ts";
export { type EmaConfig, emaDecay } from "./ema.ts";
export { checkErasing, drawBoxes, drawErasing, type EraseBox, type ErasingConfig } from "./erasing.ts";
export {
  createForward,
  type EvaluateOptions,
  type Evaluation,
  type EvaluationProgress,
  evaluate,
  type Forward,
  type Mistake,
} from "./evaluate.ts";
export { freezing } from "./freeze.ts";
export { type LearningRateRule, resolveLearningRate } from "./learning-rate.ts";
export {
  crossEntropy,
  type DistillationOptions,
  distillation,
  distilledLoss,
  type JsdOptions,
  jsdCrossEntropy,
  labelTargets,
} from "./losses.ts";
export { AverageMeter, argMax, type ClassMetrics, ConfusionMatrix, rankOf, rowLoss, topK } from "./metrics.ts";
export {
  checkMixup,
  cutmixBox,
  drawMix,
  drawMixes,
  type Mix,
  type MixupConfig,
  mixRows,
  mixTargets,
} from "./mixup.ts";
export { clipByGlobalNorm, globalNorm } from "./optim/clip.ts";
export { buildOptimizer, type ResolvedOptimizer, resolveOptimizer } from "./optim/index.ts";
export {
  addDecayedWeights,
  chain,
  descend,
  type Optimizer,
  stateless,
  type Tensors,
  type Transform,
  type UpdateContext,
} from "./optim/transform.ts";
export type { TrainOptions, TrainResult } from "./options.ts";
export { decayMask, type LayerDecay, layerScales } from "./param-groups.ts";
export { type Preparation, prepareBatch } from "./prepare.ts";
export { type BarOptions, barReporter } from "./progress/bar.ts";
export { type Output, type Reporter, type StepEvent, silent, type TrainEvent } from "./progress/events.ts";
export { jsonReporter } from "./progress/json.ts";
export { plainReporter } from "./progress/plain.ts";
export type { Best, EpochRecord, EvalMetric, EvalRecord } from "./records.ts";
export { type Bar, type BarChartOptions, barChart } from "./report/bars.ts";
export { type Html, html, table } from "./report/html.ts";
export { type ReportData, renderReport } from "./report/index.ts";
export { page } from "./report/page.ts";
export { linkLatest, runFolderName } from "./run-folder.ts";
export {
  type Curve,
  type CycleShape,
  cosine,
  multistep,
  type PlateauShape,
  plateau,
  poly,
  step,
  tanh,
  type WarmupShape,
} from "./schedules/curves.ts";
export { createSchedule, type Schedule, type ScheduleConfig, type ScheduleSetting } from "./schedules/index.ts";
export { createStep } from "./step/create.ts";
export { eraseImages, mixImages, type PixelInputs, prepareImages, stepInputs } from "./step/pixels.ts";
export { teacherOf } from "./step/teacher.ts";
export type {
  EraseBatch,
  OptimizerConfig,
  Step,
  StepBatch,
  StepDistillation,
  StepOptions,
  StepResult,
  StepSnapshot,
  Teacher,
} from "./step.ts";
export { train } from "./trainer.ts";
export { saveWeights } from "./weights.ts";
