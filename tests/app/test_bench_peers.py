"""scripts/bench_peers, with programs in the place of Python and of mnist-bench that only say how long
they took: what it makes of the peers' samples, failures and limits."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import Finished, clean_environment
from support import PROJECT, assert_has_remedy, assert_refusal, read_json, wait_for_line

SCRIPT = PROJECT / "scripts/bench_peers"
# In the place of Python: PROGRAM FORM MODEL EPOCHS THREADS SEED, where form and seed say what
# happens, or onnx_peer.py FILE BATCH THREADS, of which each call takes a millisecond per image, and 1 %
# ten times that.
PEER = """
import json, os, sys, time
if sys.argv[1].endswith("onnx_peer.py"):
    file, batch, threads = sys.argv[2:]
    assert len(os.sched_getaffinity(0)) == int(os.environ["OMP_NUM_THREADS"]) == int(threads)
    with open(file) as model:
        accuracy = float(model.read())
    us = 1000.0 * int(batch)
    print(json.dumps({"calls": 200, "p50_us": us, "p90_us": us, "p99_us": 10 * us,
                      "images_per_second": 900.0, "accuracy": accuracy,
                      "versions": {"onnxruntime": "1.2.3"}}))
    sys.exit()
form, model, epochs, threads, seed = sys.argv[2:]
accuracy = 0.99
if form == "compile":
    sys.exit("Traceback: ...\\ntorch.SomeError: no compiler\\n\\nSet VERBOSE=1 for more")
if form == "scan":
    time.sleep(60)
if form == "step":
    accuracy = 0.5
if form == "dataloader" and seed == "2":
    os.kill(os.getpid(), 9)
if form == "eager":
    assert len(os.sched_getaffinity(0)) == int(os.environ["OMP_NUM_THREADS"]) == int(threads)
print("a line that is no result")
print(json.dumps({"seconds": [float(seed), 2.0 * float(seed), 9.0][:int(epochs)],
                  "compile_seconds": None, "accuracy": accuracy, "versions": {"torch": "1.2.3"}}))
"""
# In the place of mnist-bench: half a second an epoch with libtorch, a quarter with native; a call of
# the trained network takes a half and a quarter of a millisecond per image, and longer by a
# hundredth each time. What it exports is the accuracy of the run, or $EXPORTED.
OURS = """
import json, os, pathlib, sys
if sys.argv[1] == "export":
    result = json.loads(pathlib.Path(sys.argv[2], "result.json").read_text())
    accuracy = os.environ.get("EXPORTED") or str(result["test"]["accuracy"])
    pathlib.Path(sys.argv[4]).write_text(accuracy)
    sys.exit()
if sys.argv[1] == "bench":
    options = dict(zip(sys.argv[2:-2:2], sys.argv[3:-2:2]))
    assert sys.argv[-2:] == ["--json", "--quiet"]
    run = pathlib.Path(options["--inference"])
    with open(run / "turns", "a") as turns:
        turns.write("x")
    us = {"native": 250.0, "libtorch": 500.0}[options["--engines"]] * int(options["--batch"])
    us += 0.01 * us * (run / "turns").stat().st_size
    print(json.dumps({"schema": "mnist-bench.bench-inference/1", "series": [{
        "name": "x", "engine": options["--engines"], "batch": int(options["--batch"]), "threads": 1,
        "calls": 100, "p50_us": us, "p90_us": us, "p99_us": us, "images_per_second": 2000.0}]}))
    sys.exit()
said = dict(word.split("=") for word in sys.argv[3:] if "=" in word)
run = pathlib.Path(sys.argv[-1])
run.mkdir()
seconds = 0.25 if said["training.engine"] == "native" else 0.5
(run / "result.json").write_text(json.dumps({
    "epochs": [{"train_seconds": seconds}] * int(said["training.epochs"]),
    "test": {"accuracy": 0.98},
    "provenance": {"version": "0.1.0", "git_revision": None, "git_dirty": None, "libtorch": "2"}}))
"""


@pytest.fixture
def programs(tmp_path):
    """The environment and the options with which the script runs the two programs."""
    for name, text in (("python", PEER), ("mnist-bench", OURS)):
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!{sys.executable}\n{text}")
        path.chmod(0o755)
    environment = clean_environment(MNIST_BENCH_BINARY=str(tmp_path / "bin/mnist-bench"))
    return environment, ["--python", str(tmp_path / "bin/python"), "--output", "out"]


@pytest.fixture
def bench_peers(programs, tmp_path):
    def run(*arguments, **changes):
        environment, options = programs
        done = subprocess.run(
            [SCRIPT, *options, *map(str, arguments)], env={**environment, **changes}, cwd=tmp_path,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)  # fmt: skip
        return Finished(done.returncode, done.stdout, done.stderr)

    return run


def rows(tmp_path):
    record = read_json(tmp_path / "out/peers.json")
    return {(row["model"], row["peer"]): row for row in record["results"]}


def cells(table, title):
    line = next(line for line in table.splitlines() if f"| {title} |" in line)
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_peers_run_in_turn_and_are_compared_round_by_round(bench_peers, tmp_path):
    done = bench_peers("--peers", "native,eager,libtorch", "--rounds", 3, "--threads", 1,
                       "--models", "mlp", "--epochs", "mlp=2")  # fmt: skip
    assert done.code == 0, done
    turns = [line.split(": ")[1] for line in done.stderr.splitlines() if line.startswith("mlp")]
    assert turns == 3 * ["native", "eager", "libtorch"]
    eager = rows(tmp_path)["mlp", "eager"]
    assert [run["seconds"] for run in eager["runs"]] == [[1, 2], [2, 4], [3, 6]]
    assert eager["seconds_per_epoch"] == {"median": 2.5, "min": 1, "max": 6, "n": 6}
    assert eager["ratios_to_native"] == [1.5 / 0.25, 3 / 0.25, 4.5 / 0.25]
    assert eager["ratio_to_native"]["median"] == 12
    assert cells(done.stdout, "PyTorch eager, data in memory") == [
        "MLP", "1", "PyTorch eager, data in memory", "2.500 (1.000 to 6.000)", "6",
        "12.00 (6.00 to 18.00)", "–", "99.00 (99.00 to 99.00)"]  # fmt: skip
    assert cells(done.stdout, "mnist-bench, libtorch")[5] == "2.00 (2.00 to 2.00)"
    assert done.stdout == (tmp_path / "out/peers.md").read_text()


def test_a_record_says_what_was_measured_on_what(bench_peers, tmp_path):
    done = bench_peers("--peers", "eager,native", "--rounds", 1, "--threads", 1,
                       "--epochs", "cnn=1")  # fmt: skip
    assert done.code == 0, done
    record = read_json(tmp_path / "out/peers.json")
    assert record["schema"] == "mnist-bench.peers/1"
    assert record["versions"]["torch"] == "1.2.3"
    assert record["versions"]["mnist-bench"] == "0.1.0 (revision unknown)"
    assert record["machine"]["cpu"]
    assert record["settings"]["epochs"] == {"mlp": 3, "cnn": 1}
    assert {model: len(row["runs"][0]["seconds"])
            for (model, _), row in rows(tmp_path).items()} == {"mlp": 3, "cnn": 1}  # fmt: skip


@pytest.mark.parametrize(
    ("peer", "status", "reason"),
    [
        ("compile", "failed", "exit code 1: torch.SomeError: no compiler"),
        ("jax-scan", "timed out", "no result within 1 s"),
        ("jax-step", "invalid", "test accuracy 50.00 % is less than 95 %"),
    ],
)
def test_a_peer_that_fails_says_so_and_is_not_tried_again(
    bench_peers, tmp_path, peer, status, reason
):
    done = bench_peers("--peers", f"{peer},native", "--rounds", 2, "--threads", 1,
                       "--models", "mlp", "--limit", 1)  # fmt: skip
    assert done.code == 0, done
    row = rows(tmp_path)["mlp", peer]
    assert (row["status"], row["reason"], row["runs"]) == (status, reason, [])
    assert done.stderr.count(f": {peer}: ") == 1
    assert cells(done.stdout, row["title"])[3:] == [f"{status}: {reason}", "0", "–", "–", "–"]
    assert len(rows(tmp_path)["mlp", "native"]["runs"]) == 2


def test_what_was_measured_before_a_failure_stays(bench_peers, tmp_path):
    done = bench_peers("--peers", "dataloader,native", "--rounds", 3, "--threads", 1,
                       "--models", "cnn", "--epochs", "cnn=1")  # fmt: skip
    row = rows(tmp_path)["cnn", "dataloader"]
    assert (row["status"], row["reason"]) == ("failed", "exit code -9: it said nothing")
    assert row["ratios_to_native"] == [4]
    assert cells(done.stdout, row["title"])[3].startswith("1.000; failed: exit code -9")


def test_without_native_there_is_nothing_to_compare_with(bench_peers):
    done = bench_peers("--peers", "libtorch", "--rounds", 1, "--threads", 1, "--models", "mlp")
    assert cells(done.stdout, "mnist-bench, libtorch")[5] == "–"


def test_calls_are_timed_in_turn_on_one_trained_model(bench_peers, tmp_path):
    done = bench_peers("--inference", "--rounds", 2, "--models", "mlp")
    assert done.code == 0, done
    lines = [line.split(": ") for line in done.stderr.splitlines() if line.startswith("mlp")]
    peers = ["onnxruntime", "libtorch", "native"]
    assert [(line[0], line[1]) for line in lines] == [
        ("mlp", "training"),
        *((f"mlp threads=1 batch={batch} round {number}", peer)
          for batch in (1, 64) for number in (1, 2) for peer in peers),
    ]  # fmt: skip
    record = read_json(tmp_path / "out/inference.json")
    assert record["schema"] == "mnist-bench.peers-inference/1"
    assert record["versions"]["onnxruntime"] == "1.2.3"
    assert record["versions"]["mnist-bench"] == "0.1.0 (revision unknown)"
    onnx = record["results"][0]
    assert (onnx["batch"], onnx["calls"]) == (1, 400)
    assert onnx["p99_us"] == {"median": 10000, "min": 10000, "max": 10000, "n": 2}
    native = record["results"][2]
    assert [run["p50_us"] for run in native["runs"]] == [255, 260]
    assert onnx["ratios_to_native"] == [1000 / 255, 1000 / 260]
    assert cells(done.stdout, "ONNX Runtime")[:4] == ["MLP", "1", "1", "ONNX Runtime"]
    assert cells(done.stdout, "mnist-bench, native")[4:] == [
        "257.5 (255.0 to 260.0)", "257.5 (255.0 to 260.0)", "257.5 (255.0 to 260.0)",
        "2,000 (2,000 to 2,000)", "200", "1.00 (1.00 to 1.00)"]  # fmt: skip
    assert done.stdout == (tmp_path / "out/inference.md").read_text()
    assert not (tmp_path / "out/peers.md").exists()


def test_an_exported_model_that_says_something_else_does_not_count(bench_peers, tmp_path):
    done = bench_peers("--inference", "--models", "mlp", EXPORTED="0.9795")
    assert done.code == 0, done
    row = read_json(tmp_path / "out/inference.json")["results"][0]
    assert (row["status"], row["runs"]) == ("invalid", [])
    assert cells(done.stdout, "ONNX Runtime")[4:] == [
        "invalid: test accuracy 97.95 %, but the run has 98.00 %", "–", "–", "–", "0", "–"]  # fmt: skip


def test_a_script_that_is_ended_leaves_what_it_has_and_no_process(programs, tmp_path):
    environment, options = programs
    process = subprocess.Popen(
        [SCRIPT, *options, "--peers", "native,jax-scan", "--threads", "1", "--models", "mlp"],
        env=environment, cwd=tmp_path, bufsize=0, stderr=subprocess.PIPE)  # fmt: skip
    wait_for_line(process, "native")
    time.sleep(0.3)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 143
    process.stderr.close()
    assert children
    for child in children:
        with pytest.raises(ProcessLookupError):
            os.kill(int(child), 0)
    assert len(rows(tmp_path)["mlp", "native"]["runs"]) == 1
    assert "| not run yet |" in (tmp_path / "out/peers.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--threads", "0"), ["--threads", "'0'"]),
        (("--threads", "1000000"), ["this process may use"]),
        (("--rounds", "many"), ["--rounds", "'many'"]),
        (("--epochs", "cnn"), ["--epochs", "cnn=N"]),
        (("--epochs", "rnn=1"), ["--epochs", "mlp=N"]),
        (("--models", "rnn"), ["--models", "mlp, cnn"]),
        (("--peers", "tensorflow"), ["tensorflow", "jax-scan"]),
        (("--peers", "onnxruntime"), ["without --inference", "onnxruntime"]),
        (("--inference", "--peers", "eager"), ["with --inference", "eager", "libtorch"]),
        (("--threads", "1", "--python", "/nowhere/python"), ["/nowhere/python"]),
        (("--round", "3"), ["--round"]),
    ],
    ids=" ".join,
)
def test_wrong_use_is_refused_before_anything_runs(bench_peers, tmp_path, arguments, words):
    refused = bench_peers(*arguments)
    assert_refusal(refused, 2, *words)
    assert_has_remedy(refused)
    assert not (tmp_path / "out").exists()


def test_a_missing_build_is_named_with_how_to_build(bench_peers):
    refused = bench_peers("--threads", 1, MNIST_BENCH_BINARY="/nowhere/mnist-bench")
    assert_refusal(refused, 1, "/nowhere/mnist-bench", "scripts/quickstart")
    refused = bench_peers("--threads", 1, MNIST_BENCH_BINARY="")
    assert_refusal(refused, 1, "MNIST_BENCH_BINARY is empty")


def test_a_folder_with_something_else_is_not_made_a_virtual_environment(bench_peers, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.tex").touch()
    refused = bench_peers("--python", "", "--venv", mine)
    assert refused.code in (1, 2)  # 1: this Python is not the one that is pinned for
    assert_has_remedy(refused)
    assert [path.name for path in mine.iterdir()] == ["thesis.tex"]


def test_help_names_every_peer():
    done = subprocess.run([SCRIPT, "--help"], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    for peer in ("dataloader", "plain", "eager", "compile", "jax-scan", "jax-step", "libtorch",
                 "native", "onnxruntime"):  # fmt: skip
        assert f"\n  {peer} " in done.stdout
