import { describe, expect, test } from "vitest";
import { fixture } from "../../tests/fixtures.ts";
import { type Curve, cosine, multistep, plateau, poly, step, tanh } from "./curves.ts";
import { createSchedule, type ScheduleConfig } from "./index.ts";

interface Case {
  scheduler: string;
  args: Record<string, never>;
  base_lr: number[];
  t: number[];
  metrics?: number[];
  lr: number[][];
}

const snake = (name: string) => name.replace(/_(\w)/g, (_, c: string) => c.toUpperCase());

function curveOf({ scheduler, args }: Case, base: number): Curve {
  const shape = Object.fromEntries(Object.entries(args).map(([key, value]) => [snake(key), value])) as never;
  // The class of the step schedules starts after the warmup unless told otherwise.
  const prefixed = { warmupPrefix: true, ...(shape as object) } as never;
  switch (scheduler) {
    case "CosineLRScheduler":
      return cosine(base, shape);
    case "PolyLRScheduler":
      return poly(base, shape);
    case "TanhLRScheduler":
      return tanh(base, shape);
    case "StepLRScheduler":
      return step(base, prefixed);
    case "MultiStepLRScheduler":
      return multistep(base, {
        ...(prefixed as object),
        milestones: (args as { decay_t?: number[] }).decay_t,
      } as never);
    case "PlateauLRScheduler":
      return plateau(base, shape);
    default:
      throw new Error(`no curve for ${scheduler}`);
  }
}

// timm's plateau schedule without a warmup sets every rate to 0, which is a slip: it is left out.
const cases = fixture<{ cases: Case[] }>("schedules").cases.filter(
  ({ scheduler, args }) => scheduler !== "PlateauLRScheduler" || "warmup_t" in args,
);

describe("equals timm's", () => {
  test.each(cases.map((c) => [`${c.scheduler} ${JSON.stringify(c.args)}`, c] as const))("%s", (_name, one) => {
    one.base_lr.forEach((base, group) => {
      const curve = curveOf(one, base);
      one.t.forEach((t, i) => {
        const metrics = one.metrics?.slice(1, t + 1);
        expect(curve(t, metrics)).toBeCloseTo(one.lr[i]![group]!, 12);
      });
    });
  });
});

const setting = { learningRate: 0.1, epochs: 10, updatesPerEpoch: 4, maximise: true };

test("keeps a rate for an epoch, or changes it with each update", () => {
  const byEpoch = createSchedule({ name: "cosine", warmupEpochs: 0 }, setting);
  expect([0, 1, 2, 3].map((u) => byEpoch.rate(0, u, []))).toEqual([0.1, 0.1, 0.1, 0.1]);
  const byUpdate = createSchedule({ name: "cosine", warmupEpochs: 0, onUpdates: true }, setting);
  expect(byUpdate.rate(0, 1, [])).toBeCloseTo(0.05 * (1 + Math.cos(Math.PI / 40)), 12);
  expect(byUpdate.rate(9, 40, [])).toBe(0);
});

test("rises for timm's five epochs from 1e-5 unless told otherwise", () => {
  const schedule = createSchedule({ name: "cosine" }, setting);
  expect(schedule.rate(0, 0, [])).toBe(1e-5);
  expect(schedule.rate(4, 16, [])).toBeCloseTo(1e-5 + (4 * (0.1 - 1e-5)) / 5, 12);
  expect(schedule.rate(5, 20, [])).toBeCloseTo(0.05, 12);
});

test("makes the run longer by cycles, cooldown and a prefixed warmup", () => {
  const long: ScheduleConfig = { name: "cosine", cycleLimit: 3, cycleMul: 2, cooldownEpochs: 4 };
  expect(createSchedule(long, setting).epochs).toBe(74);
  expect(createSchedule({ name: "cosine", warmupPrefix: true }, setting).epochs).toBe(15);
  expect(createSchedule({ name: "step", cooldownEpochs: 2 }, setting).epochs).toBe(12);
});

test("names the schedules when it does not know one", () => {
  const wrong = { name: "cosin" } as unknown as ScheduleConfig;
  expect(() => createSchedule(wrong, setting)).toThrow('unknown schedule "cosin" (did you mean "cosine"?)');
  expect(() => createSchedule({ name: "step", warmupEpochs: -1 }, setting)).toThrow("warmupEpochs must be 0 or more");
});
