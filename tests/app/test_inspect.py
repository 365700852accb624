"""`inspect`: what a trained network sees."""

import base64
import json
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest
from conftest import run_binary
from networks import cnn_outputs, mlp_outputs, softmax, mnist_test_pixels
from support import (
    CNN,
    CONFIGS,
    CPU,
    PROJECT,
    SHIPPED_MNIST,
    SMOKE,
    assert_has_remedy,
    assert_refusal,
    parse_json,
    read_labels,
    read_predictions,
)

FEW = (*CPU, "data.train_limit=1000", "data.test_limit=300", "training.epochs=1", "-q")
MODELS = {
    "mlp": (SMOKE, "model.hidden=[24]"),
    "cnn": (CNN, "model.conv1_channels=4", "model.conv2_channels=20", "model.hidden=16"),
    "logistic": (CONFIGS / "models/logistic.json",),
    "resnet8": (CONFIGS / "models/resnet8.json",),
    "inverted": (SMOKE, 'data.transform=[{"type":"invert"}]'),
}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """models(name) is the folder of a small run, trained once."""
    home = tmp_path_factory.mktemp("models")

    def trained(name):
        config, *overrides = MODELS[name]
        if not (home / name).exists():
            done = run_binary("run", config, *FEW, *overrides, f"output={name}", cwd=home)
            assert done.code == 0, done.stderr
        return home / name

    return trained


@pytest.fixture
def arrays(monkeypatch):
    """numpy, and safetensors' reader."""
    monkeypatch.syspath_prepend(PROJECT / "third_party" / "python")
    try:
        import numpy
        from safetensors.numpy import load_file
    except ImportError as error:
        pytest.skip(f"{error}; scripts/setup installs the library into third_party/python")
    return numpy, load_file


def inspected(done):
    assert done.code == 0, done.stderr
    printed = parse_json(done.stdout)
    assert printed["schema"] == "mnist-bench.inspect/1"
    return printed


@pytest.mark.parametrize(("name", "outputs_of"), [("mlp", mlp_outputs), ("cnn", cnn_outputs)])
def test_every_layer_is_what_numpy_computes_from_the_stored_parameters(
    bench, models, arrays, tmp_path, name, outputs_of
):
    numpy, load_file = arrays
    run = models(name)
    image = read_predictions(run)[3]["index"]
    done = bench("inspect", run, "--image", image, "-o", "all.safetensors", "--json")
    printed = inspected(done)
    tensors = {key: t.astype(numpy.float64) for key, t in load_file(run / "model.safetensors").items()}
    outputs = {
        name: output[0]
        for name, output in outputs_of(numpy, tensors, mnist_test_pixels(numpy)[[image]]).items()
    }
    found = load_file(tmp_path / "all.safetensors")
    assert list(outputs) == [layer["name"] for layer in printed["layers"]]
    assert set(outputs) == set(found)
    for layer in printed["layers"]:
        expected = outputs[layer["name"]]
        assert layer["shape"] == list(expected.shape) == list(found[layer["name"]].shape)
        assert numpy.abs(found[layer["name"]] - expected).max() < 1e-4
        for statistic in ("min", "max", "mean"):
            assert layer[statistic] == pytest.approx(getattr(expected, statistic)(), abs=1e-4)
    logits = outputs["fc2"]
    shares = softmax(numpy, logits[None])[0]
    assert printed["probabilities"] == pytest.approx(list(shares), abs=1e-4)
    assert printed["logits"] == pytest.approx(list(logits), abs=1e-4)
    assert printed["predicted"] == shares.argmax()
    assert printed["truth"] == read_labels(SHIPPED_MNIST / "t10k-labels-idx1-ubyte.gz")[image]


def test_the_weights_are_those_of_the_first_layer_as_pictures(bench, models, arrays):
    numpy, load_file = arrays
    for name, tensor, shape in (
        ("mlp", "fc1", [24, 28, 28]),
        ("logistic", "fc1", [10, 28, 28]),
        ("cnn", "conv1", [4, 3, 3]),
        ("resnet8", "conv1", [16, 3, 3]),
    ):
        weights = inspected(bench("inspect", models(name), "--json"))["weights"]
        assert (weights["name"], weights["shape"]) == (tensor, shape)
        stored = load_file(models(name) / "model.safetensors")[f"{tensor}.weight"]
        assert weights["min"] == pytest.approx(stored.min())
        assert weights["max"] == pytest.approx(stored.max())


def test_the_most_confident_mistake_is_the_default(bench, models):
    run = models("mlp")
    rows = read_predictions(run)
    wrong = [row for row in rows if row["predicted"] != row["true"]]
    worst = max(wrong, key=lambda row: row["probability"])
    printed = inspected(bench("inspect", run, "--json"))
    assert printed["image"] == worst["index"]
    assert (printed["truth"], printed["predicted"]) == (worst["true"], worst["predicted"])
    assert printed["chosen_as"] == "the most confident mistake of the run"
    assert max(printed["probabilities"]) == pytest.approx(worst["probability"], abs=1e-4)
    for directions in printed["confused"]:
        for direction in directions:
            same = [
                row
                for row in wrong
                if (row["true"], row["predicted"]) == (direction["true"], direction["predicted"])
            ]
            assert direction["images"] == len(same)
            same.sort(key=lambda row: -row["probability"])
            assert [shown["image"] for shown in direction["most_confident"]] == [
                row["index"] for row in same[:8]
            ]
    both = [sum(direction["images"] for direction in pair) for pair in printed["confused"]]
    assert both == sorted(both, reverse=True)
    assert both[0] > 0


def test_the_layers_of_residual_blocks_are_there_and_the_sum_fits(bench, models, arrays, tmp_path):
    numpy, load_file = arrays
    done = bench("inspect", models("resnet8"), "-o", "all.safetensors", "--json")
    names = [layer["name"] for layer in inspected(done)["layers"]]
    at = names.index("block1")
    assert [name.split(".")[1] for name in names[at - 5 : at]] == ["conv1", "bn1", "relu1", "conv2", "bn2"]
    outputs = load_file(tmp_path / "all.safetensors")
    before = outputs[names[names.index("block1.conv1") - 1]]
    assert numpy.abs(outputs["block1.bn2"] + before - outputs["block1"]).max() < 1e-5


def test_a_page_and_a_picture_show_all_that(bench, models, tmp_path):
    run = models("cnn")
    done = bench("inspect", run, "--image", "7", "-o", "x.html", "-o", "x.svg")
    assert done.code == 0, done.stderr
    assert "image 7 of the test set, chosen with --image" in done.stderr
    page = (tmp_path / "x.html").read_text()
    root = ElementTree.parse(tmp_path / "x.svg").getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    for text in (page, "".join(root.itertext())):
        assert "Image 7: 9 " in text
        assert "conv1 (Conv2d): 4 filters of 3 × 3" in text
        assert "conv1 (Conv2d): 4 maps of 28 × 28" in text
        assert "conv2 (Conv2d): 20 maps of 14 × 14, 16 of 20 shown" in text
        assert "fc2 (Linear): 10 units" in text
        assert "flatten (" not in text
    assert not re.search(r'(src|href)="(?!data:image/png;base64,|#)', page)
    for uri in re.findall(r'href="data:image/png;base64,([^"]*)"', (tmp_path / "x.svg").read_text()):
        assert base64.b64decode(uri).startswith(b"\x89PNG\r\n\x1a\n")


def test_a_run_with_a_transform_shows_the_image_twice(bench, models, tmp_path):
    assert bench("inspect", models("inverted"), "-o", "x.html").code == 0
    assert "after data.transform" in (tmp_path / "x.html").read_text()


def test_what_cannot_be_inspected_is_refused(bench, models, tmp_path):
    run = Path(shutil.copytree(models("mlp"), tmp_path / "run"))
    assert_refusal(bench("inspect", "run"), 2, "-o inspect.html")
    assert_refusal(bench("inspect", "run", "-o", "x.png"), 2, ".html, .svg, .safetensors")
    assert_refusal(bench("inspect", "run", "-o", "no/x.svg"), 6, "there is no folder no")
    assert_refusal(bench("inspect", "run", "--image", "10000", "--json"), 2, "found 10000", "0 … 9999")
    for image in ("-1", "9" * 30, "1.5", "one"):
        done = bench("inspect", "run", "--image", image, "--json")
        assert_refusal(done, 2, f"--image: found {image}; allowed: ", "0 or more")
        assert_has_remedy(done)
    assert_refusal(bench("inspect", ".", "--json"), 6, "is not the folder of a run")

    def changed(name, change):
        file = run / name
        before = file.read_bytes()
        file.write_bytes(change(before))
        done = bench("inspect", "run", "-o", "x.html")
        file.write_bytes(before)
        return done

    def flipped(content):
        return content[:-1] + bytes([content[-1] ^ 1])

    assert_refusal(changed("model.safetensors", flipped), 6, "model.safetensors: its parameters do not match")
    assert_refusal(changed("predictions.csv", lambda b: b.replace(b",0.", b",0.0", 1)), 6, "predictions.csv")
    assert_refusal(changed("result.json", flipped), 6, "result.json")
    data = tmp_path / "data"
    shutil.copytree(SHIPPED_MNIST, data)
    done = bench("run", SMOKE, *FEW, "--output", "other", f"data.directory={data}")
    assert done.code == 0, done
    for ending in ("images-idx3", "labels-idx1"):
        name = f"{ending}-ubyte.gz"
        shutil.copy(data / f"train-{name}", data / f"t10k-{name}")
    assert_refusal(bench("inspect", "other", "--json"), 3, "is not the one that the run was tested on")
    result = json.loads((run / "result.json").read_text())
    assert result["status"] == "completed"
    assert not (tmp_path / "x.html").exists()
