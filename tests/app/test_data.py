"""Data sets of one's own: what is read, what is refused and how, and what their records say."""

import gzip
import hashlib
import random
import struct

import pytest
from support import CPU, TINY_MODEL, assert_has_remedy, assert_refusal, parse_json, read_result

FILES = {
    "train_images": "train-images-idx3-ubyte",
    "train_labels": "train-labels-idx1-ubyte",
    "test_images": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}
SIDE = 8


def idx(shape, values, code=0x08, kind="B"):
    header = bytes([0, 0, code, len(shape)]) + struct.pack(f">{len(shape)}I", *shape)
    return header + struct.pack(f">{len(values)}{kind}", *values)


def image(label, generator, brightness=200):
    """A bar in row (label mod 8), and for every 8 labels one more pixel: easy to learn."""
    pixels = [generator.randrange(20) for _ in range(SIDE * SIDE)]
    row = label % SIDE
    for column in range(SIDE):
        pixels[SIDE * row + column] = brightness if column != label // SIDE % SIDE else brightness // 2
    return pixels


def data_set(label_of, sizes=(200, 60), brightness=200):
    """The bytes of the four files, by role; label_of(i) is the label of image i."""
    generator = random.Random(1)
    files = {}
    for split, size in zip(("train", "test"), sizes):
        labels = [label_of(i) for i in range(size)]
        pixels = [p for label in labels for p in image(label, generator, brightness)]
        files[f"{split}_images"] = idx((size, SIDE, SIDE), pixels)
        files[f"{split}_labels"] = idx((size,), labels)
    return files


def write(folder, files, name_of=lambda name: name):
    folder.mkdir(parents=True, exist_ok=True)
    for role, content in files.items():
        (folder / name_of(FILES[role])).write_bytes(content)
    return folder


@pytest.fixture(name="config")
def fixture_config(tmp_path):
    """A config of a model that learns these images in a moment."""
    file = tmp_path / "bars.json"
    file.write_text(
        """{"model": {"type": "mlp", "hidden": [32], "dropout": 0},
            "data": {"dataset": "bars"}, "optimizer": {"learning_rate": 0.01},
            "training": {"engine": "native", "epochs": 20, "batch_size": 16}}"""
    )
    return file


@pytest.fixture(name="run")
def fixture_run(bench, config):
    def run(folder, *overrides):
        return bench("run", config, *CPU, f"data.directory={folder}", *overrides)

    return run


# Class sets


def test_macro_averages_go_over_the_classes_that_occur(run, tmp_path):
    letters = write(tmp_path / "letters", data_set(lambda i: 1 + i % 4))
    done = run(letters, "--output", "out", "--expect", "macro_f1>=1")
    assert done.code == 0, done
    test = read_result(tmp_path / "out")["test"]
    assert test["accuracy"] == 1
    assert test["macro"] == {"precision": 1, "recall": 1, "f1": 1, "classes": [1, 2, 3, 4]}
    assert test["undefined"] == ["precision[0]", "recall[0]", "f1[0]"]
    assert read_result(tmp_path / "out")["epochs"][-1]["test"]["macro_f1"] == 1
    assert "1 of the 5 classes has no training image" in done.stderr


def test_a_single_class_is_warned_of_trained_and_reported(run, bench, tmp_path):
    one = write(tmp_path / "one", data_set(lambda i: 0))
    warning = "the training set has 200 images, of class 0 alone: there is nothing to distinguish"
    info = bench("data", "info", one)
    assert info.code == 0
    assert "1 class (label 0)" in info.stdout
    assert f"warning: {warning}" in info.stderr
    done = run(one, "--output", "out", "training.epochs=1")
    assert done.code == 0, done
    assert warning in done.stderr
    assert read_result(tmp_path / "out")["test"]["macro"]["classes"] == [0]
    names = [f"report{ending}" for ending in (".html", ".md", ".tex", ".csv", ".json")]
    names += ["confusion.svg", "classes.svg"]
    made = bench("report", "out", *(part for name in names for part in ("-o", name)))
    assert made.code == 0, made
    assert bench("compare", "out", "out").code in (0, 2)


# Ambiguity


@pytest.mark.parametrize(
    "name_of",
    [
        lambda name: name.replace("-idx", ".idx"),
        lambda name: name.upper(),
        lambda name: name + ".gz",
    ],
)
def test_two_files_for_one_role_are_refused_and_named(run, bench, tmp_path, name_of):
    folder = write(tmp_path / "both", data_set(lambda i: i % 4))
    write(folder, data_set(lambda i: 3 - i % 4), name_of)
    name = FILES["train_images"]
    for done in (run(folder), bench("data", "verify", folder), bench("data", "info", folder)):
        assert_refusal(done, 3, "training images", str(folder / name), str(folder / name_of(name)))
        assert_has_remedy(done)
    assert not (tmp_path / "runs").exists()


def test_test_and_t10k_are_one_role(run, tmp_path):
    folder = write(tmp_path / "both", data_set(lambda i: i % 4))
    other = {"test_labels": data_set(lambda i: 3 - i % 4)["test_labels"]}
    write(folder, other, lambda name: name.replace("t10k", "test"))
    assert_refusal(run(folder), 3, "t10k-labels-idx1-ubyte", "test-labels-idx1-ubyte")


def test_two_files_with_the_same_bytes_are_one(run, tmp_path):
    files = data_set(lambda i: i % 4)
    folder = write(tmp_path / "twice", files)
    write(folder, {role: gzip.compress(content) for role, content in files.items()},
          lambda name: name + ".gz")  # fmt: skip
    assert run(folder, "training.epochs=1").code == 0


def test_record_names_the_four_files_it_was_made_from(run, tmp_path):
    files = data_set(lambda i: i % 4)
    folder = write(tmp_path / "data", files)
    compressed = folder / f"{FILES['test_labels']}.gz"
    compressed.write_bytes(gzip.compress(files["test_labels"]))
    (folder / FILES["test_labels"]).unlink()
    done = run("data", "--output", "out", "training.epochs=1")  # relative
    assert done.code == 0, done
    path = {role: str(folder / name) for role, name in FILES.items()}
    path["test_labels"] = str(compressed)
    assert read_result(tmp_path / "out")["data"]["files"] == [
        {"role": role, "path": path[role], "sha256": hashlib.sha256(files[role]).hexdigest()}
        for role in FILES
    ]


# Pixels


def mean_and_sd(content):
    pixels = [p / 255 for p in content[16:]]
    mean = sum(pixels) / len(pixels)
    return mean, (sum((p - mean) ** 2 for p in pixels) / len(pixels)) ** 0.5


@pytest.mark.parametrize("engine", ["native", "libtorch"])
def test_normalization_takes_all_training_images_of_the_file(run, tmp_path, engine):
    files = data_set(lambda i: i % 4)
    folder = write(tmp_path / "data", files)
    mean, sd = mean_and_sd(files["train_images"])
    for name, constants in (("dataset", (mean, sd)), ("none", (0, 1 / 255)), ("unit", (0, 1))):
        done = run(folder, f"data.normalization={name}", f"training.engine={engine}",
                   "data.train_limit=40", "training.epochs=2", "--output", name)  # fmt: skip
        assert done.code == 0, done
        recorded = read_result(tmp_path / name)["data"]["normalization"]
        assert recorded == pytest.approx({"mean": constants[0], "std": constants[1]}, abs=1e-12)


def test_images_without_contrast_have_no_deviation_to_divide_by(run, tmp_path):
    files = data_set(lambda i: i % 4)
    files["train_images"] = files["train_images"][:16] + bytes(200 * SIDE * SIDE)
    folder = write(tmp_path / "black", files)
    assert_refusal(run(folder, "data.normalization=dataset"), 3, "the same value", "unit")
    done = run(folder, "training.epochs=1")
    assert done.code == 0, done
    assert "all pixels of the training images have the value 0" in done.stderr


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda p: p // 16, "largest pixel value of the training images is 12"),
        (lambda p: 255 - p, "bright background"),
        (lambda p: min(255, p + 60), "far from MNIST's 0.1307 and 0.3081"),
    ],
)
def test_pixels_unlike_mnists_are_warned_of(run, bench, tmp_path, change, words):
    files = data_set(lambda i: i % 4)
    for role in ("train_images", "test_images"):
        files[role] = files[role][:16] + bytes(change(p) for p in files[role][16:])
    folder = write(tmp_path / "odd", files)
    done = run(folder, "training.epochs=1")
    assert done.code == 0, done
    assert "warning: " in done.stderr
    assert words in done.stderr
    info = bench("data", "info", folder)
    assert words in info.stderr
    assert "warning" not in info.stdout


def test_mnist_is_warned_of_by_nothing(bench):
    assert bench("data", "info").stderr == ""


# What is found instead


@pytest.mark.parametrize(("code", "kind"), [(9, "b"), (11, "h"), (12, "i")])
def test_labels_of_any_integer_type_are_read(run, tmp_path, code, kind):
    files = data_set(lambda i: i % 4)
    for role, size in (("train_labels", 200), ("test_labels", 60)):
        files[role] = idx((size,), [i % 4 for i in range(size)], code, kind)
    folder = write(tmp_path / "wide", files)
    done = run(folder, "--output", "out", "--expect", "accuracy>=1")
    assert done.code == 0, done
    data = read_result(tmp_path / "out")["data"]
    assert data["train"]["class_counts"] == [50] * 4
    both = files["train_images"] + files["train_labels"]
    assert data["train"]["sha256"] == hashlib.sha256(both).hexdigest()


def test_images_with_a_channel_are_read(bench, tmp_path):
    files = data_set(lambda i: i % 4)
    content = files["train_images"]
    files["train_images"] = idx((200, SIDE, SIDE, 1), list(content[16:]))
    done = bench("data", "info", write(tmp_path / "channel", files))
    assert done.code == 0, done
    assert f"{SIDE} × {SIDE}" in done.stdout


@pytest.mark.parametrize(
    ("role", "content", "words"),
    [
        ("train_labels", idx((200,), [0.0] * 200, 13, "f"), "32-bit floats"),
        ("train_labels", idx((200, 8), [0] * 1600, 12, "i"), "200 × 8 32-bit integers"),
        ("train_images", idx((200, 8, 8), [0.0] * 12800, 14, "d"),
         "64-bit floats; only unsigned bytes are read"),
        ("train_images", b"<!DOCTYPE html><html>Please log in</html>", "an HTML page"),
        ("train_images", b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
        ("train_images", b"PK\x03\x04 and so on", "a zip archive"),
        ("train_images", gzip.compress(gzip.compress(b"x" * 99)), "compressed by gzip twice"),
        ("train_images", b"\x03\x08\0\0" + bytes(12), "byte-swapped"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",  # the content is too long for a name
)  # fmt: skip
def test_a_file_of_another_kind_is_called_by_its_name(bench, tmp_path, role, content, words):
    folder = write(tmp_path / "data", data_set(lambda i: i % 4) | {role: content})
    done = bench("data", "info", folder)
    assert_refusal(done, 3, str(folder / FILES[role]), words)
    assert_has_remedy(done)


def test_names_in_upper_case_and_folders_next_to_the_files(bench, tmp_path):
    files = data_set(lambda i: i % 4)
    upper = write(tmp_path / "upper", files, str.upper)
    kaggle = write(tmp_path / "kaggle", files, lambda name: name.replace("-idx", ".idx"))
    for role, name in FILES.items():
        write(kaggle / name, {role: files[role]})
    inner = tmp_path / "inner"
    for role, name in FILES.items():
        write(inner / name, {role: files[role]})
    for folder in (upper, kaggle, inner):
        done = bench("data", "info", folder)
        assert done.code == 0, done
        assert "4 classes (labels 0 to 3)" in done.stdout


def test_what_a_folder_holds_instead_of_the_files_is_named(bench, tmp_path):
    root = tmp_path / "root"
    write(root / "MNIST" / "raw", data_set(lambda i: i % 4))
    done = bench("data", "info", "root")
    assert_refusal(done, 3, f"root (relative to {tmp_path})", "MNIST/", "root/MNIST/raw")
    nowhere = bench("data", "info", "nowhere")
    assert_refusal(nowhere, 3, f"nowhere (relative to {tmp_path})", "name a folder")
    bare = write(tmp_path / "bare", data_set(lambda i: i % 4), lambda name: name + ".bin")
    assert_refusal(bench("data", "info", bare), 3, f"{FILES['train_images']}.bin", "rename")


# Many classes


def test_256_classes_stay_readable(run, bench, tmp_path):
    many = write(tmp_path / "many", data_set(lambda i: i % 256, (512, 512)))
    for seed in (1, 2):
        done = run(many, f"seed={seed}", "training.epochs=2", TINY_MODEL)
        assert done.code == 0, done
        assert max(map(len, (done.stdout + done.stderr).splitlines())) <= 200
    names = [f"report{ending}" for ending in (".html", ".md", ".tex", ".csv", ".json")]
    names += ["confusion.svg", "classes.svg"]
    made = bench("report", "runs", *(part for name in names for part in ("-o", name)))
    assert made.code == 0, made
    shown = bench("report", "runs")
    assert max(map(len, shown.stdout.splitlines())) <= 250
    for name in names:
        assert (tmp_path / name).stat().st_size < 2_000_000, name
    # Wider than a page: it scrolls instead of shrinking its numbers.
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.count("min-width:") >= 2
    assert parse_json((tmp_path / "report.json").read_text(encoding="utf-8"))
    compared = bench("compare", "runs/bars/seed-1", "runs/bars/seed-2")
    assert compared.code == 0, compared
    assert max(map(len, compared.stdout.splitlines())) <= 600  # its last line is a sentence or two
