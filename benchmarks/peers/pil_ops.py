"""Pillow's and torchvision's image operations, one at a time when asked: the peer of `pnpm bench transforms`.

One JSON object a line. First `{"ready": true, "versions": {...}}`, or `{"missing": "..."}`. Then for
`{"op": NAME, "times": N, "out": FILE}` the operation is done N times, its result's bytes go to FILE (the first time it is
asked for), and the answer is `{"cpu_ms": TOTAL, "width": W, "height": H}`. `{"decode": FILE, "out": FILE}` decodes an image.
"""

import json
import sys
import time

try:
    import PIL
    import torch
    import torchvision
    import torchvision.transforms.functional as F
    from PIL import Image, ImageEnhance, ImageFilter, ImageOps
except ImportError as error:
    print(json.dumps({"missing": f"{error}; run benchmarks/peers/setup.sh"}), flush=True)
    sys.exit(0)

torch.set_num_threads(1)
small, large = (Image.open(path).convert("RGB") for path in sys.argv[1:3])
GREY = (128, 128, 128)


def affine(matrix, how):
    return lambda: small.transform(small.size, Image.AFFINE, matrix, how, fillcolor=GREY)


def rotate(how):
    return lambda: small.rotate(15, how, fillcolor=GREY)


OPS = {
    "invert": lambda: ImageOps.invert(small),
    "posterize 4": lambda: ImageOps.posterize(small, 4),
    "solarize 128": lambda: ImageOps.solarize(small, 128),
    "equalize": lambda: ImageOps.equalize(small),
    "autocontrast": lambda: ImageOps.autocontrast(small),
    "grayscale": lambda: F.to_grayscale(small, 3),
    "gamma 0.7": lambda: F.adjust_gamma(small, 0.7),
    "hue 0.1": lambda: F.adjust_hue(small, 0.1),
    "brightness 1.4": lambda: ImageEnhance.Brightness(small).enhance(1.4),
    "contrast 1.4": lambda: ImageEnhance.Contrast(small).enhance(1.4),
    "color 1.4": lambda: ImageEnhance.Color(small).enhance(1.4),
    "sharpness 1.4": lambda: ImageEnhance.Sharpness(small).enhance(1.4),
    "gaussian blur 1.5": lambda: small.filter(ImageFilter.GaussianBlur(1.5)),
    "kernel blur 9, 1.5": lambda: F.gaussian_blur(small, 9, 1.5),
    "flip": lambda: ImageOps.mirror(small),
    "flip down": lambda: ImageOps.flip(small),
    "rotate 15 nearest": rotate(Image.NEAREST),
    "rotate 15 bilinear": rotate(Image.BILINEAR),
    "rotate 15 bicubic": rotate(Image.BICUBIC),
    "shear 0.2 bicubic": affine((1, 0.2, 0, 0, 1, 0), Image.BICUBIC),
    "translate 20.5 bilinear": affine((1, 0, 20.5, 0, 1, 0), Image.BILINEAR),
    "perspective bilinear": lambda: small.transform(
        small.size, Image.PERSPECTIVE, (0.9, 0.05, 4, -0.03, 1.1, -2, 0.001, -0.0006), Image.BILINEAR, fillcolor=GREY
    ),
    "resize to 224 nearest": lambda: large.resize((224, 224), Image.NEAREST),
    "resize to 224 bilinear": lambda: large.resize((224, 224), Image.BILINEAR),
    "resize to 341 x 256 bicubic": lambda: large.resize((341, 256), Image.BICUBIC),
    "resize to 341 x 256 lanczos": lambda: large.resize((341, 256), Image.LANCZOS),
    "crop and resize bicubic": lambda: F.resized_crop(large, 40, 50, 260, 300, [224, 224], F.InterpolationMode.BICUBIC),
}

versions = {"pillow": PIL.__version__, "torchvision": torchvision.__version__.split("+")[0]}
print(json.dumps({"ready": True, "versions": versions}), flush=True)
for line in sys.stdin:
    try:
        request = json.loads(line)
        if "decode" in request:
            image, cpu_ms = Image.open(request["decode"]).convert("RGB"), None
        else:
            start = time.process_time()
            for _ in range(request["times"]):
                image = OPS[request["op"]]()
            cpu_ms = (time.process_time() - start) * 1000
        if "out" in request:
            with open(request["out"], "wb") as file:
                file.write(image.tobytes())
        print(json.dumps({"cpu_ms": cpu_ms, "width": image.width, "height": image.height}), flush=True)
    except Exception as error:  # noqa: BLE001
        print(json.dumps({"error": f"{line.strip()}: {error!r}"}), flush=True)
