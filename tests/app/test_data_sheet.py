"""`data sheet`: test images after each transform, as a page and as a drawing."""

import base64
import re
import struct
import zlib
from xml.etree import ElementTree

import pytest
from support import SHIPPED_MNIST, assert_has_remedy, assert_refusal, read_labels

SPECS = ("rotate:degrees=15", "gaussian_noise:sigma=0.3,seed=7", "permute_pixels:seed=3", "transpose+invert")
GAP = 2
SVG = "{http://www.w3.org/2000/svg}"


def png_rows(png):
    """The rows of an 8-bit greyscale PNG, read by zlib alone."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    at, data, size = 8, b"", None
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, content = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        assert zlib.crc32(kind + content) == struct.unpack(">I", png[at + 8 + length : at + 12 + length])[0]
        if kind == b"IHDR":
            size = struct.unpack(">II", content[:8])
            assert content[8:] == bytes([8, 0, 0, 0, 0])
        data += content if kind == b"IDAT" else b""
        at += 12 + length
    width, height = size
    raw, rows = zlib.decompress(data), []
    for r in range(height):
        kind, line = raw[r * (width + 1)], bytearray(raw[r * (width + 1) + 1 : (r + 1) * (width + 1)])
        above = rows[-1] if rows else bytes(width)
        for c in range(width):
            left, up, corner = (line[c - 1] if c else 0), above[c], (above[c - 1] if c else 0)
            near = min((left, up, corner), key=lambda v, p=left + up - corner: abs(p - v))
            line[c] = (line[c] + (0, left, up, (left + up) // 2, near)[kind]) & 255
        rows.append(bytes(line))
    return rows


def tiles(rows, columns, side=28):
    """The images of a mosaic, 255 as drawn black, each pixel as 2 × 2."""
    assert rows[::2] == rows[1::2]
    assert all(row[::2] == row[1::2] for row in rows)
    rows = [row[::2] for row in rows[::2]]
    images = []
    for top in range(0, len(rows), side + GAP):
        for left in range(0, columns * (side + GAP), side + GAP):
            tile = b"".join(row[left : left + side] for row in rows[top : top + side])
            images.append(bytes(255 - value for value in tile))
    return images


def pictures(text):
    """SPEC and PNG of each strip of a page or a drawing."""
    found = re.findall(r">([^<]+)</(?:figcaption|text)><im(?:age|g)[^>]*\"data:image/png;base64,([^\"]+)\"", text)
    return {spec: base64.b64decode(png) for spec, png in found}


def exported(bench, tmp_path, spec):
    assert bench("data", "export", "-o", "out", "--no-gzip", "--force", "--transform", spec).code == 0
    return (tmp_path / "out/t10k-images-idx3-ubyte").read_bytes()[16:]


def first_of_each_class(count):
    labels = read_labels(SHIPPED_MNIST / "t10k-labels-idx1-ubyte.gz")
    firsts = [labels.index(label) for label in range(10)]
    seconds = [labels.index(label, first + 1) for label, first in enumerate(firsts)]
    return [*firsts, *seconds][:count]


def test_both_formats_have_the_bytes_that_export_writes(bench, tmp_path):
    transforms = [word for spec in SPECS for word in ("--transform", spec)]
    for file in ("sheet.html", "sheet.svg"):
        done = bench("data", "sheet", "-o", file, *transforms, "--images", "10")
        assert (done.code, done.stdout, done.stderr) == (0, "", f"wrote {file}\n")
    html, svg = (pictures((tmp_path / file).read_text()) for file in ("sheet.html", "sheet.svg"))
    assert html == svg
    assert list(html) == ["identity", *SPECS]
    images = first_of_each_class(10)
    for spec, png in html.items():
        pixels = exported(bench, tmp_path, spec)
        assert tiles(png_rows(png), columns=5) == [pixels[i * 784 : i * 784 + 784] for i in images]


def test_the_standard_suite_is_shown_unless_told_otherwise(bench, tmp_path):
    assert bench("data", "sheet", "-o", "sheet.svg").code == 0
    root = ElementTree.parse(tmp_path / "sheet.svg").getroot()
    assert root.find(f"{SVG}title").text == "Transforms of the suite standard"
    text = (tmp_path / "sheet.svg").read_text()
    assert len(re.findall("<image", text)) == 100
    assert "Test images 3, 2, 1, 18 of mnist, labels 0, 1, 2, 3" in text
    assert first_of_each_class(4) == [3, 2, 1, 18]
    # A file that needs nothing else, and the same one each time.
    assert set(re.findall(r'href="([^,]*)', text)) == {"data:image/png;base64"}
    assert bench("data", "sheet", "-o", "again.svg", "--suite", "standard").code == 0
    assert (tmp_path / "again.svg").read_text() == text


def test_a_suite_of_ones_own_and_every_number_of_images(bench, tmp_path):
    (tmp_path / "mine.json").write_text('["shift:dx=1", "resize:rows=14,columns=20", "identity"]')
    for count, width, height in [(1, 28, 28), (6, 88, 58), (7, 118, 58), (20, 148, 118)]:
        done = bench("data", "sheet", "-o", "a.html", "--suite", "mine.json", "--images", count)
        assert done.code == 0, done.stderr
        found = pictures((tmp_path / "a.html").read_text())
        assert list(found) == ["identity", "shift:dx=1", "resize:rows=14,columns=20"]
        rows = png_rows(found["shift:dx=1"])
        assert (len(rows[0]), len(rows)) == (2 * width, 2 * height)
        assert "Transforms of the suite mine" in (tmp_path / "a.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["-o", "sheet.png"], 2, ["cannot tell the format of 'sheet.png'", "ends in one of .html, .svg"]),
        (["-o", "sheet"], 2, ["ends in one of .html, .svg"]),
        (["-o", "a.svg", "--suite", "standrad"], 2, ["there is no suite 'standrad'", "standard, shift, noise, quick"]),
        (["-o", "a.svg", "--images", "21"], 2, ["--images", "21", "1", "20"]),
        (["-o", "a.svg", "--images", "0"], 2, ["--images", "0"]),
        (["-o", "a.svg", "--transform", "rotate"], 2, ["degrees"]),
        (["-o", "a.svg", "--transform", "pixelate:size=5"], 2, ["pixelate"]),
        (["-o", "folder.svg"], 6, ["folder.svg: it is a folder"]),
        (["-o", "nowhere/a.svg"], 6, ["there is no folder nowhere", "mkdir -p nowhere"]),
        (["-o", "a.svg", "--data", "nowhere"], 3, ["nowhere"]),
        ([], 2, ["--output is required"]),
    ],
    ids=str,
)
def test_what_is_wrong_is_named_and_nothing_is_written(bench, tmp_path, arguments, code, words):
    (tmp_path / "folder.svg").mkdir()
    done = bench("data", "sheet", *arguments)
    assert_refusal(done, code, *words)
    if code == 2 and arguments:
        assert_has_remedy(done)
    assert [path.name for path in tmp_path.iterdir()] == ["folder.svg"]
