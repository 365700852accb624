"""Ctrl-C and SIGTERM end a run with a record of what was done; a second one ends it at once."""

import signal
import time

import pytest
from support import CPU, ENDLESS, RUN_FILES, SMOKE, read_epochs, read_result, wait_for_line

# One step of this takes a second and more, so that a second signal arrives while the first is waiting.
SLOW_STEP = (
    *CPU, "data.train_limit=2048", "training.batch_size=2048", "model.hidden=[2048, 2048]",
    "training.epochs=9",
)  # fmt: skip


def end(process):
    """Exit code and stderr of a process that is about to end."""
    _, stderr = process.communicate(timeout=60)
    return process.returncode, stderr.decode()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_signal_ends_the_run_as_interrupted(start, tmp_path, number):
    process = start("run", SMOKE, *ENDLESS, "--output", "out")
    wait_for_line(process, "epoch 2/")
    process.send_signal(number)
    code, stderr = end(process)
    assert code == 75, stderr
    assert "error: interrupted in epoch" in stderr
    assert "--resume" in stderr
    folder = tmp_path / "out"
    result = read_result(folder)
    assert {path.name for path in folder.iterdir()} == RUN_FILES - {"model.safetensors"}
    assert result["status"] == "interrupted"
    assert result["error"] in stderr
    assert result["error"] in (folder / "log.txt").read_text(encoding="utf-8")
    assert len(result["epochs"]) >= 2
    assert result["epochs"] == read_epochs(folder)
    assert result["parameters_sha256"] is None
    assert result["test"]["accuracy"] == result["epochs"][-1]["test"]["accuracy"]


def test_signal_before_the_first_epoch_ended_leaves_a_record_without_metrics(start, tmp_path):
    process = start("run", SMOKE, *SLOW_STEP, "--output", "out")
    wait_for_line(process, "parameters,")
    process.send_signal(signal.SIGINT)
    code, stderr = end(process)
    assert code == 75, stderr
    result = read_result(tmp_path / "out")
    assert result["status"] == "interrupted"
    # The signal may still have come in the last step of the first epoch.
    assert (result["test"] is None) == (result["epochs"] == [])


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_second_signal_ends_the_run_at_once(start, tmp_path, second):
    process = start("run", SMOKE, *SLOW_STEP, "--output", "out")
    wait_for_line(process, "parameters,")
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert process.poll() is None, "the step was over too soon to test this"
    begin = time.monotonic()
    process.send_signal(second)
    code, stderr = end(process)
    assert time.monotonic() - begin < 2
    assert code == 130, stderr
    assert not (tmp_path / "out" / "result.json").exists()


def test_interrupted_run_is_interrupted_even_if_it_missed_its_expectations(start):
    process = start("run", SMOKE, *ENDLESS, "--expect", "accuracy>=1", "--output", "out")
    wait_for_line(process, "epoch 1/")
    process.send_signal(signal.SIGINT)
    assert end(process)[0] == 75
