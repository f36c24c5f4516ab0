"""timm's loader as a peer: a step is one batch of uint8 images, as its prefetcher gets them. Protocol: README.md here."""

import argparse
import json
import sys
import time

# More batches than any of the peers makes ahead.
DRAINED = 6

parser = argparse.ArgumentParser()
parser.add_argument("--data", required=True)
parser.add_argument("--batch", type=int, default=64)
parser.add_argument("--workers", type=int, default=2)
parser.add_argument("--mode", default="train")
args = parser.parse_args()


def send(message):
    print(json.dumps(message), flush=True)


try:
    import PIL.ImageOps
    import timm
    import torch
    from timm.data import create_dataset, create_transform
    from timm.data.loader import fast_collate
except ImportError as error:
    send({"missing": f"{error}; run benchmarks/peers/setup.sh"})
    sys.exit(0)

import resource

torch.set_num_threads(1)
posterize = PIL.ImageOps.posterize


def posterize_to_black(image, bits):
    """Pillow 13 refuses 0 bits, which timm's RandAugment draws; older ones gave black."""
    return posterize(image, bits) if bits >= 1 else image.point([0] * 256 * len(image.getbands()))


PIL.ImageOps.posterize = posterize_to_black
training = args.mode == "train"
dataset = create_dataset("", root=args.data, split="train", is_training=training)
dataset.transform = create_transform(
    224,
    is_training=training,
    auto_augment="rand-m9-mstd0.5-inc1" if training else None,
    interpolation="random" if training else "bicubic",
    crop_pct=0.875,
    use_prefetcher=True,
)
loader = torch.utils.data.DataLoader(
    dataset,
    batch_size=args.batch,
    shuffle=training,
    num_workers=args.workers,
    collate_fn=fast_collate,
    drop_last=True,
    persistent_workers=args.workers > 0,
)


def forever():
    while True:
        yield from loader


if __name__ == "__main__":
    versions = {"torch": torch.__version__, "timm": timm.__version__, "pillow": PIL.__version__}
    send({"ready": True, "workers": args.workers, "versions": versions})
    batches = forever()
    for line in sys.stdin:
        ms = []
        # What was made ahead while another peer had its turn does not count.
        for _ in range(DRAINED):
            next(batches)
        for _ in range(json.loads(line)["run"]):
            start = time.perf_counter()
            images, _labels = next(batches)
            assert images.dtype == torch.uint8 and len(images) == args.batch
            ms.append((time.perf_counter() - start) * 1000)
        # The workers' memory is not counted.
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        send({"ms": ms, "peak_mb": peak})
