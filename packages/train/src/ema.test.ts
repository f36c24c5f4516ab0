import { expect, test } from "vitest";
import { fixture } from "../tests/fixtures.ts";
import { type EmaConfig, emaDecay } from "./ema.ts";

interface Case {
  args: Record<string, number | boolean>;
  decay_at_step: Record<string, number>;
}

test.each(fixture<{ cases: Case[] }>("ema").cases.map((c) => [JSON.stringify(c.args), c] as const))(
  "decays as timm's ModelEmaV3 %s",
  (_name, { args, decay_at_step }) => {
    const config: EmaConfig = {
      decay: args.decay as number,
      warmup: (args.use_warmup ?? false) as boolean,
      ...(args.min_decay === undefined ? {} : { minDecay: args.min_decay as number }),
      ...(args.update_after_step === undefined ? {} : { updateAfterStep: args.update_after_step as number }),
      ...(args.warmup_gamma === undefined ? {} : { warmupGamma: args.warmup_gamma as number }),
      ...(args.warmup_power === undefined ? {} : { warmupPower: args.warmup_power as number }),
    };
    for (const [step, decay] of Object.entries(decay_at_step))
      expect(emaDecay(config, Number(step))).toBeCloseTo(decay, 12);
  },
);

test("copies at the first update and averages from the second on", () => {
  expect([1, 2].map((update) => emaDecay({ decay: 0.9 }, update))).toEqual([0, 0.9]);
});
