// Spans of time as people write them.

import { UsageError } from "../usage-error.ts";

const units: Readonly<Record<string, number>> = { "": 1, s: 1, m: 60, min: 60, h: 3600, d: 86_400 };

/** Seconds of `90`, `90s`, `30m`, `2.5h` or `1h30m`. */
export function seconds(option: string, text: string): number {
  const parts = [...text.trim().matchAll(/(\d+(?:\.\d+)?)\s*([a-z]*)/gi)];
  const known = parts.every(([, , unit]) => Object.hasOwn(units, unit!.toLowerCase()));
  const whole =
    parts
      .map(([part]) => part)
      .join("")
      .replaceAll(" ", "") === text.replaceAll(" ", "");
  const total = parts.reduce((sum, [, number, unit]) => sum + Number(number) * (units[unit!.toLowerCase()] ?? 0), 0);
  if (parts.length === 0 || !known || !whole || !(total > 0))
    throw new UsageError(`--${option} must be a time such as 90s, 30m or 2h, found "${text}"`);
  return total;
}
