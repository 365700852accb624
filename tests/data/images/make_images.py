#!/usr/bin/env python3
"""Makes the PNG and PGM files of this folder and greys.json, the greys that image_file_test.cpp
expects of them.

Needs NumPy and Pillow:  python3 make_images.py
The greys are Pillow's. Of PNG files with 16 bits, which Pillow cuts or clips, they are computed
here by the same formulas, after rounding to 8 bits.
"""

import json
import struct
import zlib
from pathlib import Path

import numpy as np
import PIL
from PIL import Image

FOLDER = Path(__file__).resolve().parent
SEED = 20261129
ROWS, COLUMNS = 5, 7
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6  # PNG's colour types
CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}
ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2),
         (1, 0, 2, 1))  # fmt: skip  (first row, first column, rows apart, columns apart)

greys = {}


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed(values, depth):
    """The rows of [rows, columns, channels], each after its filter's type, 0."""
    lines = b""
    for row in values:
        if depth == 16:
            line = row.astype(">u2").tobytes()
        else:
            bits = (row.reshape(-1, 1) >> np.arange(depth - 1, -1, -1)) & 1
            line = np.packbits(bits.ravel().astype(np.uint8)).tobytes()
        lines += b"\0" + line
    return lines


def png(name, kind, depth, values, palette=None, transparency=None, interlaced=False):
    rows, columns = values.shape[:2]
    header = struct.pack(">IIBBBBB", columns, rows, depth, kind, 0, 0, int(interlaced))
    file = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    if palette is not None:
        file += chunk(b"PLTE", palette.astype(np.uint8).tobytes())
    if transparency is not None:
        file += chunk(b"tRNS", transparency)
    parts = [values[r::dr, c::dc] for r, c, dr, dc in ADAM7] if interlaced else [values]
    data = b"".join(packed(part, depth) for part in parts if part.size)
    file += chunk(b"IDAT", zlib.compress(data, 9)) + chunk(b"IEND", b"")
    (FOLDER / name).write_bytes(file)


def on_paper(image):
    """Of an image of RGBA: on white, or on black where nothing on white is dark."""
    for background in (255, 0):
        paper = Image.new("RGB", image.size, (background,) * 3)
        paper.paste(image.convert("RGB"), mask=image.getchannel("A"))
        grey = np.asarray(paper.convert("L"))
        if grey.min() < 128:
            break
    return grey


def expect(name, grey):
    rows, columns = grey.shape
    greys[name] = {"rows": rows, "columns": columns, "pixels": grey.ravel().tolist()}


def expect_pillow(name):
    image = Image.open(FOLDER / name)
    if "A" in image.mode or "transparency" in image.info:
        expect(name, on_paper(image.convert("RGBA")))
    else:
        expect(name, np.asarray(image.convert("L")))


def expect_rounded(name, kind, values):
    """Of 16 bits."""
    rounded = (values.astype(np.int64) * 255 + 32767) // 65535
    if kind in (GREY, GREY_ALPHA):
        rounded = np.concatenate([rounded[..., :1]] * 3 + [rounded[..., 1:]], axis=-1)
    image = Image.fromarray(rounded.astype(np.uint8), "RGBA" if rounded.shape[-1] == 4 else "RGB")
    expect(name, on_paper(image) if image.mode == "RGBA" else np.asarray(image.convert("L")))


def main():
    generator = np.random.default_rng(SEED)

    def noise(kind, depth):
        return generator.integers(0, 2**depth, size=(ROWS, COLUMNS, CHANNELS[kind]))

    kinds = ((GREY, "grey"), (RGB, "rgb"), (GREY_ALPHA, "grey-alpha"), (RGBA, "rgba"))
    for kind, title in kinds:
        for depth in (1, 2, 4, 8) if kind == GREY else (8,):
            name = f"{title}-{depth}.png"
            png(name, kind, depth, noise(kind, depth))
            expect_pillow(name)
        name = f"{title}-16.png"
        values = noise(kind, 16)
        png(name, kind, 16, values)
        expect_rounded(name, kind, values)
        png(f"{title}-interlaced.png", kind, 8, noise(kind, 8), interlaced=True)
        expect_pillow(f"{title}-interlaced.png")
    for depth in (1, 2, 4, 8):
        palette = generator.integers(0, 256, size=(2**depth if depth < 8 else 100, 3))
        values = generator.integers(0, len(palette), size=(ROWS, COLUMNS, 1))
        png(f"palette-{depth}.png", PALETTE, depth, values, palette)
        expect_pillow(f"palette-{depth}.png")
    png("palette-alpha.png", PALETTE, 2, noise(PALETTE, 2), np.arange(12) * 20, b"\0\x80\xff")
    expect_pillow("palette-alpha.png")
    values = noise(GREY, 8)
    png("grey-key.png", GREY, 8, values, transparency=struct.pack(">H", values[1, 2, 0]))
    expect_pillow("grey-key.png")
    values = noise(RGB, 8)
    png("rgb-key.png", RGB, 8, values, transparency=struct.pack(">HHH", *values[3, 1]))
    expect_pillow("rgb-key.png")
    # Ink on a transparent canvas, opaque in the middle: black, and white.
    canvas = np.zeros((ROWS, COLUMNS, 4), dtype=np.int64)
    canvas[1:4, 2:5, 3] = (128, 255, 128)
    for ink, title in ((0, "black"), (255, "white")):
        canvas[..., :3] = ink
        png(f"{title}-ink.png", RGBA, 8, canvas)
        expect_pillow(f"{title}-ink.png")

    # Pillow's own files.
    ramp = Image.fromarray(generator.integers(0, 256, (ROWS, COLUMNS, 3)).astype(np.uint8))
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA"):
        ramp.convert(mode).save(FOLDER / f"pillow-{mode}.png", optimize=True)
        expect_pillow(f"pillow-{mode}.png")
    ramp.convert("L").save(FOLDER / "pillow.pgm")
    expect_pillow("pillow.pgm")

    values = generator.integers(0, 16, size=(ROWS, COLUMNS))
    text = "\n".join(" ".join(map(str, row)) for row in values)
    (FOLDER / "plain.pgm").write_text(f"P2\n# drawn by hand\n{COLUMNS} {ROWS} # a size\n15\n{text}\n")
    expect_pillow("plain.pgm")
    values = generator.integers(0, 65536, size=(ROWS, COLUMNS))
    header = b"P5 %d %d 65535\n" % (COLUMNS, ROWS)
    (FOLDER / "deep.pgm").write_bytes(header + values.astype(">u2").tobytes())
    expect("deep.pgm", (values * 255 + 32767) // 65535)
    values = generator.integers(0, 101, size=(ROWS, COLUMNS))
    header = b"P5\n%d\n%d\n100\n" % (COLUMNS, ROWS)
    (FOLDER / "percent.pgm").write_bytes(header + values.astype(np.uint8).tobytes())
    expect("percent.pgm", (values * 255 + 50) // 100)

    oracle = {"versions": {m.__name__: m.__version__ for m in (np, PIL)}, "greys": greys}
    (FOLDER / "greys.json").write_text(json.dumps(oracle, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
