import { expect, test } from "vitest";
import { seconds } from "./duration.ts";

test.each([
  ["90", 90],
  ["90s", 90],
  ["30m", 1800],
  ["1.5h", 5400],
  ["1h30m", 5400],
  ["1d", 86_400],
])("reads %s", (text, expected) => expect(seconds("time-limit", text)).toBe(expected));

test.each(["", "soon", "-1h", "3 parsecs", "0"])("refuses %j", (text) => {
  expect(() => seconds("time-limit", text)).toThrow("--time-limit must be a time such as 90s, 30m or 2h");
});
