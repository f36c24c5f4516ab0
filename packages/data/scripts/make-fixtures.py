"""Writes src/__fixtures__/pil.json: what Pillow makes of a small picture. Run by hand: pip install pillow; python make-fixtures.py"""

import json
import pathlib

import PIL
from PIL import Image, ImageEnhance

WIDTH, HEIGHT = 11, 7


def picture():
    """A ramp with edges: neighbouring pixels differ a little or a lot, and 0 and 255 occur."""
    image = Image.new("RGB", (WIDTH, HEIGHT))
    for y in range(HEIGHT):
        for x in range(WIDTH):
            n = y * WIDTH + x
            image.putpixel((x, y), ((n * 37) % 256, (n * n * 5) % 256, 255 if (x + y) % 3 == 0 else (n * 11) % 200))
    return image


def turn_hue(image, shift):
    h, s, v = image.convert("HSV").split()
    h = h.point(lambda value: (value + int(shift * 255)) % 256)
    return Image.merge("HSV", (h, s, v)).convert("RGB")


def stored(image):
    return {"width": image.width, "height": image.height, "hex": image.tobytes().hex()}


image = picture()
filters = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3}
cases = {
    "resize": [
        {"interpolation": name, "box": box, **stored((image.crop(box) if box else image).resize(size, filters[name]))}
        for name in filters
        for size, box in [((5, 4), None), ((16, 9), None), ((11, 3), None), ((6, 6), (2, 1, 9, 6))]
    ],
    "brightness": [{"factor": f, **stored(ImageEnhance.Brightness(image).enhance(f))} for f in (0.3, 1.6)],
    "contrast": [{"factor": f, **stored(ImageEnhance.Contrast(image).enhance(f))} for f in (0.3, 1.6)],
    "saturation": [{"factor": f, **stored(ImageEnhance.Color(image).enhance(f))} for f in (0.3, 1.6)],
    "hue": [{"shift": s, **stored(turn_hue(image, s))} for s in (0.1, -0.25, 0.5)],
}
cmyk = Image.new("CMYK", (3, 1))
for x, inks in enumerate([(10, 200, 90, 30), (0, 0, 0, 255), (255, 128, 3, 77)]):
    cmyk.putpixel((x, 0), inks)
fixture = {
    "pillow": PIL.__version__,
    "picture": stored(image),
    "grey": stored(image.convert("L")),
    "cmyk": {"inks": cmyk.tobytes().hex(), "rgb": cmyk.convert("RGB").tobytes().hex()},
    **cases,
}
target = pathlib.Path(__file__).parent.parent / "src" / "__fixtures__" / "pil.json"
target.write_text(json.dumps(fixture, indent=1) + "\n")
