// The few pieces of HTML that the report is made of. Everything from outside (class names, options) is escaped here.

/** Text that is HTML already. */
export interface Html {
  readonly html: string;
}

type Part = Html | string | number | undefined | readonly Part[];

/** A template whose parts are escaped unless they are HTML. */
export function html(pieces: TemplateStringsArray, ...parts: Part[]): Html {
  return { html: pieces.reduce((text, piece, i) => text + render(parts[i - 1]) + piece) };
}

function render(part: Part): string {
  if (part === undefined) return "";
  if (typeof part === "string") return escaped(part);
  if (typeof part === "number") return String(part);
  return "html" in part ? part.html : part.map(render).join("");
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (c) => entities[c]!);
}

/** A table; columns whose name starts with `#` hold numbers and are aligned to the right. */
export function table(columns: readonly string[], rows: readonly (readonly (string | number)[])[]): Html {
  const kind = (i: number) => (columns[i]!.startsWith("#") ? "number" : "text");
  const head = columns.map((name, i) => html`<th class="${kind(i)}">${name.replace("#", "")}</th>`);
  const body = rows.map(
    (row) => html`<tr>${row.map((cell, i) => html`<td class="${kind(i)}">${cell}</td>`)}</tr>
`,
  );
  return html`<div class="wide"><table><thead><tr>${head}</tr></thead><tbody>
${body}</tbody></table></div>`;
}
