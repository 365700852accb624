"""`predict`: images of one's own."""

import gzip
import random
import shutil
import struct
import zlib
from pathlib import Path

import pytest
from conftest import run_binary
from support import (
    CPU,
    SHIPPED_MNIST,
    SMOKE,
    assert_has_remedy,
    assert_refusal,
    parse_json,
    read_predictions,
)


def mnist_image(index):
    raw = gzip.decompress((SHIPPED_MNIST / "t10k-images-idx3-ubyte.gz").read_bytes())
    return [raw[16 + index * 784 + row * 28 :][:28] for row in range(28)]


def png(rows, channels=1):
    """A PNG file of 8 bits a channel, by the specification."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    colour = {1: 0, 3: 2}[channels]
    header = struct.pack(">IIBBBBB", len(rows[0]) // channels, len(rows), 8, colour, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def enlarged(rows, factor):
    return [bytes(v for v in row for _ in range(factor)) for row in rows for _ in range(factor)]


def dark_on_light(rows):
    return [bytes(255 - v for v in row) for row in rows]


@pytest.fixture(scope="module", params=["native", "libtorch"])
def model(tmp_path_factory, request):
    """A small MLP that is right about most digits, trained once per engine."""
    folder = tmp_path_factory.mktemp(request.param)
    overrides = (*CPU, "training.epochs=5", "data.train_limit=3000", "data.test_limit=200")
    engine = f"training.engine={request.param}"
    done = run_binary("run", SMOKE, *overrides, engine, "output=run", "-q", cwd=folder)
    assert done.code == 0, done.stderr
    return folder / "run"


@pytest.fixture
def trained(model, tmp_path):
    return Path(shutil.copytree(model, tmp_path / "run"))


def predictions_of(done):
    assert done.code == 0, done.stderr
    printed = parse_json(done.stdout)
    assert printed["schema"] == "mnist-bench.predict/1"
    return printed["predictions"]


def test_images_of_the_test_set_are_predicted_as_in_the_run(bench, trained, tmp_path):
    rows = read_predictions(trained)[:20]
    names = []
    for row in rows:
        names.append(f"{row['index']}.png")
        (tmp_path / names[-1]).write_bytes(png(mnist_image(row["index"])))
    found = predictions_of(bench("predict", "run", *names, "--json"))
    assert [prediction["image"] for prediction in found] == names
    assert [prediction["class"] for prediction in found] == [row["predicted"] for row in rows]
    for prediction, row in zip(found, rows, strict=True):
        assert prediction["probability"] == pytest.approx(row["probability"], abs=1e-6)
        assert prediction["probabilities"][prediction["class"]] == prediction["probability"]
        assert sum(prediction["probabilities"]) == pytest.approx(1, abs=1e-5)


def test_a_whole_idx_file(bench, trained):
    found = predictions_of(bench("predict", "run", SHIPPED_MNIST / "t10k-images-idx3-ubyte.gz", "--json"))
    assert len(found) == 10000
    for row in read_predictions(trained):
        assert found[row["index"]]["class"] == row["predicted"]
        assert found[row["index"]]["image"].endswith(f"[{row['index']}]")


def test_an_image_of_another_size_is_brought_into_form(bench, trained, tmp_path):
    sure = [row for row in read_predictions(trained) if row["probability"] > 0.99][:10]
    for row in sure:
        rows = dark_on_light(enlarged(mnist_image(row["index"]), 5))
        colours = [bytes(v for v in line for _ in range(3)) for line in rows]
        (tmp_path / "x.png").write_bytes(png(colours, channels=3))
        done = bench("predict", "run", "x.png", "--json")
        (found,) = predictions_of(done)
        assert found["class"] == row["predicted"]
        assert "x.png: 140 × 140 pixels, dark on light: inverted; scaled and centred in 28 × 28" in done.stderr
        assert "inverted" not in bench("predict", "run", "x.png", "-q").stderr


def test_grain_of_paper_is_not_ink(bench, trained, tmp_path):
    """Noise of 8 grey levels on a pencil's contrast of 100: none of it may widen the digit's box."""
    grain = random.Random(1)
    sure = [row for row in read_predictions(trained) if row["probability"] > 0.99][:10]
    right = 0
    for row in sure:
        paper = [[200] * 200 for _ in range(200)]
        for y, line in enumerate(enlarged(mnist_image(row["index"]), 4)):
            paper[60 + y][30 : 30 + len(line)] = [200 - v * 100 // 255 for v in line]
        noisy = [bytes(round(v + grain.gauss(0, 8)) for v in line) for line in paper]
        (tmp_path / "x.png").write_bytes(png(noisy))
        (found,) = predictions_of(bench("predict", "run", "x.png", "--json"))
        right += found["class"] == row["predicted"]
    assert right >= 9


def test_images_that_cannot_be_used_do_not_keep_others_from_being_predicted(bench, trained, tmp_path):
    row = read_predictions(trained)[0]
    (tmp_path / "good.png").write_bytes(png(mnist_image(row["index"])))
    (tmp_path / "cut.png").write_bytes(png(mnist_image(0))[:60])
    (tmp_path / "blank.png").write_bytes(png([bytes(40)] * 40))
    done = bench("predict", "run", "cut.png", "good.png", "missing.png", "blank.png")
    assert_refusal(done, 3, "error: cannot read cut.png", "warning: cannot read blank.png")
    assert "missing.png" in done.stderr
    assert done.stdout == f"good.png: {row['predicted']} ({100 * row['probability']:.1f} %)\n"
    done = bench("predict", "run", "blank.png", "good.png", "--json")
    assert done.code == 3
    assert [found["image"] for found in parse_json(done.stdout)["predictions"]] == ["good.png"]


def test_the_noise_of_an_image_does_not_depend_on_the_others(bench, tmp_path):
    noisy = 'data.transform=[{"type":"gaussian_noise","sigma":0.5}]'
    few = (*CPU, "training.epochs=1", "data.train_limit=500", "data.test_limit=100")
    assert bench("run", SMOKE, *few, noisy, "output=run", "-q").code == 0
    (tmp_path / "a.png").write_bytes(png(mnist_image(0)))
    (tmp_path / "b.png").write_bytes(png(mnist_image(1)))
    (tmp_path / "cut.png").write_bytes(png(mnist_image(0))[:60])
    (alone,) = predictions_of(bench("predict", "run", "b.png", "--json"))
    for others in (("a.png",), ("cut.png",), ("cut.png", "a.png")):
        found = parse_json(bench("predict", "run", *others, "b.png", "--json").stdout)["predictions"][-1]
        # LibTorch rounds differently for one image and for two, on some machines.
        assert found["probabilities"] == pytest.approx(alone["probabilities"], abs=1e-6)


def test_stdin_and_lines(bench, trained, tmp_path):
    row = read_predictions(trained)[0]
    (tmp_path / "x.png").write_bytes(png(mnist_image(row["index"])))
    with open(tmp_path / "x.png", "rb") as file:
        done = bench("predict", "run", "-", stdin=file)
    assert done.code == 0, done.stderr
    assert done.stdout == f"stdin: {row['predicted']} ({100 * row['probability']:.1f} %)\n"


def test_a_line_per_image_whatever_it_is_called(bench, trained, tmp_path):
    for name in ("two\nlines.png", "\x1b[31m.png"):
        (tmp_path / name).write_bytes(png(mnist_image(0)))
    done = bench("predict", "run", "two\nlines.png", "\x1b[31m.png")
    assert done.code == 0, done.stderr
    assert [line.split(": ")[0] for line in done.stdout.splitlines()] == [
        "two\\x0alines.png", "\\x1b[31m.png"
    ]  # fmt: skip
    found = predictions_of(bench("predict", "run", "two\nlines.png", "--json"))
    assert found[0]["image"] == "two\nlines.png"


def idx(count, rows, columns, pixels):
    return struct.pack(">IIII", 0x803, count, rows, columns) + pixels


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (idx(3, 28, 28, bytes(2 * 784)), "where its header announces 2352 (3 × 28 × 28)"),
        (idx(2**31 - 1, 2**31 - 1, 28, b""), "a side may have at most 65536 pixels"),
        (idx(0, 28, 28, b""), "announces nothing to read"),
        (struct.pack(">II", 0x801, 1) + b"\3", "a labels file instead of the images file"),
        (gzip.compress(idx(1, 28, 28, bytes(784)))[:30], "its gzip stream is truncated"),
        (b"P5 28 28 255\n" + bytes(783), "where its header announces 784"),
        (b"P5 100000 100000 255\n", "its width is 100000"),
        (b"P5 28 28 70000\n", "its maximum is 70000"),
        (b"P2 28 28 255\n" + b"300 " * 784, "its pixel is 300"),
        (b"", "it is empty"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_damaged_images_are_refused_with_the_reason(bench, finished_run, tmp_path, content, why):
    (tmp_path / "image").write_bytes(content)
    done = bench("predict", finished_run, "image")
    assert_refusal(done, 3, "image", why)
    assert_has_remedy(done)
    assert done.stdout == ""


def test_what_is_no_image_is_refused(bench, finished_run, tmp_path):
    for name, why in (
        ("-", "stdin: nothing was written to it"),
        (tmp_path, "it is a folder"),
        ("/dev/zero", "larger than the"),
    ):
        done = bench("predict", finished_run, name)
        assert_refusal(done, 3, why)
        assert_has_remedy(done)


def test_one_png_is_read_not_the_first_of_two(bench, trained, tmp_path):
    (tmp_path / "two").write_bytes(2 * png(mnist_image(0)))
    with open(tmp_path / "two", "rb") as file:
        done = bench("predict", "run", "-", stdin=file)
    assert_refusal(done, 3, "stdin", "bytes after its end")
    assert done.stdout == ""


def test_what_an_image_of_the_models_size_lacks_is_said(bench, trained, tmp_path):
    (tmp_path / "paper.png").write_bytes(png(dark_on_light(mnist_image(0))))
    (tmp_path / "blank.png").write_bytes(png([bytes([40]) * 28] * 27 + [bytes([71]) * 28]))
    (tmp_path / "faint.png").write_bytes(png([bytes([40]) * 28] * 27 + [bytes([72]) * 28]))
    done = bench("predict", "run", "paper.png", "blank.png", "faint.png")
    assert done.code == 0, done.stderr
    assert len(done.stdout.splitlines()) == 3
    paper, blank = done.stderr.splitlines()
    assert "paper.png: its border is light" in paper
    assert "invert it first" in paper
    assert "blank.png: it is blank" in blank
    assert bench("predict", "run", "blank.png", "paper.png", "--raw").stderr == ""


def test_sizes_are_width_by_height(bench, trained, tmp_path):
    wide = [row + bytes(100) for row in enlarged(mnist_image(0), 2)]
    (tmp_path / "wide.png").write_bytes(png(wide))
    assert "wide.png: 156 × 56 pixels" in bench("predict", "run", "wide.png").stderr
    assert_refusal(bench("predict", "run", "wide.png", "--raw"), 3, "wide.png: 156 × 56 pixels")


def test_what_cannot_be_used_is_refused(bench, trained, tmp_path):
    image = png(enlarged(mnist_image(0), 2))
    (tmp_path / "large.png").write_bytes(image)
    assert_refusal(bench("predict", "run", "large.png", "--raw"), 3, "large.png: 56 × 56 pixels, but the model takes 28 × 28")
    (tmp_path / "cut.png").write_bytes(image[: len(image) // 2])
    assert_refusal(bench("predict", "run", "cut.png"), 3, "cut.png")
    (tmp_path / "flipped.png").write_bytes(image[:60] + bytes([image[60] ^ 1]) + image[61:])
    assert_refusal(bench("predict", "run", "flipped.png"), 3, "flipped.png")
    (tmp_path / "x.jpg").write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(100))
    assert_refusal(bench("predict", "run", "x.jpg"), 3, "x.jpg", "PNG")
    (tmp_path / "blank.png").write_bytes(png([bytes(40)] * 40))
    assert_refusal(bench("predict", "run", "blank.png"), 3, "blank.png")
    huge = bytearray(png([bytes(30)] * 30))
    huge[16:24] = struct.pack(">II", 100000, 100000)
    huge[29:33] = struct.pack(">I", zlib.crc32(bytes(huge[12:29])))
    (tmp_path / "huge.png").write_bytes(huge)
    assert_refusal(bench("predict", "run", "huge.png"), 3, "huge.png")
    assert_refusal(bench("predict", "run", "missing.png"), 3, "missing.png")
    assert_refusal(bench("predict", ".", "large.png"), 6, "is not the folder of a run")
    assert_refusal(bench("predict", "run"), 2, "IMAGE is required")
    (tmp_path / "run/model.safetensors").unlink()
    assert_refusal(bench("predict", "run", "large.png"), 6, "model.safetensors")
