// What travels with weights: where they live, how their images are prepared, under which licence.

/** How an image becomes a model's input. Written beside every checkpoint and export, so that evaluation is reproducible. */
export interface Preprocess {
  /** Height and width of the input in pixels. */
  size: readonly [number, number];
  channels: number;
  /** The shortest edge is resized to size / cropPct before the centre is cut out. */
  cropPct: number;
  cropMode: "center" | "squash" | "border";
  interpolation: "nearest" | "bilinear" | "bicubic" | "lanczos";
  /** Subtracted from pixels in 0 to 1, by channel. */
  mean: readonly number[];
  /** Divided by, by channel. */
  std: readonly number[];
}

/** How images are prepared, whatever the size and number of channels of the model. */
export type Preparation = Omit<Preprocess, "size" | "channels">;

/** A published checkpoint of a variant. */
export interface Pretrained {
  /** Repository on the Hugging Face hub, for example `timm/vit_small_patch16_224.augreg_in21k_ft_in1k`. */
  hub: string;
  /** timm's name of the training run. */
  tag: string;
  license: string;
  /** Classes of its head; 0 for a backbone without one. */
  numClasses: number;
  /** Side of its images in pixels, where that is not the variant's. */
  imgSize?: number;
  preparation: Preparation;
}

/** What a published checkpoint has unlike most of its family. */
export interface PretrainedRow extends Partial<Preparation> {
  /** Left out where it is `timm/<variant>.<tag>`. */
  hub?: string;
  /** Left out where it is Apache-2.0. */
  license?: string;
  /** Left out where it is 1000. */
  numClasses?: number;
  /** Left out where it is the variant's. */
  imgSize?: number;
}

/** A variant's checkpoints from rows by tag; `base` is how most of the family prepares images. */
export function published(
  variant: string,
  rows: Readonly<Record<string, PretrainedRow>>,
  base: Preparation,
): Pretrained[] {
  return Object.entries(rows).map(([tag, row]) => {
    const { hub = `timm/${variant}.${tag}`, license = "apache-2.0", numClasses = 1000, imgSize, ...preparation } = row;
    const size = imgSize === undefined ? {} : { imgSize };
    return { hub, tag, license, numClasses, ...size, preparation: { ...base, ...preparation } };
  });
}

export const imagenetMean: readonly number[] = [0.485, 0.456, 0.406];
export const imagenetStd: readonly number[] = [0.229, 0.224, 0.225];
export const inceptionMean: readonly number[] = [0.5, 0.5, 0.5];
export const inceptionStd: readonly number[] = [0.5, 0.5, 0.5];
export const clipMean: readonly number[] = [0.48145466, 0.4578275, 0.40821073];
export const clipStd: readonly number[] = [0.26862954, 0.26130258, 0.27577711];
