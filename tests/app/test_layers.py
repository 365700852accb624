"""model.type "layers": the paper's models by another name, and networks of any other layers,
checked against a forward pass in NumPy."""

import json

import pytest
from networks import resnet8_logits, softmax, mnist_test_pixels
from support import (
    CONFIGS,
    CPU,
    PROJECT,
    SHIPPED_MNIST,
    assert_refusal,
    read_predictions,
    read_result,
)

FEW = (*CPU, "data.train_limit=300", "data.test_limit=200", "training.epochs=2")
CONV = {"type": "conv2d", "kernel": 3, "padding": 1}
LAYERS = {
    "mlp": [
        {"type": "flatten"},
        {"type": "linear", "units": 256},
        {"type": "relu"},
        {"type": "linear", "units": 128},
        {"type": "relu"},
        {"type": "dropout", "p": 0.2},
        {"type": "linear", "units": "classes"},
    ],
    "cnn": [
        {**CONV, "channels": 32},
        {"type": "max_pool2d", "size": 2},
        {"type": "relu"},
        {**CONV, "channels": 64},
        {"type": "dropout2d", "p": 0.25},
        {"type": "max_pool2d", "size": 2},
        {"type": "relu"},
        {"type": "flatten"},
        {"type": "linear", "units": 128},
        {"type": "relu"},
        {"type": "dropout", "p": 0.5},
        {"type": "linear", "units": 10},
    ],
}
SHIPPED = ("logistic", "lenet5", "alexnet", "resnet8", "resnet20")


@pytest.fixture(name="train")
def fixture_train(bench, tmp_path):
    def train(config, output, *arguments):
        done = bench("run", config, *FEW, *arguments, "--output", output)
        assert done.code == 0, done
        return read_result(tmp_path / output)

    return train


@pytest.mark.parametrize("engine", ["native", "libtorch"])
@pytest.mark.parametrize("model", LAYERS)
def test_a_list_of_the_papers_layers_trains_to_the_bits_of_its_model(train, tmp_path, model, engine):
    config = {"name": "list", "model": {"type": "layers", "layers": LAYERS[model]}}
    (tmp_path / "list.json").write_text(json.dumps(config))
    named = train(CONFIGS / f"{model}.json", "named", f"training.engine={engine}")
    listed = train("list.json", "listed", f"training.engine={engine}")
    assert listed["parameters_sha256"] == named["parameters_sha256"]
    assert listed["predictions_sha256"] == named["predictions_sha256"]
    assert listed["model"]["layers"] == named["model"]["layers"]
    assert listed["model"]["input_shape"] == [1, 28, 28]


def test_the_native_engine_takes_relu_before_pooling_for_the_same_cnn(train, tmp_path):
    layers = list(LAYERS["cnn"])
    layers[1:3] = reversed(layers[1:3])
    layers[4:7] = reversed(layers[4:7])
    assert [layer["type"] for layer in layers[3:7]] == ["conv2d", "relu", "max_pool2d", "dropout2d"]
    config = {"name": "list", "model": {"type": "layers", "layers": layers}}
    (tmp_path / "list.json").write_text(json.dumps(config))
    named = train(CONFIGS / "cnn.json", "named", "training.engine=native")
    listed = train("list.json", "listed", "training.engine=native")
    assert listed["parameters_sha256"] == named["parameters_sha256"]
    assert listed["predictions_sha256"] == named["predictions_sha256"]


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_networks_train_and_their_runs_are_sound(bench, tmp_path, name):
    done = bench(
        *("run", CONFIGS / "models" / f"{name}.json", *CPU, "training.epochs=1"),
        *("data.train_limit=100", "data.test_limit=100", "--output", "run"),
    )
    assert done.code == 0, done
    assert read_result(tmp_path / "run")["config"]["name"] == name
    assert bench("verify", "run").code == 0


@pytest.mark.parametrize("engine", ["native", "libtorch"])
def test_a_residual_run_resumes_to_the_same_bits(bench, start, tmp_path, engine):
    """Batch norm's running statistics are part of what is saved."""
    config = CONFIGS / "models/resnet8.json"
    long = (*CPU, f"training.engine={engine}", "data.train_limit=600", "data.test_limit=100", "training.epochs=4")
    done = bench("run", config, *long, "--output", "whole")
    assert done.code == 0, done
    whole = read_result(tmp_path / "whole")
    process = start("run", config, *long, "--output", "part")
    while not (tmp_path / "part/checkpoint.safetensors").exists():
        assert process.poll() is None
    process.terminate()
    assert process.wait() == 75
    done = bench("run", config, *long, "--output", "part", "--resume")
    assert done.code == 0, done
    resumed = read_result(tmp_path / "part")
    assert resumed["parameters_sha256"] == whole["parameters_sha256"]
    assert resumed["predictions_sha256"] == whole["predictions_sha256"]


@pytest.mark.parametrize("engine", ["native", "libtorch"])
def test_a_residual_network_computes_what_the_paper_of_he_says(bench, tmp_path, monkeypatch, engine):
    monkeypatch.syspath_prepend(PROJECT / "third_party" / "python")
    try:
        import numpy
        from safetensors.numpy import load_file
    except ImportError as error:
        pytest.skip(f"{error}; scripts/setup installs the library into third_party/python")
    done = bench(
        *("run", CONFIGS / "models/resnet8.json", *CPU, "data.train_limit=1000"),
        *("data.test_limit=100", "training.epochs=2", "--output", "run"),
        f"training.engine={engine}",
    )
    assert done.code == 0, done
    tensors = {
        name: tensor.astype(numpy.float64)
        for name, tensor in load_file(tmp_path / "run/model.safetensors").items()
    }
    rows = read_predictions(tmp_path / "run")[:50]
    images = mnist_test_pixels(numpy)[[row["index"] for row in rows]]
    all_shares = softmax(numpy, resnet8_logits(numpy, tensors, images))
    for row, shares in zip(rows, all_shares, strict=True):
        assert row["predicted"] == shares.argmax()
        assert row["probability"] == pytest.approx(shares.max(), abs=1e-4)


def test_what_does_not_fit_is_named_with_its_layer(bench, tmp_path):
    layers = [{"type": "conv2d", "channels": 4, "kernel": 3}, {"type": "linear", "units": "classes"}]
    (tmp_path / "c.json").write_text(json.dumps({"model": {"type": "layers", "layers": layers}}))
    sweep = {"configs": [str(CONFIGS / "mlp.json"), "c.json"], "seeds": [1]}
    (tmp_path / "sweep.json").write_text(json.dumps(sweep))
    for command in (
        ("summary", "c.json"),
        ("config", "check", "c.json"),
        ("run", "c.json", *FEW, "--output", "run"),
        ("sweep", "sweep.json", *FEW, "--dry-run"),
        ("sweep", "sweep.json", *FEW),
    ):
        done = bench(*command)
        assert_refusal(done, 2, "layer fc1", "[4, 26, 26]", "flatten")
        named = "runs/sweep/c/seed-1" if command[0] == "sweep" else "c.json"
        assert f"error: {named}: layer fc1: " in done.stderr
    assert not (tmp_path / "run").exists()
    assert not (tmp_path / "runs").exists()


def test_a_config_is_checked_against_its_data_where_they_can_be_read(bench, tmp_path):
    layers = [{"type": "flatten"}, {"type": "linear", "units": 7}]
    (tmp_path / "c.json").write_text(json.dumps({"model": {"type": "layers", "layers": layers}}))
    assert_refusal(bench("config", "check", "c.json"), 2, "10 classes", '"units": "classes"')
    shipped = f"data.directory={SHIPPED_MNIST}"
    assert_refusal(bench("config", "check", "c.json", shipped), 2, "10 classes")
    done = bench("config", "check", "c.json", "data.directory=nowhere", "data.validation=60000")
    assert done.code == 0
    assert "warning: the network is not checked, for want of the data" in done.stderr


def test_a_batch_of_one_value_to_normalize_is_refused_before_training(bench, tmp_path):
    layers = [
        {"type": "conv2d", "channels": 4, "kernel": 28},
        {"type": "batch_norm2d"},
        {"type": "flatten"},
        {"type": "linear", "units": "classes"},
    ]
    (tmp_path / "c.json").write_text(json.dumps({"model": {"type": "layers", "layers": layers}}))
    few = (*FEW, "--output", "run")
    done = bench("run", "c.json", *few, "training.batch_size=299")
    assert_refusal(done, 2, "layer bn1", "300 training images", "training.batch_size")
    assert not (tmp_path / "run").exists()
    assert bench("run", "c.json", *few, "training.batch_size=298").code == 0
