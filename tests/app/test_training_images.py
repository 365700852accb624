"""What is measured on training images: `evaluate --split train`, and the outputs of the layers at step 0.
NumPy's forward pass is the oracle."""

import gzip
import re

import pytest
from networks import cnn_outputs, mlp_outputs
from support import (
    CONFIGS,
    CPU,
    PROJECT,
    SHIPPED_MNIST,
    SMALL,
    SMOKE,
    assert_refusal,
    read_json,
    read_labels,
    read_result,
)

ENGINES = ("libtorch", "native")
OUTPUTS = {"mlp": mlp_outputs, "cnn": cnn_outputs}


@pytest.fixture(name="numpy")
def fixture_numpy(monkeypatch):
    monkeypatch.syspath_prepend(PROJECT / "third_party" / "python")
    return pytest.importorskip("numpy", reason="scripts/setup installs it into third_party/python")


@pytest.fixture(name="tensors")
def fixture_tensors(numpy, tmp_path):
    from safetensors.numpy import load_file

    return lambda: load_file(tmp_path / "run" / "model.safetensors")


def training_pixels(numpy):
    """[60000, 28, 28], bytes."""
    pixels = gzip.decompress((SHIPPED_MNIST / "train-images-idx3-ubyte.gz").read_bytes())[16:]
    return numpy.frombuffer(pixels, numpy.uint8).reshape(-1, 28, 28)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("model", OUTPUTS)
def test_the_outputs_at_step_0_are_those_of_the_initial_weights(
    bench, tmp_path, numpy, tensors, model, engine
):
    # A step of 1e-30 changes no weight, so that the stored ones are those of step 0.
    done = bench("run", CONFIGS / f"{model}.json", *CPU, "training.steps=1", "training.batch_size=100",
                 "data.test_limit=10", "optimizer.type=sgd", "optimizer.learning_rate=1e-30",
                 f"training.engine={engine}", "--output", "run")  # fmt: skip
    assert done.code == 0, done
    found = read_result(tmp_path / "run")["preactivations"]
    outputs = OUTPUTS[model](numpy, tensors(), training_pixels(numpy)[:100])
    layers = [name for name in outputs if name.startswith(("conv", "fc"))]
    assert [layer["layer"] for layer in found] == layers
    for layer in found:
        values = outputs[layer["layer"]]
        assert layer["sd"] == pytest.approx(values.std(dtype="float64"), rel=1e-5)
        assert layer["mean"] == pytest.approx(values.mean(dtype="float64"), abs=1e-5)


def test_they_are_the_same_after_a_resume_and_there_is_none_of_k_nn(bench, tmp_path):
    small = (*SMALL, "training.epochs=2")
    assert bench("run", SMOKE, *small, "--output", "whole").code == 0
    assert bench("run", SMOKE, *small, "--output", "cut").code == 0
    (tmp_path / "cut/result.json").unlink()
    assert bench("run", SMOKE, *small, "--output", "cut", "--resume").code == 0
    whole, cut = (read_result(tmp_path / name) for name in ("whole", "cut"))
    assert whole["preactivations"] == cut["preactivations"] != []
    few = ("data.train_limit=100", "data.test_limit=10")
    assert bench("run", "knn", *few, "--output", "knn").code == 0
    assert "preactivations" not in read_result(tmp_path / "knn")


def test_trained_images_are_evaluated_without_dropout_and_augmentation(bench, tmp_path, numpy, tensors):
    done = bench("run", CONFIGS / "mlp.json", *CPU, "training.epochs=1", "data.test_limit=100",
                 "model.hidden=[16]", "training.engine=native", "--output", "run",
                 'training.augment=[{"type":"gaussian_noise","sigma":0.3}]')  # fmt: skip
    assert done.code == 0, done
    done = bench("evaluate", "run", "--split", "train", "--transform", "shift:dx=1", "--transform", "identity")
    assert done.code == 0, done
    assert "60,000 images, own training images" in done.stdout
    pixels = training_pixels(numpy)
    labels = numpy.array(list(read_labels(SHIPPED_MNIST / "train-labels-idx1-ubyte.gz")))
    for spec, shift in (("identity", 0), ("shift~dx=1", 1)):
        images = numpy.zeros_like(pixels)
        images[:, :, shift:] = pixels[:, :, : 28 - shift]
        logits = list(mlp_outputs(numpy, tensors(), images).values())[-1]
        record = read_json(tmp_path / "run/evaluations/train" / f"{spec}.json")
        assert record["data"]["samples"] == 60_000
        # Where two logits are nearly equal, rounding decides.
        assert record["test"]["accuracy"] == pytest.approx((logits.argmax(1) == labels).mean(), abs=1e-4)


def test_the_images_are_those_that_the_run_was_trained_on(bench, tmp_path):
    """k-NN with k = 1 is right for every image that it has stored, and for no other set as a whole."""
    for limit in (200, 300):
        done = bench("run", "knn", f"data.train_limit={limit}", "data.test_limit=50", "data.validation=100",
                     "--output", f"runs/{limit}")  # fmt: skip
        assert done.code == 0, done
    done = bench("evaluate", "runs", "--split", "train")
    assert done.code == 0, done
    for limit in (200, 300):
        record = read_json(tmp_path / f"runs/{limit}/evaluations/train/identity.json")
        assert (record["data"]["samples"], record["test"]["accuracy"]) == (limit, 1.0)
    assert re.search(r" train +identity ", bench("report", "runs").stdout)
    assert bench("verify", "runs").code == 0


def test_other_data_have_no_training_images_of_the_run(bench, tmp_path):
    assert bench("run", "knn", "data.train_limit=20", "data.test_limit=10", "--output", "run").code == 0
    refused = bench("evaluate", "run", "--split", "train", "--data", SHIPPED_MNIST)
    assert_refusal(refused, 2, "--split train", "--data")
    assert_refusal(bench("evaluate", "run", "--split", "training"), 2, "--split")
