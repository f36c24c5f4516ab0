import { defineConfig } from "vitest/config";

// Tests run against the built `dist` of other packages and the source of their own (scripts: `pnpm test` builds first).
export default defineConfig({
  test: {
    include: ["packages/**/src/**/*.test.ts", "packages/**/tests/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Native sessions on several worker threads of one process crash: each test file gets a process.
    pool: "forks",
  },
});
