"""`export`: trained models as ONNX files. What they compute is judged by ONNX Runtime, by NumPy in
float64 on the stored parameters, and by the run's own predictions. With MNIST_BENCH_ALL_IMAGES=1
on all test images, of models trained on all training images."""

import json
import os
import re
import resource
import shutil

import pytest
from conftest import run_binary
from networks import cnn_outputs, mlp_outputs, softmax, mnist_test_pixels
from support import (
    CONFIGS,
    CPU,
    PROJECT,
    SMALL,
    SMOKE,
    assert_has_remedy,
    assert_refusal,
    read_predictions,
    read_result,
    snapshot,
)

ALL_IMAGES = os.environ.get("MNIST_BENCH_ALL_IMAGES") == "1"
CLOSE = 1e-4
# Every kind of layer that the shipped models do not have, sizes that do not divide each other.
ODD = {
    "model": {
        "type": "layers",
        "layers": [
            {"type": "conv2d", "channels": 3, "kernel": 4, "stride": 3, "padding": 2, "bias": False},
            {"type": "tanh"},
            {"type": "avg_pool2d", "size": 3, "stride": 2, "padding": 1},
            {"type": "dropout2d", "p": 0.1},
            {"type": "max_pool2d", "size": 2, "stride": 1, "padding": 1},
            {"type": "batch_norm2d"},
            {"type": "residual", "shortcut": "projection", "layers": [
                {"type": "conv2d", "channels": 5, "kernel": 3, "stride": 2, "padding": 1}]},
            {"type": "residual", "shortcut": "subsample", "layers": [
                {"type": "relu"}, {"type": "conv2d", "channels": 8, "kernel": 3, "padding": 1}]},
            {"type": "flatten"},
            {"type": "linear", "units": 20},
            {"type": "tanh"},
            {"type": "linear", "units": "classes"},
            {"type": "dropout", "p": 0.1},
        ],
    },
}  # fmt: skip


@pytest.fixture(name="libraries")
def fixture_libraries(monkeypatch):
    """numpy, onnxruntime and safetensors.numpy"""
    monkeypatch.syspath_prepend(PROJECT / "third_party" / "python")
    try:
        import numpy
        import onnxruntime
        import safetensors.numpy
    except ImportError as error:
        pytest.skip(f"{error}; scripts/setup installs the library into third_party/python")
    return numpy, onnxruntime, safetensors.numpy


@pytest.fixture(scope="module", name="models")
def fixture_models(tmp_path_factory):
    """A folder with completed runs and, of each, NAME.onnx."""
    home = tmp_path_factory.mktemp("models")
    (home / "odd.json").write_text(json.dumps(ODD))
    shortened = () if ALL_IMAGES else ("data.train_limit=1000", "data.test_limit=500")
    few = ("data.train_limit=500", "data.test_limit=300")
    for name, config, *overrides in (
        ("mlp", CONFIGS / "mlp.json", "training.engine=native", *shortened),
        ("cnn", CONFIGS / "cnn.json", "training.engine=native", *shortened),
        ("resnet8", CONFIGS / "models/resnet8.json", *few),
        ("odd", "odd.json", "data.normalization=none", "optimizer.learning_rate=0.01", *few),
    ):
        done = run_binary("run", config, *CPU, "training.epochs=1", *overrides, "-q",
                          "--output", name, cwd=home)  # fmt: skip
        assert done.code == 0, done
        done = run_binary("export", name, "-o", f"{name}.onnx", cwd=home)
        assert done.code == 0, done
    return home


def images_of(numpy, rows):
    """[n, 28, 28], bytes"""
    return mnist_test_pixels(numpy)[[row["index"] for row in rows]]


def session_of(onnxruntime, file):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])


def onnx_logits(libraries, file, images):
    numpy, onnxruntime, _ = libraries
    session = session_of(onnxruntime, file)
    return numpy.concatenate([
        session.run(["logits"], {"images": images[i : i + 100, None].astype(numpy.float32)})[0]
        for i in range(0, len(images), 100)
    ])  # fmt: skip


@pytest.mark.parametrize("name", ["mlp", "cnn", "resnet8", "odd"])
def test_onnx_runtime_predicts_as_the_run_did(libraries, models, name):
    numpy = libraries[0]
    rows = read_predictions(models / name)
    logits = onnx_logits(libraries, models / f"{name}.onnx", images_of(numpy, rows))
    shares = softmax(numpy, logits.astype(numpy.float64))
    differing = [row["index"] for row, share in zip(rows, shares, strict=True)
                 if row["predicted"] != share.argmax()]  # fmt: skip
    assert differing == []
    stored = numpy.array([row["probability"] for row in rows])
    difference = numpy.abs(shares.max(1) - stored).max()
    print(f"{name}: {len(rows)} images, same classes; probabilities differ by {difference:.2e} at most")
    assert difference < CLOSE


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_logits_are_those_of_float64(libraries, models, name):
    numpy, _, safetensors = libraries
    images = images_of(numpy, read_predictions(models / name))
    stored = safetensors.load_file(models / name / "model.safetensors")
    tensors = {key: tensor.astype(numpy.float64) for key, tensor in stored.items()}
    outputs_of = {"mlp": mlp_outputs, "cnn": cnn_outputs}[name]
    exact = numpy.concatenate([list(outputs_of(numpy, tensors, images[i : i + 100]).values())[-1]
                               for i in range(0, len(images), 100)])  # fmt: skip
    difference = numpy.abs(onnx_logits(libraries, models / f"{name}.onnx", images) - exact).max()
    print(f"{name}: {len(images)} images; logits differ by {difference:.2e} at most")
    assert difference < CLOSE


def test_a_file_says_what_it_takes_and_whose_it_is(libraries, models):
    session = session_of(libraries[1], models / "mlp.onnx")
    (images,), (logits,) = session.get_inputs(), session.get_outputs()
    assert (images.name, images.type, images.shape) == ("images", "tensor(float)", ["N", 1, 28, 28])
    assert (logits.name, logits.type, logits.shape) == ("logits", "tensor(float)", ["N", 10])
    result = read_result(models / "mlp")
    metadata = session.get_modelmeta()
    assert metadata.producer_name == "mnist-bench"
    said = metadata.custom_metadata_map
    assert {key: said[key] for key in ("config_hash", "parameters_sha256", "seed", "name")} == {
        **{key: result[key] for key in ("config_hash", "parameters_sha256")},
        **{"seed": str(result["config"]["seed"]), "name": result["config"]["name"]},
    }
    assert said["mnist_bench_version"] == result["provenance"]["version"]
    assert "0 to 255" in said["input"]
    assert "transform" not in said


def test_the_same_run_gives_the_same_bytes_and_is_left_as_it_is(bench, models, tmp_path):
    copy = shutil.copytree(models / "mlp", tmp_path / "copy")
    before = snapshot(copy)
    done = bench("export", "copy", "-o", "again.onnx")
    assert (done.code, done.stderr) == (0, "")
    content = (tmp_path / "again.onnx").read_bytes()
    assert content == (models / "mlp.onnx").read_bytes()
    assert done.stdout == (f"again.onnx: {len(content):,} bytes, ONNX opset 17, "
                           "images [N, 1, 28, 28] to logits [N, 10]\n")  # fmt: skip
    assert snapshot(copy) == before


def test_a_run_on_transformed_images_says_so(libraries, bench, tmp_path):
    transform = [{"type": "resize", "rows": 14, "columns": 14}]
    done = bench("run", SMOKE, *SMALL, f"data.transform={json.dumps(transform)}", "--output", "run")
    assert done.code == 0, done
    done = bench("export", "run", "-o", "x.onnx")
    assert done.code == 0, done
    spec = "resize:rows=14,columns=14"
    assert f"apply {spec} before the model" in done.stderr
    session = session_of(libraries[1], tmp_path / "x.onnx")
    assert session.get_inputs()[0].shape == ["N", 1, 14, 14]
    metadata = session.get_modelmeta().custom_metadata_map
    assert metadata["transform"] == spec
    assert "transform them first" in metadata["input"]


def test_the_pages_python_runs(libraries, models, monkeypatch, capsys):
    page = (PROJECT / "src/onnx/README.md").read_text(encoding="utf-8")
    code = re.search(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL).group(1)
    monkeypatch.chdir(models)
    names = {}
    exec(compile(code, "README.md", "exec"), names)  # the page's own, of this repository
    assert names["classes"].shape == (64,)
    assert capsys.readouterr().out.strip() == read_result(models / "cnn")["parameters_sha256"]


# What is refused


@pytest.fixture
def run(finished_run, tmp_path):
    return shutil.copytree(finished_run, tmp_path / "run")


def assert_nothing_written(folder, *others):
    assert {path.name for path in folder.iterdir()} == {"run", *others}


def test_a_damaged_model_is_refused_by_name_and_an_older_file_stays(bench, run, tmp_path):
    (tmp_path / "x.onnx").write_text("older")
    file = run / "model.safetensors"
    content = bytearray(file.read_bytes())
    content[-1000] ^= 1
    file.write_bytes(content)
    refused = bench("export", "run", "-o", "x.onnx")
    assert_refusal(refused, 6, "run/model.safetensors", "do not match")
    assert_has_remedy(refused)
    assert (tmp_path / "x.onnx").read_text() == "older"
    assert_nothing_written(tmp_path, "x.onnx")
    file.unlink()
    assert_refusal(bench("export", "run", "-o", "x.onnx"), 6, "run/model.safetensors")


def test_what_is_no_completed_run_is_refused(bench, tmp_path):
    done = bench("run", SMOKE, *SMALL, "optimizer.learning_rate=1e30", "--output", "run")
    assert done.code == 1, done
    refused = bench("export", "run", "-o", "x.onnx")
    assert_refusal(refused, 6, "run is no completed run: diverged")
    assert_has_remedy(refused)
    (tmp_path / "run/result.json").unlink()
    assert_refusal(bench("export", "run", "-o", "x.onnx"), 6, "the run in run is unfinished", "--resume")
    assert_refusal(bench("export", "nowhere", "-o", "x.onnx"), 6, "nowhere is not the folder of a run")
    assert_nothing_written(tmp_path)


def test_a_place_where_no_file_can_be_is_refused(bench, run, tmp_path):
    assert_refusal(bench("export", "run"), 2, "--output is required")
    for file, words in (
        ("run", ["it is a folder"]),
        ("nowhere/x.onnx", ["no folder nowhere", "mkdir -p nowhere"]),
        ("/dev/null", ["special file"]),
        ("run/config.json/x.onnx", ["config.json is not a folder"]),
    ):
        assert_refusal(bench("export", "run", "-o", file), 6, file, *words)
    before = snapshot(run)
    full = bench("export", "run", "-o", "x.onnx",
                 preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000)))  # fmt: skip
    assert_refusal(full, 6, "x.onnx", "File too large")
    assert snapshot(run) == before
    assert_nothing_written(tmp_path)
