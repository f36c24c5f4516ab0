// The frame of every page: one file that needs nothing else, no scripts, no fonts, no network.

import { type Html, html } from "./html.ts";
import { style } from "./style.ts";

/** A whole page with a heading. */
export function page(title: string, heading: string, body: Html): string {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${title}</title><style>${{ html: style }}</style></head>
<body><main>
<h1>${heading}</h1>${body}
</main></body></html>
`.html;
}
