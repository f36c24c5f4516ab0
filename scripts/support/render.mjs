// pnpm support [--check]
//
// Makes docs/support.md from what the tests of the families found (`fixtures/**/support.json`). With --check nothing is
// written: the exit code is 1 where the page is not what it would be.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..", "..");
const page = join("docs", "support.md");

const sizes = {
  same: "any, with the same parameters",
  adapted: "any, with tables of the checkpoint adapted",
  fixed: "no",
};

/** The page, from rows of `{ package, ...support }`. */
export function render(rows) {
  const table = [
    ["family", "package", "sizes", "equal to the reference", "trains", "exports", "other image sizes", "feature maps"],
    ...rows.map((row) => [
      `[${row.title}](${row.paper})`,
      `\`${row.package}\``,
      String(row.variants),
      `${row.parity.cases.length} case${row.parity.cases.length === 1 ? "" : "s"} on ${row.parity.backends.join(" and ")}`,
      row.train ? "yes" : "no",
      `batches of ${row.export.batches.join(", ")} at ${row.export.sizes.join(" and ")}`,
      sizes[row.imageSize],
      row.maps.length > 0 ? String(row.maps.length) : "-",
    ]),
  ];
  const widths = table[0].map((_, column) => Math.max(...table.map((cells) => cells[column].length)));
  const line = (cells) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(" | ")} |`;
  const [head, ...body] = table;
  return `# What each family can do

Made by \`pnpm support\` from what the tests of each family found; a test fails where it no longer holds. Not edited by hand.

- **Equal to the reference**: logits, features, intermediates, loss, every gradient, batch-norm statistics and one step of AdamW
  are those of the reference implementation, for so many configurations, on TensorFlow.js' own backend and on ONNX Runtime.
  Names and shapes of the parameters of every size are compared too.
- **Trains**: a small model of the family learns to tell handwritten digits apart within 240 steps.
- **Exports**: one ONNX file with a symbolic batch gives the model's logits at these batches and image sizes.
- **Other image sizes**: whether a model takes images of another size than it was made for.
- **Feature maps**: what \`model.featureMaps(images)\` gives for detection and segmentation.

${[line(head), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...body.map(line)].join("\n")}
`;
}

/** Rows of all families in the repository, by package and family. */
function readRows() {
  const models = join(root, "packages", "models");
  return readdirSync(models)
    .sort()
    .flatMap((folder) => {
      const fixtures = join(models, folder, "fixtures");
      const found = readdirSync(fixtures, { recursive: true }).filter((file) => basename(file) === "support.json");
      const { name } = readJson(join(models, folder, "package.json"));
      return found.sort().map((file) => ({ package: name, ...readJson(join(fixtures, file)) }));
    });
}

function readJson(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const made = render(readRows());
  const file = join(root, page);
  if (!process.argv.includes("--check")) {
    writeFileSync(file, made);
    console.log(`wrote ${page}`);
  } else {
    let found = "";
    try {
      found = readFileSync(file, "utf8");
    } catch {
      // Told as out of date.
    }
    if (found !== made) {
      console.error(`${page}: is not what the tests of the families found; run pnpm support and commit it`);
      process.exitCode = 1;
    }
  }
}
