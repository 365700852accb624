"""training.augment: training images that are new in each epoch, held against the definition in NumPy
(tests/transform/make_transform_oracle.py)."""

import gzip
import importlib
import json
import struct

import pytest
from support import (
    CNN,
    PROJECT,
    SHIPPED_MNIST,
    SMOKE,
    TINY_MODEL,
    assert_refusal,
    parse_json,
    read_epochs,
    read_json,
    read_result,
    wait_for_line,
)

ENTRIES = [
    {"type": "affine", "shift": 2, "rotate": 10, "scale": [0.9, 1.1], "shear": 0.1},
    {"type": "elastic", "alpha": 8},
    {"type": "gaussian_noise", "sigma": 0.1},
]
AUGMENT = f"training.augment={json.dumps(ENTRIES)}"
ENGINES = ("native", "libtorch")
FAST = ("device=cpu", "data.test_limit=100")
LIMIT = "data.train_limit=300"
TRAIN = "train-images-idx3-ubyte"


@pytest.fixture
def train(bench, tmp_path):
    def run(output, *arguments, config=SMOKE, threads=1):
        done = bench("run", config, *FAST, *arguments, f"threads={threads}", "--output", output)
        assert done.code == 0, done
        return tmp_path / output

    return run


def raw(name):
    return gzip.decompress((SHIPPED_MNIST / f"{name}.gz").read_bytes())


@pytest.fixture
def as_epoch_1_sees_them(tmp_path, monkeypatch):
    """MNIST's first 600 training images as a data set, and as another one in which the training
    images are those of epoch 1 of a run with seed 3, by the definition."""
    monkeypatch.syspath_prepend(PROJECT / "third_party" / "python")
    monkeypatch.syspath_prepend(PROJECT / "tests" / "transform")
    numpy = pytest.importorskip("numpy", reason="scripts/setup installs it into third_party/python")
    oracle = importlib.import_module("make_transform_oracle")
    images = numpy.frombuffer(raw(TRAIN)[16:], numpy.uint8).reshape(-1, 28, 28)[:600]
    seen = oracle.augmented(images.astype(numpy.int64), range(600), ENTRIES, run_seed=3, epoch=1)
    assert seen.min() >= 0 and seen.max() <= 255
    for folder, pixels in (("plain", images), ("seen", seen.astype(numpy.uint8))):
        (tmp_path / folder).mkdir()
        labels = raw("train-labels-idx1-ubyte")
        for name, data in (
            (TRAIN, struct.pack(">4I", 2051, 600, 28, 28) + pixels.tobytes()),
            ("train-labels-idx1-ubyte", struct.pack(">2I", 2049, 600) + labels[8:608]),
            ("t10k-images-idx3-ubyte", raw("t10k-images-idx3-ubyte")),
            ("t10k-labels-idx1-ubyte", raw("t10k-labels-idx1-ubyte")),
        ):
            (tmp_path / folder / name).write_bytes(data)
    return "data.directory=plain", "data.directory=seen"


@pytest.mark.parametrize("limit", [600, 200])
def test_an_epoch_trains_on_the_images_of_the_definition(train, as_epoch_1_sees_them, limit):
    """Whatever the order and the limit: the index in the file counts. Test images stay as they are."""
    plain, seen = as_epoch_1_sees_them
    for engine in ENGINES:
        common = ("seed=3", "training.epochs=1", f"data.train_limit={limit}", f"training.engine={engine}")
        results = []
        for output, *data in ((f"a-{engine}", plain, AUGMENT), (f"b-{engine}", seen)):
            results.append(read_result(train(output, *common, *data)))
        augmented, on_export = results
        assert augmented["parameters_sha256"] == on_export["parameters_sha256"]
        assert augmented["test"] == on_export["test"]
        assert augmented["config_hash"] != on_export["config_hash"]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("model", [SMOKE, CNN], ids=["mlp", "cnn"])
def test_a_run_is_the_same_for_any_number_of_threads_and_wherever_it_was_stopped(
    train, start, tmp_path, model, engine
):
    run = (LIMIT, AUGMENT, "training.epochs=3", f"training.engine={engine}")
    whole = train("whole", *run, config=model)
    expected = read_result(whole)["parameters_sha256"]
    if engine == "native":  # LibTorch's own sums may depend on them
        twice = train("two-threads", *run, config=model, threads=2)
        assert read_result(twice)["parameters_sha256"] == expected
    process = start("run", model, *FAST, *run, "threads=1", "--output", "stopped")
    wait_for_line(process, "epoch 1/")
    process.kill()
    process.communicate(timeout=30)
    stopped = train("stopped", *run, "--resume", config=model)
    assert read_result(stopped)["parameters_sha256"] == expected
    losses = [[epoch["train_loss"] for epoch in read_epochs(of)] for of in (whole, stopped)]
    assert losses[0] == losses[1]


def test_it_is_part_of_the_experiment_only_where_it_is_set(bench, train):
    plain = read_result(train("plain", LIMIT, "training.epochs=1"))
    empty = read_result(train("empty", LIMIT, "training.epochs=1", "training.augment=[]"))
    assert empty["config_hash"] == plain["config_hash"]
    assert empty["parameters_sha256"] == plain["parameters_sha256"]
    still = read_result(train("still", LIMIT, "training.epochs=1", 'training.augment=[{"type":"affine"}]'))
    assert still["config_hash"] != plain["config_hash"]
    assert still["parameters_sha256"] == plain["parameters_sha256"]
    assert still["config"]["training"]["augment"] == [
        {"type": "affine", "shift": 0.0, "rotate": 0.0, "scale": [1.0, 1.0], "shear": 0.0}
    ]
    assert bench("verify", "still").code == 0
    done = bench("compare", "plain", "still")
    assert "training.augment none → affine" in done.stdout + done.stderr


def test_a_sweep_takes_it_as_a_value(bench, tmp_path):
    values = [[], [{"type": "affine", "shift": 2}]]
    sweep = {"configs": [str(SMOKE)], "seeds": [1], "grid": {"training.augment": values}, "output": "out"}
    (tmp_path / "sweep.json").write_text(json.dumps(sweep))
    done = bench("sweep", "sweep.json", *FAST, LIMIT, "training.epochs=1", TINY_MODEL)
    assert done.code == 0, done
    configs = [read_json(path)["training"]["augment"] for path in tmp_path.glob("out/**/config.json")]
    assert sorted(map(len, configs)) == [0, 1]


def test_what_is_not_known_is_refused_before_anything_is_written(bench, tmp_path):
    for value, *words in (
        ('[{"type":"afine"}]', "/training/augment/0/type", 'did you mean "affine"?'),
        ('[{"type":"affine","rotat":1}]', "/training/augment/0/rotat", 'did you mean "rotate"?'),
        ('[{"type":"affine","scale":[2,1]}]', "/training/augment/0/scale", "low ≤ high"),
        ('[{"type":"elastic"}]', "/training/augment/0/alpha", "missing"),
        ("affine", "/training/augment", '[{"type": "affine", "shift": 2}]'),
        (json.dumps([{"type": "affine"}] * 17), "/training/augment", "at most 16"),
    ):
        assert_refusal(bench("run", SMOKE, f"training.augment={value}", "--output", "x"), 2, *words)
    assert not (tmp_path / "x").exists()
    shown = bench("config", "show", SMOKE, AUGMENT)
    assert parse_json(shown.stdout)["training"]["augment"][1] == {**ENTRIES[1], "sigma": 4.0}
