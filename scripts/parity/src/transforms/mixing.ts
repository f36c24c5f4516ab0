// Mixup and CutMix of a batch as the training step does them, with the weights and boxes that the reference drew, on every
// backend; and the boxes themselves.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { jit, tf, VitrineError } from "@vitrine/core";
import { parseSafetensors } from "@vitrine/core/node";
import { backendNames, useBackend } from "@vitrine/test-utils/golden";
import { cutmixBox, type Mix, mixImages, mixRows, mixTargets } from "@vitrine/train";
import { type Comparison, compare } from "./compare.ts";
import type { TransformCases } from "./transforms.ts";

type Box = [yl: number, yh: number, xl: number, xh: number];

interface MixEntry {
  key: string;
  /** Left out where all images are mixed alike. */
  mode?: "batch" | "pair" | "elem";
  lam: number | number[];
  /** Left out: where there are boxes. */
  cutmix?: boolean | boolean[];
  boxes_yl_yh_xl_xh?: Box[] | null;
  /** Left out where the weight is that of the box already. */
  correct_lam?: boolean;
  smoothing: number;
  /** `x[perm], …` where it is not the reversed batch. */
  partner?: string;
}

/** The tolerance of the cases. */
const bound = { kind: "within", value: 1e-6 } as const;

export async function checkMixing({ folder, listed }: TransformCases): Promise<Comparison[]> {
  const file = join(folder, "mixup.safetensors");
  const tensors = parseSafetensors(readFileSync(file), file);
  const read = (name: string) => {
    const shape = tensors.header.get(name)?.shape;
    if (shape === undefined) throw new VitrineError(file, `has no tensor "${name}"`);
    return { shape: [...shape], values: Array.from(tensors.readNumbers(name)) };
  };
  const x = read("x");
  const labels = Int32Array.from(read("labels").values);
  const [size, , height, width] = x.shape as [number, number, number, number];
  const rows: Comparison[] = [];
  for (const backend of backendNames) {
    await useBackend(backend);
    for (const entry of listed as MixEntry[]) {
      const { key, mode, smoothing, partner } = entry;
      const mixes = mixesOf(entry, size, height, width);
      const partners = partner?.includes("[perm]") ? Int32Array.from(read("perm").values) : undefined;
      const mix = mixRows(mixes, mode);
      const run = jit((images: tf.Tensor4D, weights: tf.Tensor2D) => mixImages(images, weights, partners));
      const images = tf.tidy(() =>
        tf.transpose(tf.tensor4d(x.values, x.shape as [number, number, number, number]), [0, 2, 3, 1]),
      );
      const out = run(images, tf.tensor2d(mix, [mix.length / 5, 5]));
      const found = tf.transpose(out, [0, 3, 1, 2]).dataSync();
      run.dispose();
      rows.push(compare(`mixup ${key}.x, ${backend}`, found, read(`${key}.x`).values, bound));
      if (backend !== backendNames[0]) continue;
      const target = read(`${key}.target`);
      const targets = mixTargets(labels, target.shape[1]!, smoothing, mixes, partners);
      rows.push(compare(`mixup ${key}.target`, targets, target.values, bound));
    }
  }
  return rows;
}

/** What is done to each image, from what was drawn for the batch, for pairs, or for images. */
function mixesOf(entry: MixEntry, size: number, height: number, width: number): (Mix | undefined)[] {
  const boxes = [...(entry.boxes_yl_yh_xl_xh ?? [])];
  const cuts = entry.cutmix ?? boxes.length > 0;
  const one = (lam: number, cut: boolean): Mix | undefined => {
    if (lam === 1) return undefined;
    if (!cut) return { lam };
    const box = boxes.length > 1 ? boxes.shift()! : boxes[0]!;
    const share = 1 - ((box[1] - box[0]) * (box[3] - box[2])) / (height * width);
    return { lam: entry.correct_lam === true ? share : lam, box };
  };
  if (typeof entry.lam === "number") {
    const mix = one(entry.lam, cuts === true);
    return Array.from({ length: size }, () => mix);
  }
  const drawn = entry.lam.map((lam, i) => one(lam, typeof cuts === "boolean" ? cuts : cuts[i]!));
  return entry.mode === "pair" ? [...drawn, ...drawn.slice().reverse()] : drawn;
}

interface BoxEntry {
  lam: number;
  centre_y_x: [number, number];
  shape_hw: [number, number];
  box_yl_yh_xl_xh: Box;
  corrected_lam: number;
}

export async function checkBoxes({ listed }: TransformCases): Promise<Comparison[]> {
  return (listed as BoxEntry[]).map(
    ({ lam, centre_y_x, shape_hw: [height, width], box_yl_yh_xl_xh, corrected_lam }) => {
      const box = cutmixBox(lam, height, width, centre_y_x);
      const share = 1 - ((box[1] - box[0]) * (box[3] - box[2])) / (height * width);
      const name = `cutmix_boxes ${lam} at ${centre_y_x.join(", ")} of ${height} x ${width}`;
      return compare(name, [...box, share], [...box_yl_yh_xl_xh, corrected_lam], { kind: "within", value: 1e-12 });
    },
  );
}
