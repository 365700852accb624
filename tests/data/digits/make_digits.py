#!/usr/bin/env python3
"""Makes the images of this folder (PGM) and forms.json: MNIST's form of each, as digit_form_test.cpp
expects it to within a grey level.

Needs NumPy and Pillow, which draws the digits:  python3 make_digits.py
"""

import json
from pathlib import Path

import numpy as np
import PIL
from PIL import Image, ImageDraw, ImageFont

FOLDER = Path(__file__).resolve().parent
SEED = 20261129


def resampling(source, target):
    """[target, source]: means over areas down, linear interpolation up."""
    if target > source:
        at = np.clip((np.arange(target) + 0.5) * source / target - 0.5, 0, source - 1)
        return np.array([np.interp(at, np.arange(source), unit) for unit in np.eye(source)]).T
    fine = np.repeat(np.eye(source), target, axis=0)  # pixels cut into `target` pieces each
    return fine.reshape(target, source, source).mean(axis=1)


def digit_form(grey, rows, columns):
    """MNIST's form of a greyscale image, and whether it was inverted."""
    border = np.concatenate([grey[0], grey[-1], grey[1:-1, 0], grey[1:-1, -1]]).astype(float)
    if grey.shape[0] == 1:
        border = grey[0].astype(float)
    elif grey.shape[1] == 1:
        border = grey[:, 0].astype(float)
    background = float(np.sort(border)[(len(border) - 1) // 2])
    difference = grey.astype(float) - background
    inverted = bool(-difference.min() > difference.max())
    if inverted:
        difference = -difference
    noise = 1.4826 * np.sort(np.abs(border - background))[(len(border) - 1) // 2]
    image = np.where(difference < 5 * noise, 0, difference * 255 / difference.max()).clip(0)
    ink = image >= 26
    r = np.flatnonzero(ink.any(axis=1))
    c = np.flatnonzero(ink.any(axis=0))
    crop = image[r[0] : r[-1] + 1, c[0] : c[-1] + 1]
    box = max(1, int(np.floor(min(rows, columns) * 20 / 28 + 0.5)))
    high, wide = (max(1, int(np.floor(n * box / max(crop.shape) + 0.5))) for n in crop.shape)
    small = resampling(crop.shape[0], high) @ crop @ resampling(crop.shape[1], wide).T
    offsets = []
    for axis, (size, field) in enumerate(((high, rows), (wide, columns))):
        centre = (small.sum(axis=1 - axis) * np.arange(size)).sum() / small.sum()
        offsets.append(int(np.clip(np.floor(field // 2 - centre + 0.5), 0, field - size)))
    form = np.zeros((rows, columns))
    form[offsets[0] : offsets[0] + high, offsets[1] : offsets[1] + wide] = small
    return np.floor(form + 0.5).astype(np.uint8), inverted


def drawn(text, size, paper, ink, where=(8, 4), scale=40, noise=0, generator=None):
    image = Image.new("L", size, paper)
    font = ImageFont.load_default(size=scale)
    ImageDraw.Draw(image).text(where, text, fill=ink, font=font)
    grey = np.asarray(image).astype(int)
    if noise:
        grey = grey + generator.integers(-noise, noise + 1, grey.shape)
    return np.clip(grey, 0, 255).astype(np.uint8)


def main():
    generator = np.random.default_rng(SEED)
    images = {
        "large-dark-on-light": drawn("4", (60, 70), 255, 0, scale=60),
        "light-on-dark": drawn("7", (45, 50), 0, 255),
        "pencil-on-grey-paper": drawn("2", (50, 50), 205, 90, noise=4, generator=generator),
        "in-low-light": drawn("3", (50, 50), 110, 20, noise=4, generator=generator),
        "noisy-photo": drawn("5", (60, 60), 150, 40, scale=40, noise=24, generator=generator),
        "smaller-than-the-box": drawn("9", (12, 14), 255, 0, where=(2, 0), scale=11),
        "wide": np.rot90(drawn("1", (40, 60), 255, 0)),
        "off-centre": drawn("6", (64, 48), 0, 200, where=(40, 6), scale=28),
    }
    forms = []
    for name, grey in images.items():
        Image.fromarray(grey).save(FOLDER / f"{name}.pgm")
        for rows, columns in ((28, 28), (32, 40)):
            form, inverted = digit_form(grey, rows, columns)
            forms.append({"image": f"{name}.pgm", "rows": rows, "columns": columns,
                          "inverted": inverted, "pixels": form.ravel().tolist()})  # fmt: skip
    oracle = {"versions": {m.__name__: m.__version__ for m in (np, PIL)}, "forms": forms}
    (FOLDER / "forms.json").write_text(json.dumps(oracle, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
