"""Ctrl-C, SIGTERM, SIGHUP, SIGUSR1 and SIGUSR2 end a run with a record of what was done; a second
Ctrl-C or SIGTERM ends it at once."""

import fcntl
import os
import pty
import signal
import termios
import time

import pytest
from support import (
    CONFIGS,
    CPU,
    ENDLESS,
    RUN_FILES,
    SMOKE,
    read_epochs,
    read_result,
    wait_for_line,
    wait_until,
    workers_of,
)

MLP = CONFIGS / "mlp.json"

# One step of this takes a second and more, so that a second signal arrives while the first is waiting.
SLOW_STEP = (
    *CPU, "data.train_limit=2048", "training.batch_size=2048", "model.hidden=[2048, 2048]",
    "training.epochs=9",
)  # fmt: skip


def end(process):
    """Exit code and stderr of a process that is about to end."""
    _, stderr = process.communicate(timeout=60)
    return process.returncode, stderr.decode()


SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2]


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
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


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_a_sweep_passes_a_signal_on(start, write_config, tmp_path, number):
    sweep = write_config(f'{{"configs": ["{MLP}"], "seeds": [1, 2]}}', "sweep.json")
    process = start("sweep", sweep, *ENDLESS, "--jobs", 2)
    runs = [tmp_path / f"runs/sweep/mlp/seed-{seed}" for seed in (1, 2)]
    for run in runs:
        wait_until((run / "checkpoint.safetensors").exists)
    process.send_signal(number)
    code, stderr = end(process)
    assert code == 75, stderr
    assert [read_result(run)["status"] for run in runs] == ["interrupted", "interrupted"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1])
def test_a_signal_before_the_run_can_heed_it_leaves_nothing(start, tmp_path, number):
    """While the program and its libraries are loaded a signal kills it."""
    codes = set()
    for i in range(20):
        folder = tmp_path / f"out-{i}"
        process = start("run", SMOKE, *ENDLESS, "--output", folder)
        time.sleep(i / 40)
        process.send_signal(number)
        codes.add(process.wait(60))
        if process.returncode == -number:
            assert not folder.exists()
        else:
            assert read_result(folder)["status"] == "interrupted"
    assert codes <= {-number, 75}
    assert -number in codes


@pytest.mark.parametrize("command", ["run", "sweep"])
def test_what_is_ignored_at_the_start_stays_ignored(start, write_config, tmp_path, command):
    """As nohup does with SIGHUP."""
    sweep = write_config(f'{{"configs": ["{MLP}"], "seeds": [1], "output": "out"}}', "sweep.json")
    arguments = ("run", MLP, "--output", "out/mlp/seed-1") if command == "run" else ("sweep", sweep)
    process = start(
        *arguments, *ENDLESS, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)
    )
    run = tmp_path / "out/mlp/seed-1"
    wait_until((run / "checkpoint.safetensors").exists)
    everyone = [process.pid, *workers_of(process)]
    for pid in everyone:
        os.kill(pid, signal.SIGHUP)
    epochs = len(read_epochs(run))
    wait_until(lambda: len(read_epochs(run)) > epochs + 5)
    assert process.poll() is None
    process.terminate()
    assert end(process)[0] == 75


def test_a_terminal_that_goes_away_leaves_an_interrupted_run(start, tmp_path):
    """As when an ssh connection is lost: SIGHUP, and nothing more can be printed."""
    master, slave = pty.openpty()

    def take_terminal():
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    process = start("run", SMOKE, *ENDLESS, "--output", "out", stdin=slave, stdout=slave,
                    stderr=slave, preexec_fn=take_terminal)  # fmt: skip
    os.close(slave)
    wait_until((tmp_path / "out/checkpoint.safetensors").exists)
    os.close(master)
    assert process.wait(60) == 75
    assert read_result(tmp_path / "out")["status"] == "interrupted"


def test_report_names_an_unfinished_run_and_how_to_resume_it(start, bench, tmp_path):
    for name, number in (("interrupted", signal.SIGHUP), ("killed", signal.SIGKILL)):
        process = start("run", SMOKE, *ENDLESS, "--output", f"runs/{name}")
        wait_until((tmp_path / f"runs/{name}/checkpoint.safetensors").exists)
        process.send_signal(number)
        process.wait(60)
    done = bench("report", "runs")
    assert done.code == 0, done
    for name in ("interrupted", "killed"):
        (line,) = [line for line in done.stdout.splitlines() if f"runs/{name}" in line]
        assert "--resume" in line
    alone = bench("report", "runs/killed")
    assert alone.code == 6
    assert "runs/killed" in alone.stderr
    assert "--resume" in alone.stderr
