// Tables for the terminal, and results as files that say on what machine they were measured.

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";

const results = new URL("../results/", import.meta.url);

export function machine() {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    memoryGB: Math.round(totalmem() / 1e9),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    load: loadavg()[0],
  };
}

/** @param {string[]} head @param {(string | number)[][]} rows */
export function table(head, rows) {
  const all = [head, ...rows.map((row) => row.map(String))];
  const widths = head.map((_, i) => Math.max(...all.map((row) => row[i].length)));
  const line = (row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  ");
  return [line(head), widths.map((w) => "-".repeat(w)).join("  "), ...all.slice(1).map(line)].join("\n");
}

/** Writes `results/NAME.json` and `results/NAME.md`. */
export function save(name, data, text) {
  mkdirSync(results, { recursive: true });
  const about = { ...machine(), date: new Date().toISOString().slice(0, 10), commit: commit() };
  writeFileSync(new URL(`${name}.json`, results), `${JSON.stringify({ machine: about, ...data }, null, 2)}\n`);
  const facts = `${about.cpu}, ${about.cores} cores, ${about.memoryGB} GB, Node ${about.node}, load ${about.load.toFixed(1)}; ${about.date}, commit ${about.commit}`;
  writeFileSync(new URL(`${name}.md`, results), `# ${name}\n\n${facts}\n\n\`\`\`\n${text}\n\`\`\`\n`);
}

function commit() {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return "unknown";
  }
}
