"""Transforms where users meet them: `data export`, data.transform, and MNIST-C as it is published."""

import fcntl
import gzip
import hashlib
import os
import shutil
import struct

import pytest
from injection import strace
from support import (
    SHIPPED_MNIST,
    SMALL,
    SMOKE,
    assert_has_remedy,
    assert_refusal,
    needs_strace,
    read_json,
    read_predictions,
    read_result,
    snapshot,
)

IMAGES = "t10k-images-idx3-ubyte"
LABELS = "t10k-labels-idx1-ubyte"
FILES = (IMAGES, LABELS, "train-images-idx3-ubyte", "train-labels-idx1-ubyte")


def raw(file):
    return gzip.decompress(file.read_bytes())


def transposed(pixels, rows, columns):
    size = rows * columns
    return b"".join(
        bytes(pixels[at + r * columns + c] for c in range(columns) for r in range(rows))
        for at in range(0, len(pixels), size)
    )


@pytest.fixture
def small_mnist(tmp_path):
    """The first 600 training and 200 test images of MNIST."""
    folder = tmp_path / "small"
    folder.mkdir()
    for name in FILES:
        content = raw(SHIPPED_MNIST / f"{name}.gz")
        count = 200 if name.startswith("t10k") else 600
        header = 16 if "images" in name else 8
        size = 784 if "images" in name else 1
        head = content[:4] + struct.pack(">I", count) + content[8:header]
        (folder / name).write_bytes(head + content[header : header + count * size])
    return folder


def test_export_writes_what_a_transform_makes(bench, small_mnist, tmp_path):
    done = bench("data", "export", "-o", "out", "--data", small_mnist, "--transform", "transpose")
    assert done.code == 0, done.stderr
    for name in FILES:
        content, before = raw(tmp_path / f"out/{name}.gz"), (small_mnist / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() in done.stdout
        if "images" in name:
            assert content[:16] == before[:16]
            assert content[16:] == transposed(before[16:], 28, 28)
        else:
            assert content == before


def test_export_is_deterministic_and_replaces_nothing_unasked(bench, small_mnist, tmp_path):
    arguments = ("data", "export", "--data", small_mnist, "--transform", "gaussian_noise:sigma=0.3")
    assert bench(*arguments, "-o", "a").code == 0
    assert bench(*arguments, "-o", "b").code == 0
    for name in FILES:
        assert (tmp_path / f"a/{name}.gz").read_bytes() == (tmp_path / f"b/{name}.gz").read_bytes()
        assert (tmp_path / f"a/{name}.gz").read_bytes()[4:8] == bytes(4)  # no time in it
    assert_refusal(bench(*arguments, "-o", "a"), 6, "exists already")
    assert bench(*arguments, "-o", "a", "--force").code == 0
    done = bench("data", "export", "--data", small_mnist, "--no-gzip", "-o", "raw")
    assert done.code == 0
    for name in FILES:
        assert (tmp_path / "raw" / name).read_bytes() == (small_mnist / name).read_bytes()


@needs_strace
def test_an_export_that_is_killed_never_leaves_a_set_of_two(bench, small_mnist, tmp_path):
    """Before and after each step: the earlier set, the new one, or one that is refused."""
    export = ("data", "export", "--data", small_mnist, "-o", "out", "--force")
    new = ("--no-gzip", "--transform", "invert")
    assert bench(*export, *new).code == 0
    after = snapshot(tmp_path / "out")
    steps = [("unlink", nth) for nth in (1, 2)] + [("rename", nth) for nth in (1, 2, 3, 4)]
    for earlier, faults in (((), steps[3:4]), (("--no-gzip",), steps)):
        shutil.rmtree(tmp_path / "out")
        assert bench(*export, *earlier).code == 0
        before = snapshot(tmp_path / "out")
        for call, nth in faults:
            inject = ("-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={nth}")
            done, _ = strace((*export, *new), tmp_path, *inject)
            assert done.code == -9
            left = {name: data for name, data in snapshot(tmp_path / "out").items() if name[0] != "."}
            if left not in (before, after):
                assert_refusal(bench("data", "info", "out"), 3, "out")
            assert bench(*export, *earlier).code == 0
            assert snapshot(tmp_path / "out") == before


def test_an_export_leaves_another_that_is_at_work_alone(bench, small_mnist, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / f"out/.{IMAGES}.tmp-abc123").write_text("of the other")
    export = ("data", "export", "--data", small_mnist, "-o", "out")
    folder = os.open(tmp_path / "out", os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        assert_refusal(bench(*export), 6, "out is in use by another mnist-bench process")
        assert len(snapshot(tmp_path / "out")) == 1
    finally:
        os.close(folder)
    assert bench(*export).code == 0
    assert snapshot(tmp_path / "out").keys() == {f"{name}.gz" for name in FILES}


def test_export_never_replaces_what_it_reads(bench, small_mnist, tmp_path):
    before = snapshot(small_mnist)
    (tmp_path / "link").symlink_to("small")
    (tmp_path / "links").mkdir()
    for name in FILES:
        (tmp_path / "links" / name).symlink_to(small_mnist / name)
    for data, output in (("small", "small"), ("small", "link"), ("link", "small/."), ("links", "small")):
        for force in ((), ("--force",)):
            done = bench("data", "export", "--data", data, "-o", output, *force)
            assert_refusal(done, 2, f"cannot export into {output}", "holds the data to export")
            assert_has_remedy(done)
    assert snapshot(small_mnist) == before


def test_export_names_what_is_wrong(bench, small_mnist):
    export = ("data", "export", "-o", "out", "--data", small_mnist, "--transform")
    assert_refusal(bench(*export, "transpsoe"), 2, 'did you mean "transpose"?')
    assert_refusal(bench(*export, "pixelate:size=5"), 2, "pixelate")
    assert_refusal(bench("data", "export"), 2, "--output is required")


def test_training_on_transformed_data_is_training_on_their_export(bench, small_mnist, tmp_path):
    spec = "permute_pixels:seed=1"
    assert bench("data", "export", "-o", "permuted", "--data", small_mnist, "--transform", spec).code == 0
    common = ("device=cpu", "threads=1", "training.epochs=1", "data.train_limit=500", "data.test_limit=100")
    transform = 'data.transform=[{"type": "permute_pixels", "seed": 1}]'
    for engine in ("native", "libtorch"):
        on_export, on_the_fly = tmp_path / f"{engine}-export", tmp_path / f"{engine}-fly"
        for output, *data in [(on_export, "data.directory=permuted"), (on_the_fly, "data.directory=small", transform)]:
            done = bench("run", SMOKE, *common, f"training.engine={engine}", *data, f"output={output}", "-q")
            assert done.code == 0, done.stderr
        a, b = read_result(on_export), read_result(on_the_fly)
        assert a["parameters_sha256"] == b["parameters_sha256"]
        assert a["test"] == b["test"]
        assert a["config_hash"] != b["config_hash"]
        assert read_predictions(on_export) == read_predictions(on_the_fly)


def test_images_of_another_shape_are_trained_on(bench, small_mnist, tmp_path):
    for model, shape in [("mlp", (20, 31)), ("cnn", (16, 12))]:
        transform = f'data.transform=[{{"type": "resize", "rows": {shape[0]}, "columns": {shape[1]}}}]'
        overrides = (*SMALL[:2], "training.epochs=1", "data.directory=small", transform, "training.engine=native")
        done = bench("run", SMOKE.parent / f"{model}.json", *overrides, f"output={model}", "-q")
        assert done.code == 0, done.stderr
        assert bench("verify", model).code == 0
        layers = read_result(tmp_path / model)["model"]["layers"]
        assert layers[0]["output_shape"] == ([shape[0] * shape[1]] if model == "mlp" else [32, *shape])
        assert bench("config", "check", f"{model}/config.json").code == 0
        # A shift acts on the images as they are read, before the run's own transform.
        assert bench("evaluate", model, "--transform", "shift:dx=2").code == 0
        done = bench("evaluate", model, "--transform", "resize:rows=14,columns=14")
        assert_refusal(done, 2, "changes the images' shape")


def npy(path, array_type, shape, data):
    header = f"{{'descr': '{array_type}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data)


def test_mnist_c_is_read_as_it_is_published(bench, small_mnist, tmp_path):
    overrides = (*SMALL[:2], "data.directory=small", "training.epochs=1", "training.engine=native")
    assert bench("run", SMOKE, *overrides, "data.train_limit=500", "data.test_limit=100", "output=run", "-q").code == 0
    pixels = (small_mnist / IMAGES).read_bytes()[16:]
    labels = (small_mnist / LABELS).read_bytes()[8:]
    for name, images, shape in [
        ("identity", pixels, "(200, 28, 28, 1)"),
        ("inverted", bytes(255 - v for v in pixels), "(200, 28, 28)"),
    ]:
        (tmp_path / "mnist_c" / name).mkdir(parents=True)
        npy(tmp_path / f"mnist_c/{name}/test_images.npy", "|u1", shape, images)
        npy(tmp_path / f"mnist_c/{name}/test_labels.npy", "<i8", "(200,)", struct.pack("<200q", *labels))
    done = bench("evaluate", "run", "--suite", "mnist-c:mnist_c")
    assert done.code == 0, done.stderr
    assert done.stdout.count("mnist-c-") == 2
    run = tmp_path / "run/evaluations"
    clean = read_json(run / "mnist-c-identity/identity.json")
    assert clean["test"]["confusion_matrix"] == read_result(tmp_path / "run")["test"]["confusion_matrix"]
    assert clean["against_clean"]["accuracy_change"] == 0
    inverted = read_json(run / "mnist-c-inverted/identity.json")
    assert bench("evaluate", "run", "--transform", "invert").code == 0
    own = read_json(run / "test/invert.json")
    assert inverted["test"] == own["test"]
    assert inverted["against_clean"] == own["against_clean"]
    assert inverted["data"]["sha256"] == own["data"]["sha256"]
    # The same again computes nothing; other bytes under the same name are evaluated again.
    assert "0 evaluations computed" in bench("evaluate", "run", "--suite", "mnist-c:mnist_c").stderr
    npy(tmp_path / "mnist_c/inverted/test_images.npy", "|u1", "(200, 28, 28)", pixels)
    assert "1 evaluation computed" in bench("evaluate", "run", "--suite", "mnist-c:mnist_c").stderr
    assert read_json(run / "mnist-c-inverted/identity.json")["test"] == clean["test"]
    # One that somebody has put among those of the test set is not one of these.
    (run / "test").mkdir(exist_ok=True)
    shutil.copy(run / "mnist-c-inverted/identity.json", run / "test/identity.json")
    assert "1 evaluation computed" in bench("evaluate", "run").stderr
    assert read_json(run / "test/identity.json")["data"]["dataset"] != "mnist-c"


def test_a_damaged_mnist_c_is_refused(bench, small_mnist, tmp_path):
    overrides = (*SMALL[:2], "data.directory=small", "training.epochs=1", "training.engine=native")
    assert bench("run", SMOKE, *overrides, "data.train_limit=500", "data.test_limit=100", "output=run", "-q").code == 0
    evaluate = ("evaluate", "run", "--suite", "mnist-c:mnist_c")
    assert_refusal(bench(*evaluate), 3, "mnist_c")
    fog = tmp_path / "mnist_c/fog"
    fog.mkdir(parents=True)
    npy(fog / "test_labels.npy", "|u1", "(2,)", b"\1\2")
    npy(fog / "test_images.npy", "|u1", "(2, 28, 28)", bytes(2 * 784 - 1))
    assert_refusal(bench(*evaluate), 3, "fog/test_images.npy")
    npy(fog / "test_images.npy", "|O", "(2, 28, 28)", bytes(2 * 784))
    assert_refusal(bench(*evaluate), 3, "fog/test_images.npy")
    npy(fog / "test_images.npy", "|u1", "(2, 14, 14)", bytes(2 * 196))
    assert_refusal(bench(*evaluate), 3, "does not take images of 14 × 14")
    npy(fog / "test_images.npy", "|u1", "(2, 28, 28)", bytes(2 * 784))
    npy(fog / "test_labels.npy", "|u1", "(2,)", b"\1\12")
    assert_refusal(bench(*evaluate), 3, "fog/test_labels.npy")
    assert not (tmp_path / "run/evaluations").exists()
