// Prints `N passed, N failed` from vitest's JSON report. A step that failed beside the tests counts as one failure more.

import { existsSync, readFileSync } from "node:fs";

const [report, failedStep = ""] = process.argv.slice(2);
let passed = 0;
let failed = 0;
let skipped = 0;
if (report !== undefined && existsSync(report)) {
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(
    readFileSync(report, "utf8"),
  );
  passed = numPassedTests;
  skipped = numPendingTests + numTodoTests;
  // A file that cannot be loaded fails without a test of its own.
  const broken = testResults.filter(
    ({ status, assertionResults }) => status === "failed" && !assertionResults.some((one) => one.status === "failed"),
  );
  failed = numFailedTests + broken.length;
}
if (failedStep !== "" && failed === 0) failed = 1;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
