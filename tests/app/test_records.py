"""Records that cannot lie: forged, damaged and old ones."""

import csv
import hashlib
import json
import shutil

import pytest
from support import (
    PROJECT,
    SMALL,
    SMOKE,
    assert_refusal,
    config_hash,
    read_result,
    sealed,
    write_result,
)

KEPT = PROJECT / "tests" / "record" / "v0.1.0"
COMPLETED = [f"completed/{model}-{engine}" for model in ("cnn", "mlp") for engine in ("libtorch", "native")]
UNFINISHED = ["interrupted/cnn-native", "interrupted/mlp-libtorch", "killed/cnn-libtorch", "killed/mlp-native"]


def matrix(result):
    return result["test"]["confusion_matrix"]["counts"]


def all_right(result):
    """Each image is predicted as what it is, and nothing else is touched."""
    for k, row in enumerate(matrix(result)):
        row[:] = [sum(row) if j == k else 0 for j in range(len(row))]


def one_count(result):
    matrix(result)[0][0] += 5000


def negative_count(result):
    matrix(result)[0][0] = -50


def fraction(result):
    matrix(result)[0][0] += 0.5


def moved_image(result):
    """From one row to another: the sum stays."""
    matrix(result)[0][0] -= 1
    matrix(result)[1][1] += 1


def set_to(*path, value):
    def change(result):
        place = result
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value

    change.__name__ = ".".join(map(str, path)) + f"={json.dumps(value)[:20]}"
    return change


LIES = [
    all_right,
    one_count,
    negative_count,
    fraction,
    moved_image,
    set_to("test", "accuracy", value=0.9839),
    set_to("test", "accuracy", value=True),
    set_to("test", "accuracy_ci95", value=[0.98, 0.99]),
    set_to("test", "macro", "f1", value=0.98),
    set_to("test", "macro", "recall", value=-1),
    set_to("test", "per_class", 3, "precision", value=1),
    set_to("test", "per_class", 3, "support", value=10000),
    set_to("test", "samples", value=10000),
    set_to("test", "loss", value=-0.1),
    set_to("test", value=None),
    set_to("epochs", value=[]),
    set_to("epochs", 0, "epoch", value=2),
    set_to("epochs", 0, "train_seconds", value=0.0001),
    set_to("epochs", 0, "test", "accuracy", value=0.5),
    set_to("config", "training", "epochs", value=5),
    set_to("config", "optimizer", "learning_rate", value=0.5),
    set_to("config_hash", value="0" * 64),
    set_to("timing", "train_seconds", value=-1),
    set_to("timing", "train_seconds", value=0.5e-6),
    set_to("timing", "total_seconds", value=0),
    set_to("timing", "seconds_per_epoch", "mean", value=1e-6),
    set_to("timing", "peak_rss_bytes", value=3.9),
    set_to("data", "test", "class_counts", value=[20] * 9 + [21]),
    set_to("data", "train", "samples", value=60000),
    set_to("model", "parameters", value=1),
    set_to("model", "type", value="cnn"),
    set_to("status", value="interrupted"),
    set_to("parameters_sha256", value=None),
    set_to("provenance", "threads", value="2"),
]


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
def test_a_lie_is_refused_though_its_hash_is_right(bench, finished_run, tmp_path, lie):
    shutil.copytree(finished_run, tmp_path / "runs/good")
    shutil.copytree(finished_run, tmp_path / "runs/forged")
    result = read_result(finished_run)
    lie(result)
    write_result(tmp_path / "runs/forged", result)
    assert_refusal(bench("report", "runs/forged"), 6, "runs/forged/result.json")
    done = bench("report", "runs")
    assert done.code == 0, done
    assert "a record cannot be read" in done.stdout
    assert "runs/forged/result.json" in done.stdout
    row = next(line for line in done.stdout.splitlines() if line.startswith("smoke"))
    assert row.split()[1] == "1"


def test_an_honest_record_rewritten_is_believed(bench, finished_run, tmp_path):
    """The forger's tool itself is no reason to refuse."""
    shutil.copytree(finished_run, tmp_path / "run")
    write_result(tmp_path / "run", read_result(finished_run))
    assert bench("verify", "run").code == 0


def test_the_hash_is_that_of_the_bytes_and_of_the_config(finished_run):
    content = (finished_run / "result.json").read_bytes()
    result = read_result(finished_run)
    assert list(result)[-1] == "sha256"
    without = content.replace(result["sha256"].encode(), b"0" * 64)
    assert hashlib.sha256(without).hexdigest() == result["sha256"]
    assert config_hash(result["config"]) == result["config_hash"]


def test_an_edit_by_hand_is_noticed(bench, finished_run, tmp_path):
    shutil.copytree(finished_run, tmp_path / "run")
    record = tmp_path / "run/result.json"
    record.write_bytes(record.read_bytes().replace(b'"allocator": "', b'"allocator": "my ', 1))
    for command in (("report", "run"), ("run", SMOKE, *SMALL, "--resume", "--output", "run")):
        assert_refusal(bench(*command), 6, "run/result.json", "sha256")


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 52500 + b"]" * 52500,
        b'{"a":' * 52500 + b"1" + b"}" * 52500,
        b"{" + b",".join(b'"%d":0' % i for i in range(100000)) + b"}",
        b'{"schema": "mnist-bench.result/2", "schema": "mnist-bench.result/2"}',
        b"",
        b"\0" * 100,
    ],
    ids=["arrays", "objects", "keys", "twice", "empty", "zeros"],
)
def test_good_runs_are_reported_despite_any_other_file(bench, finished_run, tmp_path, content):
    shutil.copytree(finished_run, tmp_path / "runs/good")
    (tmp_path / "runs/bad").mkdir()
    (tmp_path / "runs/bad/result.json").write_bytes(content)
    done = bench("report", "runs")
    assert done.code == 0, done
    assert "runs/bad/result.json" in done.stdout
    assert any(line.startswith("smoke") for line in done.stdout.splitlines())


# Runs of version 0.1.0


@pytest.fixture(name="kept")
def fixture_kept(tmp_path):
    shutil.copytree(KEPT, tmp_path / "kept")
    return tmp_path / "kept"


def test_runs_of_0_1_0_are_verified(bench, kept):
    done = bench("verify", kept)
    assert done.code == 0, done
    assert done.stdout == "10 runs checked, 2 of them unfinished: no fault\n"
    assert all(read_result(kept / run)["schema"] == "mnist-bench.result/1" for run in COMPLETED)


def test_runs_of_0_1_0_are_reported_and_compared(bench, kept):
    done = bench("report", "kept")
    assert done.code == 0, done
    assert "cannot be read" not in done.stdout
    for run in ("diverged", "killed/mlp-native", "interrupted/cnn-native"):
        assert f"kept/{run}" in done.stdout
    assert "letters" in done.stdout
    done = bench("compare", "kept/completed/mlp-libtorch", "kept/completed/cnn-native")
    assert done.code == 0, done


def test_macro_averages_of_0_1_0_are_recomputed(bench, kept, tmp_path):
    recorded = read_result(kept / "letters")["test"]["macro"]["f1"]
    assert recorded == pytest.approx(0.08)
    done = bench("report", "kept/letters")
    assert done.code == 0, done
    assert "macro averages recomputed" in done.stdout
    assert bench("report", "kept/letters", "-o", "t.csv").code == 0
    with open(tmp_path / "t.csv", encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert float(row["macro_f1"]) == pytest.approx(0.1)  # over four classes, not five


@pytest.mark.parametrize("run", COMPLETED)
def test_a_finished_run_of_0_1_0_counts_as_done(bench, kept, run):
    folder = kept / run
    before = (folder / "result.json").read_bytes()
    done = bench("run", folder / "config.json", "--resume", "--output", folder)
    assert done.code == 0, done
    assert "already finished" in done.stderr
    assert (folder / "result.json").read_bytes() == before


@pytest.mark.parametrize("run", UNFINISHED)
def test_an_unfinished_run_of_0_1_0_resumes(bench, kept, run):
    folder = kept / run
    done = bench("run", folder / "config.json", "--resume", "--output", folder, timeout=300)
    assert done.code == 0, done
    assert "resuming after epoch 2 of 4" in done.stderr
    result = read_result(folder)
    assert (result["schema"], result["status"]) == ("mnist-bench.result/2", "completed")
    assert result["provenance"]["resumed_after"] == [2]
    assert [epoch["epoch"] for epoch in result["epochs"]] == [1, 2, 3, 4]
    verified = bench("verify", folder)
    assert verified.code == 0, verified


def test_a_lie_in_a_record_of_0_1_0_is_refused_too(bench, kept):
    folder = kept / "completed/mlp-native"
    result = read_result(folder)
    all_right(result)
    (folder / "result.json").write_text(json.dumps(result))
    assert_refusal(bench("report", folder), 6, "result.json", "test.accuracy")


def test_a_forger_who_calls_a_record_old_needs_its_hash_all_the_same(bench, finished_run, tmp_path):
    shutil.copytree(finished_run, tmp_path / "run")
    record = tmp_path / "run/result.json"
    record.write_bytes(sealed(read_result(finished_run)).replace(b"result/2", b"result/1"))
    assert_refusal(bench("report", "run"), 6, "sha256")
