"""Holds the JSON Schema that mnist-bench prints against an independent validator.

The reader and the schema come from one description of the keys. Here the `jsonschema` package judges
the same configs as the reader does, and both must agree, except where a schema cannot follow.
Run with pytest; MNIST_BENCH_BINARY is the built executable.
"""

import json
import os
import re
import subprocess
from pathlib import Path

import jsonschema
import pytest

BINARY = os.environ["MNIST_BENCH_BINARY"]
CONFIGS = Path(__file__).parents[2] / "configs"
SHIPPED = sorted((*CONFIGS.glob("*.json"), *CONFIGS.glob("models/*.json")))
NAME_OF_100 = "x" * 100


def mnist_bench(*arguments):
    return subprocess.run(
        [BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False
    )


def without_comments(text):
    string_or_comment = r'"(?:\\.|[^"\\])*"|//[^\n]*|/\*.*?\*/'
    return re.sub(
        string_or_comment,
        lambda match: match[0] if match[0].startswith('"') else " ",
        text,
        flags=re.DOTALL,
    )


@pytest.fixture(scope="module", name="validator")
def fixture_validator():
    shown = mnist_bench("config", "schema")
    assert shown.returncode == 0, shown.stderr
    schema = json.loads(shown.stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.fixture(name="reader_accepts")
def fixture_reader_accepts(tmp_path):
    def accepts(text):
        file = tmp_path / "config.json"
        file.write_text(text, encoding="utf-8")
        shown = mnist_bench("config", "show", file)
        assert shown.returncode in (0, 2), shown.stderr
        return shown.returncode == 0

    return accepts


def config(model=None, **keys):
    return {"model": model or {"type": "mlp"}, **keys}


def mlp(**keys):
    return config({"type": "mlp", **keys})


def cnn(**keys):
    return config({"type": "cnn", **keys})


def layers(*layers):
    return config({"type": "layers", "layers": list(layers)})


def augmented(kind, **settings):
    return config(training={"augment": [{"type": kind, **settings}]})


CONV = {"type": "conv2d", "channels": 1, "kernel": 1}
RELU = {"type": "relu"}

GOOD = [
    config(),
    config({"type": "cnn"}),
    config(**{"$schema": "schema.json"}),
    config(name="a"),
    config(name="-"),
    config(name=NAME_OF_100),
    config(seed=0),
    config(seed=2**63 - 1),
    config(device="cpu"),
    config(device="cuda"),
    config(device="cuda:0"),
    config(device="cuda:999"),
    config(threads=None),
    config(threads=1),
    config(threads=1024),
    config(data={}),
    config(data={"dataset": "mnist"}),
    config(data={"directory": None}),
    config(data={"directory": "/a b/ü"}),
    config(data={"dataset": "kmnist", "directory": "x"}),
    config(data={"normalization": "unit"}),
    config(data={"normalization": "dataset"}),
    config(data={"normalization": "none"}),
    config(data={"train_limit": 1, "test_limit": 2**32 - 1}),
    config(data={"train_limit": None, "test_limit": None}),
    config(data={"class_names": None}),
    config(data={"class_names": ["a", "T-shirt/top"]}),
    config(data={"class_names": ["ü" * 40, *(f"<{k}>" for k in range(255))]}),
    layers(RELU),
    layers({**RELU, "name": "a_1"}),
    layers({**CONV, "channels": 4096, "kernel": 1024, "stride": 1024, "padding": 1024}),
    layers({**CONV, "bias": False}),
    layers({"type": "linear", "units": "classes"}, {"type": "linear", "units": 65536}),
    layers({"type": "max_pool2d", "size": 3, "stride": 2}, {"type": "avg_pool2d", "size": 2}),
    layers({"type": "dropout", "p": 0}, {"type": "dropout2d", "p": 0.999}),
    layers({"type": "residual", "layers": [CONV, RELU], "shortcut": "projection"}),
    layers({"type": "repeat", "times": 1000, "layers": [RELU]}),
    mlp(hidden=[1]),
    mlp(hidden=[65536] * 16),
    mlp(dropout=0),
    mlp(dropout=0.999),
    cnn(conv1_channels=1, conv2_channels=4096, hidden=65536),
    cnn(dropout2d=0.0, dropout=0.999),
    config({"type": "knn"}),
    config({"type": "knn", "k": 1000, "weights": "distance"}),
    config({"type": "svm", "kernel": "rbf", "C": 1e-3, "gamma": 0.5}),
    config({"type": "svm", "kernel": "linear", "gamma": None}, data={"test_limit": 1}),
    config(optimizer={}),
    config(optimizer={"type": "adam", "learning_rate": 1, "beta1": 0, "beta2": 0.9999}),
    config(optimizer={"epsilon": 1e-300, "weight_decay": 0}),
    config(optimizer={"type": "sgd"}),
    config(optimizer={"type": "sgd", "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    mlp(initialization="xavier"),
    config(data={"validation": 5000}),
    config(training={"steps": 500, "evaluate_every": 3}),
    config(training={"engine": "native"}),
    config(training={"engine": "libtorch", "epochs": 100000, "batch_size": 1048576}),
    config(training={"epochs": 1, "batch_size": 1}),
    config(training={"augment": []}),
    config(training={"augment": [{"type": "affine"}] * 16}),
    augmented("affine", shift=1024, rotate=360, scale=[0.1, 10], shear=2),
    augmented("affine", shift=0.5, rotate=0, scale=[1, 1], shear=0),
    augmented("elastic", alpha=100),
    augmented("elastic", alpha=0, sigma=0.1),
    augmented("gaussian_noise", sigma=2),
    config(output="{seed}{name}"),
    config(output="/a/../b"),
]

BAD = [
    None,
    3,
    [],
    "mlp",
    {},
    {"model": {}},
    {"model": "mlp"},
    {"model": None},
    {"model": {"hidden": [1]}},
    {"model": {"type": "resnet"}},
    {"model": {"type": None}},
    config(unknown=1),
    config(Seed=1),
    config(**{"$schema": 1}),
    config(**{"data.train_limit": 1}),
    config(name=""),
    config(name="../x"),
    config(name="/abs"),
    config(name="a\x00b"),
    config(name=".x"),
    config(name=NAME_OF_100 + "x"),
    config(name=None),
    config(name=3),
    config(seed=-1),
    config(seed=2**63),
    config(seed=1.5),
    config(seed="1"),
    config(seed=True),
    config(seed=None),
    config(device="gpu"),
    config(device="cuda:-1"),
    config(device="cuda:01"),
    config(threads=0),
    config(threads=1025),
    config(data=None),
    config(data=[]),
    config(data={"unknown": 1}),
    config(data={"dataset": "kmnist"}),
    config(data={"dataset": "kmnist", "directory": None}),
    config(data={"dataset": "../x", "directory": "x"}),
    config(data={"directory": ""}),
    config(data={"directory": "a\x00b"}),
    config(data={"directory": 3}),
    config(data={"directory": "x" * 4097}),
    config(data={"normalization": "mean"}),
    config(data={"normalization": None}),
    config(data={"train_limit": 0}),
    config(data={"test_limit": 2**32}),
    config(data={"class_names": ["a"]}),
    config(data={"class_names": ["a", "b", "a"]}),
    config(data={"class_names": ["a", ""]}),
    config(data={"class_names": ["a", "ü" * 41]}),
    config(data={"class_names": ["a", "b\nc"]}),
    config(data={"class_names": ["a", "b\x85"]}),
    config(data={"class_names": ["a", "\u202eb"]}),
    config(data={"class_names": ["a", 1]}),
    config(data={"class_names": [str(k) for k in range(257)]}),
    config(data={"class_names": "ab"}),
    config({"type": "layers"}),
    layers(),
    layers("relu"),
    layers({}),
    layers({"type": "rely"}),
    layers({"type": 3}),
    layers({**RELU, "p": 0.5}),
    layers({**RELU, "name": "a.b"}),
    layers({**RELU, "name": "1a"}),
    layers({"type": "conv2d", "channels": 1}),
    layers({**CONV, "channels": 0}),
    layers({**CONV, "kernel": 1025}),
    layers({**CONV, "stride": 0}),
    layers({**CONV, "padding": -1}),
    layers({**CONV, "bias": 1}),
    layers({"type": "linear", "units": "all"}),
    layers({"type": "linear"}),
    layers({"type": "dropout", "p": 1}),
    layers({"type": "residual", "layers": []}),
    layers({"type": "residual", "layers": [RELU], "shortcut": "none"}),
    layers({"type": "repeat", "times": 0, "layers": [RELU]}),
    layers({"type": "repeat", "times": 2, "layers": [{**RELU, "x": 1}]}),
    mlp(layers=[RELU]),
    mlp(hidden=[]),
    mlp(hidden=[0]),
    mlp(hidden=[65537]),
    mlp(hidden=[1] * 17),
    mlp(hidden=[True]),
    mlp(hidden=128),
    mlp(hidden=None),
    mlp(dropout=1),
    mlp(dropout=-0.1),
    mlp(dropout="0.5"),
    mlp(dropout2d=0.5),
    mlp(conv1_channels=1),
    cnn(hidden=[128]),
    cnn(hidden=0),
    cnn(conv1_channels=0),
    cnn(conv2_channels=4097),
    cnn(dropout2d=1.0),
    config(optimizer={"type": "lion"}),
    config(optimizer={"type": "sgd", "beta1": 0.9}),
    config(optimizer={"type": "sgd", "momentum": 1}),
    config(optimizer={"type": "sgd", "nesterov": True}),
    config(optimizer={"type": "sgd", "nesterov": True, "momentum": 0}),
    config(optimizer={"momentum": 0.9}),
    config({"type": "knn", "k": 0}),
    config({"type": "knn", "k": 1001}),
    config({"type": "knn", "k": None}),
    config({"type": "knn", "C": 1}),
    config({"type": "knn"}, training={"epochs": 1}),
    config({"type": "knn"}, optimizer={"type": "adam"}),
    config({"type": "svm"}, data={"normalization": "unit"}),
    config({"type": "svm", "C": 0}),
    config({"type": "svm", "gamma": 0}),
    config({"type": "svm", "kernel": "linear", "gamma": 1}),
    config({"type": "svm", "kernel": "poly"}),
    config(optimizer={"learning_rate": 0}),
    config(optimizer={"learning_rate": None}),
    config(optimizer={"beta1": 1}),
    config(optimizer={"beta2": -0.1}),
    config(optimizer={"epsilon": 0.0}),
    config(optimizer={"weight_decay": -1e-9}),
    config(optimizer={"unknown": 1}),
    config(training={"epochs": 0}),
    config(training={"epochs": 100001}),
    config(training={"epochs": True}),
    config(training={"batch_size": 1048577}),
    config(training={"engine": "tpu"}),
    config(training={"augment": None}),
    config(training={"augment": {"type": "affine"}}),
    config(training={"augment": ["affine"]}),
    config(training={"augment": [{"type": "affine"}] * 17}),
    augmented("rotate", degrees=5),
    augmented("affine", shift=1025),
    augmented("affine", rotate=-1),
    augmented("affine", scale=[1]),
    augmented("affine", scale=[0.09, 1]),
    augmented("affine", scale=[1, 10.1]),
    augmented("affine", shear=True),
    augmented("elastic"),
    augmented("elastic", alpha=1, seed=1),
    augmented("gaussian_noise", sigma=2.1),
    config(output=""),
    config(output="{nam}"),
    config(output="{"),
    config(output="a\x00b"),
    config(output="x" * 4097),
    config(output=None),
]

# What the schema accepts or never sees, and the reader refuses.
ONLY_THE_READER_REFUSES = [
    '{"model": {"type": "mlp"}, "seed": 1.0}',
    '{"model": {"type": "mlp"}, "seed": 1e3}',
    '{"model": {"type": "mlp"}, "seed": 1, "seed": 1}',
    '{"model": {"type": "mlp"}, "optimizer": {"learning_rate": 1e400}}',
    json.dumps(config(output="ü" * 4096), ensure_ascii=False),
    json.dumps(augmented("affine", scale=[1.1, 1])),
    json.dumps(layers(*[RELU] * 1001)),
    json.dumps(layers({"type": "repeat", "times": 501, "layers": [RELU, RELU]})),
]

NOT_JSON = [
    "",
    '{"model": {"type": "mlp"},}',
    '{"model": {"type": "mlp", "hidden": [1,]}}',
    '{"model": {"type": "mlp", "dropout": NaN}}',
    '{"model": {"type": "mlp"}} {}',
    '{"model": {"type": "mlp"}, "seed": 01}',
]


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.name)
def test_shipped_config_is_valid_as_written_and_as_resolved(file, validator):
    validator.validate(json.loads(without_comments(file.read_text(encoding="utf-8"))))
    shown = mnist_bench("config", "show", file)
    assert shown.returncode == 0, shown.stderr
    validator.validate(json.loads(shown.stdout))


def test_there_are_shipped_configs():
    assert {"mlp.json", "cnn.json", "smoke.json"} <= {file.name for file in SHIPPED}


@pytest.mark.parametrize("value", GOOD, ids=json.dumps)
def test_reader_and_schema_accept(value, validator, reader_accepts):
    validator.validate(value)
    assert reader_accepts(json.dumps(value))


def keeps(resolved, given):
    """Whether all that is given is there; what is resolved has defaults besides."""
    if isinstance(given, dict):
        return all(keeps(resolved[key], value) for key, value in given.items())
    if isinstance(given, list):
        return len(resolved) == len(given) and all(map(keeps, resolved, given))
    return resolved == given


@pytest.mark.parametrize("value", GOOD, ids=json.dumps)
def test_resolved_config_is_valid_and_keeps_what_was_set(value, validator, tmp_path):
    file = tmp_path / "config.json"
    file.write_text(json.dumps(value), encoding="utf-8")
    resolved = json.loads(mnist_bench("config", "show", file).stdout)
    validator.validate(resolved)
    assert keeps(resolved, {key: given for key, given in value.items() if key != "$schema"})


@pytest.mark.parametrize("value", BAD, ids=lambda value: json.dumps(value)[:80])
def test_reader_and_schema_refuse(value, validator, reader_accepts):
    assert not validator.is_valid(value)
    assert not reader_accepts(json.dumps(value))


@pytest.mark.parametrize("text", ONLY_THE_READER_REFUSES, ids=lambda text: text[:80])
def test_reader_alone_refuses(text, validator, reader_accepts):
    assert validator.is_valid(json.loads(text))
    assert not reader_accepts(text)


@pytest.mark.parametrize("text", NOT_JSON)
def test_reader_refuses_what_is_not_json(text, reader_accepts):
    assert not reader_accepts(text)


def test_defaults_in_the_schema_are_what_the_reader_fills_in(validator, tmp_path):
    schema = validator.schema["properties"]
    file = tmp_path / "config.json"
    for model in schema["model"]["oneOf"]:
        needed = {"layers": [RELU]} if model["title"] == "layers" else {}
        file.write_text(json.dumps(config({"type": model["title"], **needed})), encoding="utf-8")
        resolved = json.loads(mnist_bench("config", "show", file).stdout)
        for name, value in resolved.items():
            described = model if name == "model" else schema[name]
            if name == "optimizer":
                described = described["oneOf"][0]  # the default
            if not isinstance(value, dict):
                assert described.get("default", "config") == value, name
                continue
            for inner, inner_value in value.items():
                if inner in needed:
                    continue
                default = described["properties"][inner].get("default", model["title"])
                assert default == inner_value, f"{name}.{inner}"
