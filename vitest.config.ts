import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

// Tests run against the built `dist` of other packages and the source of their own (`pnpm test` builds first). They are grouped
// by what they need; a group runs when the one before it is through, so that native threads are not fought over.
const tests = (...folders: string[]) =>
  folders.flatMap((folder) => [`${folder}/src/**/*.test.ts`, `${folder}/tests/**/*.test.ts`]);

const limits = { testTimeout: 60_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    // Native sessions on several worker threads of one process crash: each test file gets a process.
    pool: "forks",
    projects: [
      {
        extends: true,
        test: {
          // Nothing but Node.
          name: "unit",
          include: [
            ...tests("packages/core", "packages/data", "packages/vitrine", "packages/test-utils"),
            "scripts/**/*.test.mjs",
          ],
          maxWorkers: availableParallelism(),
          sequence: { groupOrder: 0 },
          ...limits,
        },
      },
      {
        extends: true,
        test: {
          // ONNX Runtime, which brings a thread a core to each process.
          name: "native",
          include: tests("packages/onnx", "packages/train", "packages/export", "packages/models/*", "scripts/support"),
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          ...limits,
        },
      },
      {
        extends: true,
        test: {
          // The built command line, in processes of its own.
          name: "e2e",
          include: [...tests("packages/cli"), "examples/**/*.test.ts"],
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
