// What `vitrine data preview` shows, as a contact sheet and as a page.

import { contactSheet, type RawImage, type Transform } from "@vitrine/data";
import { type Html, html, page, table } from "@vitrine/train";
import type { PreviewedImage } from "../preview.ts";
import { pictureUrl } from "./picture.ts";

export interface PreviewedBatch {
  position: number;
  images: readonly PreviewedImage[];
}

/** `cat 0.63 + dog 0.28` */
const targetText = ({ targets }: PreviewedImage, most = 3) =>
  targets
    .slice(0, most)
    .map(({ class: name, weight }) => `${name} ${weight.toFixed(2)}`)
    .join(" + ");

const wordsOf = ({ split, done }: PreviewedImage) =>
  [...(split === undefined ? [] : [split === 0 ? "clean" : `split ${split}`]), ...done].join("; ");

/** Without the place, which the picture shows. */
const short = (done: string) => done.replace(/ at .*/, "").replaceAll(" × ", "×");

/** All images of all batches, each sample's in one row. Classes a line, since a line is short. */
export function previewSheet(
  batches: readonly PreviewedBatch[],
  wanted: number | undefined,
  splits: number | undefined,
): RawImage {
  const images = batches.flatMap(({ images }) => images);
  const columns = wanted ?? (splits && splits * Math.max(1, Math.round(Math.sqrt(images.length) / splits)));
  const tiles = images.map((one) => {
    const targets = one.targets.slice(0, 2).map(({ class: name, weight }) => `${weight.toFixed(2)} ${name}`);
    return {
      image: one.image,
      caption: [...targets, ...(targets.length < 2 ? [""] : []), ...one.done.slice(0, 1).map(short)],
    };
  });
  return contactSheet(tiles, columns === undefined ? {} : { columns });
}

export async function previewPage(
  title: string,
  facts: readonly (readonly [string, string])[],
  transform: Transform,
  batches: readonly PreviewedBatch[],
): Promise<string> {
  const sections: Html[] = [];
  for (const { position, images } of batches) {
    const figures: Html[] = [];
    for (const one of images) {
      const url = await pictureUrl(one.image, one.image.width <= 96 ? "png" : "jpeg");
      const small = one.image.width <= 96 ? ' style="image-rendering:pixelated"' : "";
      figures.push(html`<figure><img src="${url}" alt="${one.label}"${{ html: small }}><figcaption>${targetText(one)}<span>${wordsOf(one)}</span><span>${one.name}</span></figcaption></figure>
`);
    }
    sections.push(html`<h2>Batch ${position}</h2><div class="shots">${figures}</div>`);
  }
  const steps = transform.ops.map(({ op, ...rest }) => [op, JSON.stringify(rest)]);
  const body = html`<p>What the trainer sees, turned back into pictures, with what the model is to say of each.</p>
${sections}
<h2>How</h2>${table(["", "value"], facts)}
<h3>Transform</h3>${table(["operation", "options"], steps)}`;
  return page(`${title}: preview`, title, body);
}
