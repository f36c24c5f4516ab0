// Public data sets: where they are, what their files must be, and how they are made ready. Addresses and checksums are torchvision's,
// those of CIFAR's binary version stand on its own page.

export interface RemoteFile {
  /** What it is called on this machine. */
  name: string;
  /** Where it is; the next is asked where one does not have it. */
  urls: readonly string[];
  md5: string;
}

/** Steps after unpacking, by name: see arrange.ts. */
export type Arrangement = "flowers102" | "oxford-pets" | "food101" | "dtd" | "wordnet";

export interface KnownData {
  title: string;
  page: string;
  /** About, to be downloaded. */
  megabytes: number;
  files: readonly RemoteFile[];
  arrange?: Arrangement;
  /** What `openDataset` is told in place of the folder: `emnist-letters:DIR`. */
  prefix?: string;
}

/** Files below one or more addresses, with their checksums. */
function files(bases: readonly string[], sums: Readonly<Record<string, string>>): RemoteFile[] {
  return Object.entries(sums).map(([name, md5]) => ({ name, urls: bases.map((base) => base + name), md5 }));
}

const toronto = ["https://www.cs.toronto.edu/~kriz/"];
const oxford = "https://www.robots.ox.ac.uk/~vgg/data/";
const imagenette = ["https://s3.amazonaws.com/fast-ai-imageclas/"];

export const catalogue = {
  cifar10: {
    title: "CIFAR-10, 60,000 images of 32 x 32 in 10 classes",
    page: "https://www.cs.toronto.edu/~kriz/cifar.html",
    megabytes: 170,
    files: files(toronto, { "cifar-10-binary.tar.gz": "c32a1d4ab5d03f1284b67883e8d87530" }),
  },
  cifar100: {
    title: "CIFAR-100, 60,000 images of 32 x 32 in 100 classes",
    page: "https://www.cs.toronto.edu/~kriz/cifar.html",
    megabytes: 169,
    files: files(toronto, { "cifar-100-binary.tar.gz": "03b5dce01913d631647c71ecec9e9cb8" }),
  },
  mnist: {
    title: "MNIST, 70,000 digits of 28 x 28",
    page: "http://yann.lecun.com/exdb/mnist/",
    megabytes: 12,
    files: files(["https://ossci-datasets.s3.amazonaws.com/mnist/", "http://yann.lecun.com/exdb/mnist/"], {
      "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
      "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
      "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
      "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
    }),
  },
  "fashion-mnist": {
    title: "Fashion-MNIST, 70,000 clothes of 28 x 28 in 10 classes",
    page: "https://github.com/zalandoresearch/fashion-mnist",
    megabytes: 31,
    files: files(["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"], {
      "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
      "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
      "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
      "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
    }),
    prefix: "fashion-mnist",
  },
  kmnist: {
    title: "Kuzushiji-MNIST, 70,000 characters of 28 x 28 in 10 classes",
    page: "http://codh.rois.ac.jp/kmnist/",
    megabytes: 21,
    files: files(["http://codh.rois.ac.jp/kmnist/dataset/kmnist/"], {
      "train-images-idx3-ubyte.gz": "bdb82020997e1d708af4cf47b453dcf7",
      "train-labels-idx1-ubyte.gz": "e144d726b3acfaa3e44228e80efcd344",
      "t10k-images-idx3-ubyte.gz": "5c965bf0a639b31b8f53240b1b52f4d7",
      "t10k-labels-idx1-ubyte.gz": "7320c461ea6c1c855c0b718fb2a4b134",
    }),
  },
  emnist: {
    title: "EMNIST, 814,255 letters and digits of 28 x 28 in six sets",
    page: "https://www.nist.gov/itl/products-and-services/emnist-dataset",
    megabytes: 562,
    files: [
      {
        name: "gzip.zip",
        urls: ["https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip"],
        md5: "58c8d27c78d21e728a6bc7b3cc06412e",
      },
    ],
    prefix: "emnist-balanced",
  },
  qmnist: {
    title: "QMNIST, 120,000 digits of 28 x 28",
    page: "https://github.com/facebookresearch/qmnist",
    megabytes: 21,
    files: files(["https://raw.githubusercontent.com/facebookresearch/qmnist/master/"], {
      "qmnist-train-images-idx3-ubyte.gz": "ed72d4157d28c017586c42bc6afe6370",
      "qmnist-train-labels-idx2-int.gz": "0058f8dd561b90ffdd0f734c6a30e5e4",
      "qmnist-test-images-idx3-ubyte.gz": "1394631089c404de565df7b7aeaf9412",
      "qmnist-test-labels-idx2-int.gz": "5b5b05890a5e13444e108efe57b788aa",
    }),
  },
  flowers102: {
    title: "Oxford 102 Flowers, 8,189 photographs in 102 classes",
    page: `${oxford}flowers/102/`,
    megabytes: 345,
    files: files([`${oxford}flowers/102/`], {
      "102flowers.tgz": "52808999861908f626f3c1f4e79d11fa",
      "imagelabels.mat": "e0620be6f572b9609742df49c70aed4d",
      "setid.mat": "a5357ecc9cb78c4bef273ce3793fc85c",
    }),
    arrange: "flowers102",
  },
  "oxford-pets": {
    title: "Oxford-IIIT Pet, 7,349 photographs in 37 classes",
    page: `${oxford}pets/`,
    megabytes: 811,
    files: files([`${oxford}pets/data/`], {
      "images.tar.gz": "5c4f3ee8e5d25df40f4fd59a7f44e54c",
      "annotations.tar.gz": "95a8c909bbe2e81eed6a22bccdf3f68f",
    }),
    arrange: "oxford-pets",
  },
  food101: {
    title: "Food-101, 101,000 photographs in 101 classes",
    page: "https://data.vision.ee.ethz.ch/cvl/datasets_extra/food-101/",
    megabytes: 4996,
    files: files(["http://data.vision.ee.ethz.ch/cvl/"], { "food-101.tar.gz": "85eeb15f3717b99a5da872d97d918f87" }),
    arrange: "food101",
  },
  dtd: {
    title: "Describable Textures, 5,640 photographs in 47 classes (the first of its ten splits)",
    page: `${oxford}dtd/`,
    megabytes: 625,
    files: files([`${oxford}dtd/download/`], { "dtd-r1.0.1.tar.gz": "fff73e5086ae6bdbea199a49dfb8a4c1" }),
    arrange: "dtd",
  },
  eurosat: {
    title: "EuroSAT, 27,000 satellite images of 64 x 64 in 10 classes",
    page: "https://github.com/phelber/eurosat",
    megabytes: 94,
    files: [
      {
        name: "EuroSAT.zip",
        urls: [
          "https://huggingface.co/datasets/torchgeo/eurosat/resolve/c877bcd43f099cd0196738f714544e355477f3fd/EuroSAT.zip",
        ],
        md5: "c8fa014336c82ac7804f0398fcb19387",
      },
    ],
  },
  imagenette: {
    title: "Imagenette, 13,394 photographs in 10 easy classes of ImageNet",
    page: "https://github.com/fastai/imagenette",
    megabytes: 1557,
    files: files(imagenette, { "imagenette2.tgz": "fe2fc210e6bb7c5664d602c3cd71e612" }),
    arrange: "wordnet",
  },
  "imagenette-320": {
    title: "Imagenette with a shorter edge of 320",
    page: "https://github.com/fastai/imagenette",
    megabytes: 342,
    files: files(imagenette, { "imagenette2-320.tgz": "3df6f0d01a2c9592104656642f5e78a3" }),
    arrange: "wordnet",
  },
  "imagenette-160": {
    title: "Imagenette with a shorter edge of 160",
    page: "https://github.com/fastai/imagenette",
    megabytes: 99,
    files: files(imagenette, { "imagenette2-160.tgz": "e793b78cc4c9e9a4ccc0c1155377a412" }),
    arrange: "wordnet",
  },
} satisfies Readonly<Record<string, KnownData>>;
