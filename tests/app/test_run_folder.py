"""What a run leaves behind, checked against the data files and recomputed in Python."""

import math
from collections import Counter
from datetime import datetime, timezone

import pytest
from support import (
    CPU,
    RUN_FILES,
    SHIPPED_MNIST,
    SMALL,
    SMOKE,
    parse_json,
    read_epochs,
    read_json,
    read_labels,
    read_predictions,
    read_result,
)

Z95 = 1.959963984540054  # the 97.5 % quantile of the normal distribution

SPLIT = {"samples", "sha256", "class_counts"}
KEYS = {
    "": {
        "schema", "status", "error", "config", "config_hash", "provenance", "data", "model",
        "preactivations", "epochs", "test", "timing", "parameters_sha256", "predictions_sha256",
        "sha256",
    },
    "config": {
        "name", "seed", "device", "threads", "data", "model", "optimizer", "training", "output",
    },
    "config.data": {"dataset", "directory", "normalization", "transform", "train_limit", "test_limit", "validation",
                    "class_names"},
    "config.model": {"type", "hidden", "dropout", "initialization"},
    "config.optimizer": {
        "type", "learning_rate", "beta1", "beta2", "epsilon", "weight_decay",
    },
    "config.training": {"epochs", "steps", "batch_size", "augment", "engine", "evaluate_every"},
    "provenance": {
        "version", "git_revision", "git_dirty", "build_type", "compiler", "libtorch", "device",
        "device_name", "cpu", "simd", "threads", "jobs", "allocator", "started_at", "command",
        "resumed_after", "cuda", "cudnn", "driver", "tf32", "mkl_cbwr", "omp_wait_policy",
        "gomp_spincount",
    },
    "data": {"dataset", "train", "test", "normalization", "files"},
    "data.files.0": {"role", "path", "sha256"},
    "data.train": SPLIT,
    "data.test": SPLIT,
    "data.normalization": {"mean", "std"},
    "model": {"type", "parameters", "macs", "layers"},
    "model.layers.0": {"name", "type", "output_shape", "parameters", "macs"},
    "preactivations.0": {"layer", "mean", "sd"},
    "epochs.0": {
        "epoch", "engine", "device", "train_loss", "train_accuracy", "train_seconds",
        "evaluate_seconds",
        "images_per_second", "test",
    },
    "epochs.0.test": {"loss", "accuracy", "macro_f1"},
    "test": {
        "samples", "loss", "accuracy", "accuracy_ci95", "macro", "per_class", "undefined",
        "confusion_matrix", "calibration",
    },
    "test.calibration": {"ece", "mce", "mce_samples", "brier", "nll", "bins", "coverage"},
    "test.calibration.bins.0": {"lower", "upper", "samples", "confidence", "accuracy"},
    "test.calibration.coverage.0": {"coverage", "threshold", "accuracy"},
    "test.macro": {"precision", "recall", "f1", "classes"},
    "test.per_class.0": {"class", "precision", "recall", "f1", "support"},
    "test.confusion_matrix": {"axes", "counts"},
    "timing": {
        "load_seconds", "train_seconds", "evaluate_seconds", "total_seconds", "peak_rss_bytes",
        "peak_device_bytes", "seconds_per_epoch",
    },
    "timing.seconds_per_epoch": {"mean", "sd", "n"},
}  # fmt: skip


@pytest.fixture(name="result")
def fixture_result(finished_run):
    return read_result(finished_run)


def at(value, path):
    for step in path.split(".") if path else []:
        value = value[int(step)] if step.isdigit() else value[step]
    return value


def recomputed_metrics(counts):
    """Every metric of a result from the confusion matrix alone (the paper's eq. 22–25)."""
    classes = range(len(counts))
    samples = sum(map(sum, counts))
    correct = sum(counts[k][k] for k in classes)
    share = correct / samples
    centre = share + Z95**2 / (2 * samples)
    half = Z95 * math.sqrt(share * (1 - share) / samples + Z95**2 / (4 * samples**2))
    scale = 1 + Z95**2 / samples
    per_class = []
    occurring = []
    undefined = set()
    for k in classes:
        support = sum(counts[k])
        predicted = sum(counts[row][k] for row in classes)
        quotients = {
            "precision": (counts[k][k], predicted),
            "recall": (counts[k][k], support),
            "f1": (2 * counts[k][k], predicted + support),
        }
        if support + predicted > 0:
            occurring.append(k)
        undefined |= {f"{name}[{k}]" for name, (_, below) in quotients.items() if below == 0}
        values = {name: above / below if below else 0.0 for name, (above, below) in quotients.items()}
        per_class.append({"class": k, **values, "support": support})
    return {
        "samples": samples,
        "accuracy": share,
        "accuracy_ci95": [(centre - half) / scale, (centre + half) / scale],
        "macro": {
            name: math.fsum(per_class[k][name] for k in occurring) / len(occurring)
            for name in ("precision", "recall", "f1")
        }
        | {"classes": occurring},
        "per_class": per_class,
        "undefined": undefined,
    }


def assert_metrics_follow_from_the_counts(test):
    expected = recomputed_metrics(test["confusion_matrix"]["counts"])
    near = lambda value: pytest.approx(value, rel=0, abs=1e-12)  # noqa: E731
    assert test["samples"] == expected["samples"]
    assert test["accuracy"] == near(expected["accuracy"])
    assert test["accuracy_ci95"] == near(expected["accuracy_ci95"])
    assert test["macro"].pop("classes") == expected["macro"].pop("classes")
    assert test["macro"] == near(expected["macro"])
    assert len(test["per_class"]) == len(expected["per_class"])
    for of_class, expected_of_class in zip(test["per_class"], expected["per_class"]):
        assert of_class == near(expected_of_class)
    assert set(test["undefined"]) == expected["undefined"]


def test_run_folder_holds_exactly_the_documented_files(finished_run):
    assert {path.name for path in finished_run.iterdir()} == RUN_FILES


def test_every_json_is_strict_json(finished_run):
    read_json(finished_run / "config.json")
    read_json(finished_run / "result.json")
    assert read_epochs(finished_run)


@pytest.mark.parametrize("path", KEYS, ids=lambda path: path or "top level")
def test_result_has_exactly_the_documented_keys(result, path):
    assert set(at(result, path)) == KEYS[path]


def test_config_in_the_result_is_the_config_file(finished_run, result):
    assert result["config"] == read_json(finished_run / "config.json")
    assert result["config"]["data"]["train_limit"] == 300


def test_epochs_in_the_result_are_the_lines_of_epochs_jsonl(finished_run, result):
    assert result["epochs"] == read_epochs(finished_run)
    assert [epoch["epoch"] for epoch in result["epochs"]] == [1]


def test_result_says_what_was_done_where_and_when(result):
    assert result["schema"] == "mnist-bench.result/2"
    assert result["status"] == "completed"
    assert result["error"] is None
    provenance = result["provenance"]
    assert provenance["device"] == "cpu"
    assert provenance["threads"] == 1
    for key in ("version", "build_type", "compiler", "libtorch", "device_name", "allocator"):
        assert provenance[key], key
    assert "run" in provenance["command"].split()
    assert "data.train_limit=300" in provenance["command"]
    started = datetime.strptime(provenance["started_at"], "%Y-%m-%dT%H:%M:%SZ")
    age = datetime.now(timezone.utc) - started.replace(tzinfo=timezone.utc)
    assert -1 <= age.total_seconds() < 600


def test_result_says_what_mkl_was_asked_for(result, bench, tmp_path):
    assert result["provenance"]["mkl_cbwr"] == "AUTO,STRICT"
    done = bench("run", SMOKE, *SMALL, "--output", "own", environment={"MKL_CBWR": "COMPATIBLE"})
    assert done.code == 0, done
    assert read_result(tmp_path / "own")["provenance"]["mkl_cbwr"] == "COMPATIBLE"


def test_hashes_are_sha256(result):
    hashes = [result["config_hash"], result["parameters_sha256"]]
    hashes += [result["data"][split]["sha256"] for split in ("train", "test")]
    for value in hashes:
        assert len(value) == 64
        int(value, 16)


def test_times_are_positive_and_add_up(result):
    timing = result["timing"]
    epoch = result["epochs"][0]
    assert timing["train_seconds"] == epoch["train_seconds"] > 0
    assert timing["evaluate_seconds"] == epoch["evaluate_seconds"] > 0
    parts = timing["load_seconds"] + timing["train_seconds"] + timing["evaluate_seconds"]
    assert 0 < parts <= timing["total_seconds"]
    assert timing["seconds_per_epoch"] == {"mean": epoch["train_seconds"], "sd": None, "n": 1}
    assert epoch["images_per_second"] == pytest.approx(300 / epoch["train_seconds"])
    assert timing["peak_rss_bytes"] > 50_000_000


def test_metrics_follow_from_the_confusion_matrix(result):
    assert result["test"]["confusion_matrix"]["axes"] == ["true", "predicted"]
    assert_metrics_follow_from_the_counts(result["test"])


def test_last_epoch_and_test_agree(result):
    test = result["test"]
    assert result["epochs"][-1]["test"] == {
        "loss": test["loss"],
        "accuracy": test["accuracy"],
        "macro_f1": test["macro"]["f1"],
    }


def test_predictions_add_up_to_the_confusion_matrix(finished_run, result):
    counts = [[0] * 10 for _ in range(10)]
    for row in read_predictions(finished_run):
        counts[row["true"]][row["predicted"]] += 1
    assert counts == result["test"]["confusion_matrix"]["counts"]


def test_predictions_have_the_documented_columns_and_sane_values(finished_run):
    text = (finished_run / "predictions.csv").read_text(encoding="utf-8")
    assert text.startswith("index,true,predicted,probability,second,second_probability\n")
    predictions = read_predictions(finished_run)
    assert len({row["index"] for row in predictions}) == len(predictions) == 200
    # The likeliest of ten classes has a tenth at least.
    assert all(0.1 - 1e-6 <= row["probability"] <= 1 for row in predictions)
    for row in predictions:
        assert row["second"] != row["predicted"]
        assert row["second_probability"] <= min(row["probability"], 1 - row["probability"] + 1e-6)


def test_calibration_follows_from_the_predictions(finished_run, result):
    found = result["test"]["calibration"]
    rows = read_predictions(finished_run)
    gap, largest = 0, (0, 0)
    for j, entry in enumerate(found["bins"]):
        inside = [r for r in rows if min(int(r["probability"] * 15), 14) == j]
        assert entry["samples"] == len(inside)
        if not inside:
            assert entry["accuracy"] is None and entry["confidence"] is None
            continue
        right = sum(r["true"] == r["predicted"] for r in inside) / len(inside)
        sure = math.fsum(r["probability"] for r in inside) / len(inside)
        assert entry["accuracy"] == pytest.approx(right)
        assert entry["confidence"] == pytest.approx(sure)
        gap += abs(right - sure) * len(inside) / len(rows)
        largest = max(largest, (abs(right - sure), len(inside)))
    assert found["ece"] == pytest.approx(gap)
    assert (found["mce"], found["mce_samples"]) == (pytest.approx(largest[0]), largest[1])
    assert found["nll"] == result["test"]["loss"]
    ranked = sorted(rows, key=lambda row: -row["probability"])
    for point in found["coverage"]:
        kept = ranked[: round(point["coverage"] * len(rows))]
        assert point["threshold"] == pytest.approx(kept[-1]["probability"], rel=1e-6)
        right = sum(row["true"] == row["predicted"] for row in kept) / len(kept)
        assert point["accuracy"] == pytest.approx(right)


def test_true_classes_are_those_of_the_shipped_test_file(finished_run):
    labels = read_labels(SHIPPED_MNIST / "t10k-labels-idx1-ubyte.gz")
    predictions = read_predictions(finished_run)
    assert [row["true"] for row in predictions] == [labels[row["index"]] for row in predictions]


def test_all_images_are_used_and_counted_without_a_limit(bench, tmp_path):
    """Training stays short: one step with all 60,000 images."""
    done = bench(
        "run", SMOKE, *CPU, "data.train_limit=null", "data.test_limit=null",
        "training.batch_size=60000", "model.hidden=[8]", "--output", "all",
    )  # fmt: skip
    assert done.code == 0, done
    result = read_result(tmp_path / "all")
    for split, prefix in (("train", "train"), ("test", "t10k")):
        labels = read_labels(SHIPPED_MNIST / f"{prefix}-labels-idx1-ubyte.gz")
        counted = Counter(labels)
        assert result["data"][split]["samples"] == len(labels)
        assert result["data"][split]["class_counts"] == [counted[k] for k in range(10)]
        if split == "test":
            predictions = read_predictions(tmp_path / "all")
            assert [row["index"] for row in predictions] == list(range(10000))
            assert [row["true"] for row in predictions] == labels
    assert_metrics_follow_from_the_counts(result["test"])


def test_undefined_metrics_are_listed_and_count_zero(bench, tmp_path):
    """Three test images leave most classes without any."""
    done = bench("run", SMOKE, *CPU, "data.train_limit=300", "data.test_limit=3", "--output", "few")
    assert done.code == 0, done
    test = read_result(tmp_path / "few")["test"]
    assert_metrics_follow_from_the_counts(test)
    assert sum(name.startswith("recall[") for name in test["undefined"]) >= 7


def test_limited_images_do_not_depend_on_the_seed(bench, tmp_path, finished_run, result):
    assert bench("run", SMOKE, *SMALL, "seed=2", "--output", "other").code == 0
    other = read_result(tmp_path / "other")
    assert other["data"] == result["data"]
    assert other["config_hash"] == result["config_hash"]
    ours, theirs = read_predictions(finished_run), read_predictions(tmp_path / "other")
    assert [row["index"] for row in ours] == [row["index"] for row in theirs]


def test_limited_images_hold_every_class_in_proportion(result):
    for split, prefix in (("train", "train"), ("test", "t10k")):
        labels = read_labels(SHIPPED_MNIST / f"{prefix}-labels-idx1-ubyte.gz")
        samples = result["data"][split]["samples"]
        counts = result["data"][split]["class_counts"]
        assert sum(counts) == samples
        for k, count in Counter(labels).items():
            assert abs(counts[k] - samples * count / len(labels)) < 2


def test_log_file_holds_what_the_run_said_with_utc_times(finished_run):
    lines = (finished_run / "log.txt").read_text(encoding="utf-8").splitlines()
    assert any("235146 parameters" in line for line in lines)
    assert any("epoch 1/1" in line for line in lines)
    for line in lines:
        datetime.strptime(line.split()[0], "%Y-%m-%dT%H:%M:%S.%fZ")


def test_config_of_a_run_can_be_run_again(bench, finished_run, tmp_path):
    done = bench("run", finished_run / "config.json", "--output", "again")
    assert done.code == 0, done
    again, first = read_result(tmp_path / "again"), read_result(finished_run)
    assert again["parameters_sha256"] == first["parameters_sha256"]
    assert again["config_hash"] == first["config_hash"]


def test_json_reader_of_these_tests_refuses_nan():
    with pytest.raises(ValueError, match="NaN"):
        parse_json('{"loss": NaN}')
