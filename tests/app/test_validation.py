"""Images held back from training, trainings that end after a number of steps, and evaluations after
some epochs only, in both engines."""

import gzip
import itertools
import json

import pytest
from conftest import run_binary
from idx import write_idx
from networks import mlp_outputs
from support import (
    CPU,
    PROJECT,
    SHIPPED_MNIST,
    SMALL,
    SMOKE,
    TINY_MODEL,
    assert_refusal,
    checkpoint_metadata,
    parse_json,
    read_epochs,
    read_labels,
    read_result,
    temporary_files,
    wait_for_line,
    wait_until,
)

ENGINES = ("libtorch", "native")


@pytest.fixture(name="numpy")
def fixture_numpy(monkeypatch):
    monkeypatch.syspath_prepend(PROJECT / "third_party" / "python")
    return pytest.importorskip("numpy", reason="scripts/setup installs it into third_party/python")


def first_training_images(count):
    """Lists of rows of bytes, and their labels."""
    pixels = gzip.decompress((SHIPPED_MNIST / "train-images-idx3-ubyte.gz").read_bytes())[16:]
    rows = [pixels[28 * i : 28 * (i + 1)] for i in range(28 * count)]
    labels = read_labels(SHIPPED_MNIST / "train-labels-idx1-ubyte.gz")
    return [rows[28 * i : 28 * (i + 1)] for i in range(count)], labels[:count]


@pytest.mark.parametrize("engine", ENGINES)
def test_scores_are_those_of_all_images_but_the_ones_trained_on(tmp_path, numpy, engine):
    """Trained on one image of 500, which is of the largest class, the network is scored on the other
    499: NumPy's forward pass over all of them gives the same counts but for one."""
    images, labels = first_training_images(500)
    write_idx(tmp_path / "data", images, labels)
    done = run_binary("run", SMOKE, *CPU, f"training.engine={engine}", "data.directory=data",
                      "data.dataset=own", "data.train_limit=null", "data.test_limit=null",
                      "data.validation=499", "model.hidden=[16]", "training.epochs=2",
                      "--output", "run", cwd=tmp_path)  # fmt: skip
    assert done.code == 0, done
    result = read_result(tmp_path / "run")
    held_back = result["data"]["validation"]
    assert (held_back["samples"], result["data"]["train"]["samples"]) == (499, 1)
    assert held_back["sha256"] == result["data"]["train"]["sha256"]

    from safetensors.numpy import load_file

    tensors = load_file(tmp_path / "run" / "model.safetensors")
    pixels = numpy.frombuffer(b"".join(row for image in images for row in image), numpy.uint8)
    outputs = mlp_outputs(numpy, tensors, pixels.reshape(-1, 28, 28))
    counts = numpy.zeros((10, 10), int)
    for label, row in zip(labels, list(outputs.values())[-1]):
        counts[label][row.argmax()] += 1
    found = numpy.array(result["validation"]["confusion_matrix"]["counts"])
    left_over = counts - found
    assert left_over.sum() == 1 and left_over.min() == 0
    largest = max(range(10), key=labels.count)
    assert left_over[largest].sum() == 1

    assert result["validation"]["samples"] == 499
    assert result["validation"]["accuracy"] == pytest.approx(found.trace() / 499, abs=1e-12)
    scores = [epoch["validation"] for epoch in read_epochs(tmp_path / "run")]
    assert len(scores) == 2
    for name in ("loss", "accuracy"):
        assert scores[-1][name] == result["validation"][name]
    assert scores[-1]["macro_f1"] == result["validation"]["macro"]["f1"]
    assert "validation loss" in done.stderr


@pytest.mark.parametrize("engine", ENGINES)
def test_held_back_images_are_the_same_for_every_seed(bench, tmp_path, engine):
    counts = set()
    for seed in (1, 2):
        done = bench("run", SMOKE, *SMALL, TINY_MODEL, f"training.engine={engine}", f"seed={seed}",
                     "data.validation=95", "training.epochs=1", "--output", f"s{seed}")  # fmt: skip
        assert done.code == 0, done
        counts.add(tuple(read_result(tmp_path / f"s{seed}")["data"]["validation"]["class_counts"]))
    assert len(counts) == 1
    (of_both,) = counts
    labels = read_labels(SHIPPED_MNIST / "train-labels-idx1-ubyte.gz")
    for k, count in enumerate(of_both):
        assert abs(count - 95 * labels.count(k) / 60_000) < 1


def test_training_does_not_depend_on_what_is_held_back_beyond_its_limit(bench, tmp_path):
    for name, validation in (("with", "100"), ("without", "null")):
        done = bench("run", SMOKE, *SMALL, TINY_MODEL, f"data.validation={validation}",
                     "name=same", "--output", name)  # fmt: skip
        assert done.code == 0, done
    results = [read_result(tmp_path / name) for name in ("with", "without")]
    assert results[0]["parameters_sha256"] == results[1]["parameters_sha256"]
    assert results[0]["config_hash"] != results[1]["config_hash"]
    assert "validation" not in results[1] and "validation" not in results[1]["data"]


def test_more_images_than_there_are_cannot_be_held_back(bench, write_config, tmp_path):
    done = bench("run", SMOKE, *CPU, "data.train_limit=null", "data.validation=60000")
    assert_refusal(done, 2, f"{SMOKE}: data.validation is 60000 of 60000 training images")
    done = bench("run", SMOKE, *CPU, "data.train_limit=50000", "data.validation=10001")
    assert_refusal(done, 2, f"{SMOKE}: data.train_limit is 50000 and data.validation 10001")
    sweep = write_config(json.dumps({"name": "s", "configs": [str(SMOKE)], "seeds": [1]}))
    done = bench("sweep", sweep, "data.train_limit=null", "data.validation=60000")
    assert done.code == 4, done
    assert "data.validation is 60000" in read_result(tmp_path / "runs/s/smoke/seed-1")["error"]


@pytest.mark.parametrize("engine", ENGINES)
def test_training_ends_after_the_steps_asked_for(bench, tmp_path, engine):
    few = (SMOKE, *SMALL, TINY_MODEL, "training.batch_size=64", f"training.engine={engine}")
    # 300 images are 5 steps.
    done = bench("run", *few, "training.steps=7", "--output", "steps")
    assert done.code == 0, done
    result = read_result(tmp_path / "steps")
    assert result["status"] == "completed"
    assert [epoch["epoch"] for epoch in result["epochs"]] == [1, 2]
    assert "epochs" not in result["config"]["training"]
    seconds, rate = (result["epochs"][1][key] for key in ("train_seconds", "images_per_second"))
    assert seconds * rate == pytest.approx(128)
    # What an epoch takes, and not what its part took.
    whole = [result["epochs"][0]["train_seconds"], seconds * 300 / 128]
    assert result["timing"]["seconds_per_epoch"]["mean"] == pytest.approx(sum(whole) / 2)
    assert checkpoint_metadata(tmp_path / "steps")["step"] == "7"
    assert bench("verify", "steps").code == 0

    # As many steps as two epochs have give what two epochs give.
    for name, length in (("ten", "training.steps=10"), ("two", "training.epochs=2")):
        assert bench("run", *few, length, "--output", name).code == 0
    ten, two = (read_result(tmp_path / name) for name in ("ten", "two"))
    assert ten["parameters_sha256"] == two["parameters_sha256"]


def test_steps_of_more_epochs_than_a_record_holds_are_refused(bench):
    done = bench("run", SMOKE, *SMALL, "training.batch_size=300", "training.steps=100001")
    assert_refusal(done, 2, "training.steps is 100001: 100001 epochs of 300 images")


EVERY = (SMOKE, *SMALL, TINY_MODEL, "training.epochs=5", "training.evaluate_every=2")


@pytest.mark.parametrize("engine", ENGINES)
def test_evaluations_are_left_out_between(bench, tmp_path, engine):
    done = bench("run", *EVERY, f"training.engine={engine}", "data.validation=50", "--output", "out")
    assert done.code == 0, done
    epochs = read_epochs(tmp_path / "out")
    assert [epoch["epoch"] for epoch in epochs if epoch["test"]] == [2, 4, 5]
    assert all(("validation" in epoch) == (epoch["test"] is not None) for epoch in epochs)
    result = read_result(tmp_path / "out")
    assert result["epochs"] == epochs
    assert result["test"]["accuracy"] == epochs[-1]["test"]["accuracy"]
    lines = [line for line in done.stderr.splitlines() if line.startswith("epoch ")]
    assert [line.split("epoch ")[1].split(":")[0] for line in lines] == ["2/5", "4/5", "5/5"]
    # It is the same training.
    done = bench("run", *EVERY, f"training.engine={engine}", "training.evaluate_every=1",
                 "data.validation=50", "--output", "each")  # fmt: skip
    assert done.code == 2 and "overridden twice" in done.stderr
    each = [word for word in EVERY if word != "training.evaluate_every=2"]
    assert bench("run", *each, f"training.engine={engine}", "--output", "each").code == 0
    assert read_result(tmp_path / "each")["parameters_sha256"] == result["parameters_sha256"]
    assert bench("verify", "out", "each").code == 0
    page = bench("report", "out", "each", "-o", "page.html")
    assert page.code == 0, page


@pytest.mark.parametrize("engine", ENGINES)
def test_interrupted_between_evaluations_it_resumes_from_the_last_one(bench, start, tmp_path, engine):
    run = (SMOKE, *SMALL, TINY_MODEL, f"training.engine={engine}", "training.evaluate_every=3")
    process = start("run", *run, "training.epochs=100000", "--output", "long")
    wait_until(lambda: (tmp_path / "long" / "checkpoint.safetensors").exists())
    process.terminate()
    process.communicate(timeout=60)
    result = read_result(tmp_path / "long")
    assert result["status"] == "interrupted"
    done = len(result["epochs"])
    assert done % 3 == 0 and done > 0
    assert checkpoint_metadata(tmp_path / "long")["epoch"] == str(done)
    assert read_epochs(tmp_path / "long") == result["epochs"]
    assert bench("verify", "long").code == 0


def test_interrupted_before_the_first_evaluation_it_says_that_nothing_is_saved(bench, start, tmp_path):
    run = (SMOKE, *SMALL, TINY_MODEL, "training.engine=native", "training.evaluate_every=50000")
    process = start("run", *run, "training.epochs=100000", "--output", "long")
    wait_for_line(process, "seed 1")  # epochs that are not evaluated print nothing
    process.terminate()
    _, errors = process.communicate(timeout=60)
    assert read_result(tmp_path / "long")["epochs"] == []
    assert b"no checkpoint was written yet, as training.evaluate_every is 50000" in errors


@pytest.mark.parametrize("engine", ENGINES)
def test_a_killed_run_ends_with_the_bits_of_one_left_alone(bench, start, tmp_path, engine):
    run = (SMOKE, *CPU, "data.train_limit=6000", "data.test_limit=100", "model.hidden=[64,32]",
           f"training.engine={engine}", "training.evaluate_every=2", "training.steps=800",
           "data.validation=500", "training.batch_size=60", "optimizer.type=sgd",
           "optimizer.momentum=0.9")  # fmt: skip
    assert bench("run", *run, "--output", "whole").code == 0
    whole = read_result(tmp_path / "whole")
    assert len(whole["epochs"]) == 8
    for kill in itertools.count(1):
        process = start("run", *run, "--resume", "--output", "out")
        before = 2 * kill - 2
        wait_until(lambda: process.poll() is not None or lines_in(tmp_path / "out") > before)
        process.kill()
        process.communicate(timeout=60)
        if (tmp_path / "out" / "result.json").exists():
            break
    else:
        raise AssertionError
    done = bench("run", *run, "--resume", "--output", "out")
    assert done.code == 0, done
    result = read_result(tmp_path / "out")
    assert result["parameters_sha256"] == whole["parameters_sha256"]
    for one, other in zip(result["epochs"], whole["epochs"], strict=True):
        for key in ("train_loss", "test", "validation"):
            assert one.get(key) == other.get(key)
    assert temporary_files(tmp_path / "out") == []


def test_a_grid_is_ranked_by_the_images_held_back_and_tested_by_its_best_alone(
    bench, tmp_path, write_config
):
    sweep = write_config(json.dumps({
        "name": "rates", "configs": [str(SMOKE)], "seeds": [1, 2],
        "grid": {"optimizer.learning_rate": [1e-6, 0.01, 0.001]},
    }))  # fmt: skip
    few = (*SMALL, TINY_MODEL, "training.engine=native", "training.epochs=3")
    done = bench("sweep", sweep, *few, "data.validation=200", "--output", "ranked")
    assert done.code == 0, done
    records = [read_result(f.parent) for f in sorted((tmp_path / "ranked").rglob("result.json"))]
    scores = {}
    for record in records:
        rate = record["config"]["optimizer"]["learning_rate"]
        scores.setdefault(rate, []).append(record["validation"]["accuracy"])
    ranking = sorted(scores, key=lambda rate: -sum(scores[rate]))
    table = [line for line in done.stdout.splitlines() if line.startswith("smoke optimizer")]
    rows = table[: len(ranking)]
    assert [float(row.split("learning_rate=")[1].split()[0]) for row in rows] == ranking
    assert " · " not in rows[0] and all(" · " in row for row in rows[1:])
    assert "Ranked by the accuracy on training images held back" in done.stdout
    assert "the best of 3 experiments" not in done.stderr + done.stdout

    done = bench("sweep", sweep, *few, "--output", "unranked")
    assert done.code == 0, done
    assert "the best of 3 experiments by their test results" in done.stdout


def lines_in(folder):
    file = folder / "epochs.jsonl"
    return file.read_text().count("\n") if file.exists() else 0


def test_bench_times_epochs_of_a_config_that_counts_steps(bench, write_config):
    config = write_config('{"model": {"type": "mlp"}, "training": {"steps": 3}}')
    done = bench("bench", config, "--rounds", "1", "--engines", "native", "--threads", "1", "--json")
    assert done.code == 0, done
    assert parse_json(done.stdout)["mnist_bench"]["series"][0]["epochs"] == 1
