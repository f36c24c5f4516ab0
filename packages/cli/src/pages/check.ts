// What `vitrine data check` says, as text and as a page.

import { type CheckReport, type Issue, type IssueKind, issueKinds, type Level } from "@vitrine/data";
import { barChart, type Html, html, page, table } from "@vitrine/train";
import { count, type painter } from "../text.ts";
import { thumbnailUrl } from "./picture.ts";

/** Findings of a kind that are shown, unless all are asked for. */
const shownInText = 5;
const shownInPage = 200;
/** Groups of copies and look-alikes with pictures, and pictures in a group. */
const [groupsDrawn, groupDrawn] = [24, 6];

const signs = { error: "bad", warning: "warn", note: "good" } as const satisfies Record<Level, string>;

function byKind(issues: readonly Issue[]): [IssueKind, Issue[]][] {
  return (Object.keys(issueKinds) as IssueKind[])
    .map((kind): [IssueKind, Issue[]] => [kind, issues.filter((issue) => issue.kind === kind)])
    .filter(([, found]) => found.length > 0);
}

function verdict({ errors, warnings }: CheckReport): string {
  if (errors + warnings === 0) return "Nothing is wrong.";
  const many = (n: number, word: string) => `${count(n)} ${word}${n === 1 ? "" : "s"}`;
  return `${many(errors, "error")}, ${many(warnings, "warning")}`;
}

export function checkText(report: CheckReport, paint: ReturnType<typeof painter>, all: boolean): string[] {
  const lines = report.splits.map(
    ({ name, samples, classes }) => `${name}: ${count(samples)} images, ${classes.length} classes`,
  );
  for (const [kind, found] of byKind(report.issues)) {
    const [level, title] = issueKinds[kind];
    lines.push("", `${paint[signs[level]](level)}  ${title}: ${count(found.length)}`);
    for (const { paths, detail, split } of all ? found : found.slice(0, shownInText)) {
      const [first, ...others] = paths;
      const where = split === undefined ? "" : `${split}: `;
      lines.push(first === undefined ? `  ${where}${detail}` : `  ${first}: ${detail}`);
      for (const path of all ? others : others.slice(0, 3)) lines.push(`    ${path}`);
      if (!all && others.length > 3) lines.push(`    and ${others.length - 3} more`);
    }
    if (!all && found.length > shownInText) lines.push(`  and ${count(found.length - shownInText)} more (--all)`);
  }
  return [...lines, "", verdict(report)];
}

export async function checkPage(report: CheckReport): Promise<string> {
  const { source, splits, issues } = report;
  const kinds = byKind(issues);
  const format = (value: number) => count(Math.round(value));
  const charts = splits.map(({ name, classes }) =>
    barChart({
      title: name,
      legend: "images by class",
      format,
      bars: classes.map((c) => ({ name: c.name, value: c.count })),
    }),
  );
  const sections: Html[] = [];
  let drawn = 0;
  for (const [kind, found] of kinds) {
    const rows: [string, string][] = [];
    const groups: Html[] = [];
    for (const issue of found.slice(0, shownInPage)) {
      if (issue.paths.length > 1 && drawn++ < groupsDrawn) groups.push(await group(issue));
      else rows.push([issue.paths.join("\n") || (issue.split ?? ""), issue.detail]);
    }
    const rest = found.length - shownInPage;
    sections.push(html`<h2 id="${kind}">${issueKinds[kind][1]}</h2>
${groups}${rows.length > 0 ? table(["where", "what"], rows) : undefined}${rest > 0 ? html`<p>and ${rest} more</p>` : undefined}`);
  }
  const summary = kinds.map(([kind, found]) => [issueKinds[kind][0], issueKinds[kind][1], found.length]);
  const body = html`<p>${verdict(report)}</p>
<div class="facts">${splits.map(({ name, samples }) => html`<div><b>${count(samples)}</b><span>images in ${name}</span></div>`)}</div>
${summary.length > 0 ? table(["", "found", "#how many"], summary) : undefined}
<h2>Classes</h2><div class="charts">${charts}</div>
${sections}`;
  return page(`${source}: check`, source, body);
}

async function group({ detail, paths }: Issue): Promise<Html> {
  const pictures: Html[] = [];
  for (const path of paths.slice(0, groupDrawn)) {
    const url = await thumbnailUrl(path);
    const image = url === undefined ? undefined : html`<img src="${url}" alt="">`;
    pictures.push(html`<figure>${image}<figcaption>${path}</figcaption></figure>
`);
  }
  const rest = paths.length - groupDrawn;
  return html`<p>${detail}${rest > 0 ? `, ${groupDrawn} of them shown` : ""}</p><div class="shots">${pictures}</div>
`;
}
