// Breaks a copy of the workspace in one place at a time; the check must name that place, and nothing else.

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkArrows } from "./arrows.mjs";
import { checkChangesets } from "./changesets.mjs";
import { checkFamilies } from "./families.mjs";
import { importsOf, packageOf } from "./imports.mjs";
import { checkLinks } from "./links.mjs";
import { checkManifests } from "./manifests.mjs";
import { checkTracked } from "./tracked.mjs";
import { readWorkspace } from "./workspace.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
let copy;
let before;

function check() {
  const packages = readWorkspace(copy);
  const rootManifest = JSON.parse(readFileSync(join(copy, "package.json"), "utf8"));
  return [...checkArrows(packages, rootManifest), ...checkManifests(copy, packages), ...checkFamilies(copy, packages)];
}

/** Problems that a change of one file brings; the file is put back. */
function problemsOf(path, change) {
  const file = join(copy, path);
  const text = readFileSync(file, "utf8");
  const changed = change(text);
  expect(changed).not.toBe(text);
  try {
    if (changed === undefined) rmSync(file);
    else writeFileSync(file, changed);
    // Line numbers of what was there before may move.
    const known = new Set(before.map((problem) => problem.replace(/:\d+:/, ":")));
    return check().filter((problem) => !known.has(problem.replace(/:\d+:/, ":")));
  } finally {
    writeFileSync(file, text);
  }
}

const manifest = (change) => (text) => {
  const value = JSON.parse(text);
  change(value);
  return JSON.stringify(value);
};

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "vitrine-check-"));
  const skipped = new Set(["node_modules", "dist", ".turbo", ".venv"]);
  for (const folder of ["packages", "scripts/fixtures", "package.json"])
    cpSync(join(root, folder), join(copy, folder), {
      recursive: true,
      filter: (path) => !skipped.has(basename(path)) && !path.endsWith(".safetensors"),
    });
  before = check();
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

describe("the check of the workspace", () => {
  test.each([
    [
      "core that imports the backend",
      "packages/core/src/rng.ts",
      (text) => `import { useOnnx } from "@vitrine/onnx";\n${text}`,
      /^packages\/core\/src\/rng\.ts:1: imports @vitrine\/onnx, an arrow that is not in the picture: core may import no pack/,
    ],
    [
      "a family that imports the backend, as a type",
      "packages/models/vit/src/model.ts",
      (text) => `import type { OnnxBackend } from "@vitrine/onnx";\n${text}`,
      /^packages\/models\/vit\/src\/model\.ts:1: imports @vitrine\/onnx, .* models\/\* may import core$/,
    ],
    [
      "a family that loads another lazily",
      "packages/models/vit/src/model.ts",
      (text) => `${text}\nexport const other = () => import("@vitrine/deit");\n`,
      /^packages\/models\/vit\/src\/model\.ts:\d+: imports @vitrine\/deit, .* models\/\* may import core$/,
    ],
    [
      "an arrow in a manifest alone",
      "packages/data/package.json",
      manifest((m) => {
        m.dependencies["@vitrine/vit"] = "workspace:^";
      }),
      /^packages\/data\/package\.json: depends on @vitrine\/vit, an arrow/,
      /^packages\/data\/package\.json: @vitrine\/vit is in dependencies, but no source file imports it$/,
    ],
    [
      "a source file that imports the helpers of tests",
      "packages/models/deit/src/model.ts",
      (text) => `import { useBackend } from "@vitrine/test-utils";\n${text}`,
      /^packages\/models\/deit\/src\/model\.ts:1: imports @vitrine\/test-utils, .*: it is for tests$/,
    ],
    [
      "a cycle through devDependencies",
      "packages/onnx/package.json",
      manifest((m) => {
        m.devDependencies["@vitrine/test-utils"] = "workspace:^";
      }),
      /depends on itself: (?=.*@vitrine\/onnx)(?=.*@vitrine\/test-utils)/,
      /^packages\/onnx\/package\.json: @vitrine\/test-utils is in devDependencies, but nothing imports it$/,
    ],
    [
      "a second door to TensorFlow.js",
      "packages/core/src/init.ts",
      (text) => `import { zeros } from "@tensorflow/tfjs-core";\n${text}`,
      /^packages\/core\/src\/init\.ts:1: imports @tensorflow\/tfjs-core; its one door is packages\/core\/src\/tf\.ts$/,
    ],
    [
      "a library that is in no dependencies",
      "packages/core/src/init.ts",
      (text) => `import { z } from "zod";\n${text}`,
      /^packages\/core\/src\/init\.ts:1: imports zod, which is not in dependencies of packages\/core\/package\.json$/,
    ],
    [
      "a dependency that nothing imports",
      "packages/data/package.json",
      manifest((m) => {
        m.dependencies.citty = "catalog:";
      }),
      /^packages\/data\/package\.json: citty is in dependencies, but no source file imports it$/,
    ],
    [
      "a path into another package's files",
      "packages/data/src/stats.ts",
      (text) => `import { Rng } from "../../core/src/rng.ts";\n${text}`,
      /^packages\/data\/src\/stats\.ts:1: imports \.\.\/\.\.\/core\/src\/rng\.ts, outside its package/,
    ],
    [
      "a subpath that is not exported",
      "packages/data/src/stats.ts",
      (text) => `import { Rng } from "@vitrine/core/rng";\n${text}`,
      /^packages\/data\/src\/stats\.ts:1: imports @vitrine\/core\/rng, which @vitrine\/core does not export$/,
    ],
    [
      "a module of Node without its prefix",
      "packages/data/src/stats.ts",
      (text) => `import { join } from "path";\n${text}`,
      /^packages\/data\/src\/stats\.ts:1: imports path: write node:path$/,
    ],
    [
      "a version outside the catalog",
      "packages/data/package.json",
      manifest((m) => {
        m.dependencies.sharp = "^0.35.0";
      }),
      /^packages\/data\/package\.json: sharp: expected "catalog:", found "\^0\.35\.0"$/,
    ],
    [
      "a package without a licence",
      "packages/data/package.json",
      manifest((m) => {
        delete m.license;
      }),
      /^packages\/data\/package\.json: license: expected "Apache-2\.0", found nothing$/,
    ],
    [
      "exports that name code before types",
      "packages/data/package.json",
      manifest((m) => {
        m.exports["."] = { default: "./dist/index.js", types: "./dist/index.d.ts" };
      }),
      /^packages\/data\/package\.json: exports\["\."\]: expected types and default, in this order/,
    ],
    [
      "an export without a source",
      "packages/core/package.json",
      manifest((m) => {
        m.exports["./nothing"] = { types: "./dist/nothing.d.ts", default: "./dist/nothing.js" };
      }),
      /^packages\/core\/package\.json: exports\["\.\/nothing"\]: there is no src\/nothing\.ts$/,
    ],
    [
      "a package without a README",
      "packages/data/README.md",
      () => undefined,
      /^packages\/data: there is no README\.md$/,
    ],
    [
      "a family without its table of sizes",
      "packages/models/deit/src/variants.ts",
      () => undefined,
      /^packages\/models\/deit: there is no src\/variants\.ts$/,
    ],
    [
      "a family that does not name its variants' type",
      "packages/models/deit/src/index.ts",
      (text) => text.replace("export type DeiTName", "type DeiTName"),
      /^packages\/models\/deit\/src\/index\.ts: expected `export type …Name/,
    ],
    [
      "a family that is in no list",
      "packages/vitrine/src/families.ts",
      (text) => text.replace('import("@vitrine/vit")', 'import("./index.ts")'),
      /^packages\/vitrine\/src\/families\.ts: @vitrine\/vit \(packages\/models\/vit\) is not in the list of families$/,
      /^packages\/vitrine\/package\.json: @vitrine\/vit is in dependencies, but no source file imports it$/,
    ],
  ])("finds %s", (_, path, change, ...expected) => {
    const problems = problemsOf(path, change);
    for (const one of expected) expect(problems).toContainEqual(expect.stringMatching(one));
    expect(problems.filter((problem) => !expected.some((one) => one.test(problem)))).toEqual([]);
  });
});

describe("importsOf", () => {
  test("reads every form of import, and no comment", () => {
    const text = `
import "one";
import two from "two";
import {
  type A,
  b,
} from "three/sub";
import type * as c from 'four';
export * from "five";
export { d } from "six";
const e = await import("seven");
const f = require("eight");
const g = import.meta.resolve("nine");
// import x from "not"; import("not")
/** import("not") */
const h = "from"; const text = "not";
const i = 1; // import("not")
export const j = "not";
`;
    const names = importsOf(text).map(({ specifier }) => packageOf(specifier));
    expect(names).toEqual(["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]);
    expect(importsOf(text)[2]).toEqual({ specifier: "three/sub", line: 4 });
  });
});

describe("checkTracked", () => {
  test("names lines that belong to one machine, and leaves other paths alone", () => {
    const text = [
      "see /" + "home/ann/vitrine/model.onnx",
      "see /" + "root/.cache",
      "registry=https://registry" + ".npmjs.org/",
      `cd ${join(tmpdir(), "checkout")}/x`,
      "/usr/bin/env, ./" + "work/x, a/" + "root/b, ~/" + "work/x, /tmp/x, https://huggingface.co/home",
    ];
    writeFileSync(join(copy, "notes.txt"), text.join("\n"));
    writeFileSync(
      join(copy, "pnpm-lock.yaml"),
      "  a@1.0.0:\n    resolution: {integrity: x, tarball: https://a.b/c.tgz}\n",
    );
    const found = checkTracked(copy, ["notes.txt", "pnpm-lock.yaml", "gone.txt"], [join(tmpdir(), "checkout")]);
    expect(found.map((problem) => problem.split(": ", 2).join(": "))).toEqual([
      "notes.txt:1: names a home folder",
      "notes.txt:2: names a folder of one machine",
      "notes.txt:3: names the address of a registry",
      "notes.txt:4: names a folder of this machine",
      "pnpm-lock.yaml: records addresses of tarballs; remove the lock file's `tarball` fields and install again",
    ]);
  });
});

describe("checkLinks", () => {
  test("names relative links that lead nowhere", () => {
    const text = "[a](packages/data) [b](gone.md#x)\n[c](https://a.b/c) [d](#d)\n```\n[e](gone.md)\n```\n";
    writeFileSync(join(copy, "links.md"), text);
    expect(checkLinks(copy, ["links.md"])).toEqual(["links.md:1: links to gone.md#x, which is not there"]);
  });
});

describe("checkChangesets", () => {
  test("names files that the release could not read", () => {
    mkdirSync(join(copy, ".changeset"));
    const files = {
      "good.md": '---\n"vitrine": minor\n"@vitrine/core": patch\n---\n\nNews.\n',
      "heading.md": '---\n\n## "vitrine": minor\n\nNews.\n',
      "silent.md": '---\n"vitrine": minor\n---\n',
      "unknown.md": '---\n"@vitrine/kore": minor\n---\n\nNews.\n',
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(copy, ".changeset", name), text);
    expect(checkChangesets(copy, readWorkspace(copy)).map((problem) => problem.slice(0, 36))).toEqual(
      [
        '.changeset/heading.md: expected "---"',
        '.changeset/silent.md: expected "---",',
        ".changeset/unknown.md: @vitrine/kore",
      ].map((problem) => problem.slice(0, 36)),
    );
  });
});
