"""One folder, several processes: one trains a run, the others wait, or accept what it has finished."""

import fcntl
import json
import os
import signal
import subprocess
from pathlib import Path

import pytest
from support import (
    CONFIGS,
    ENDLESS,
    SMALL,
    SMOKE,
    assert_refusal,
    read_result,
    snapshot,
    wait_for_line,
    wait_until,
    workers_of,
)

TINY = (*SMALL, "training.epochs=1")


@pytest.fixture(name="sweep_file")
def fixture_sweep_file(tmp_path):
    """A sweep of two runs."""
    path = tmp_path / "sweep.json"
    path.write_text(json.dumps({"configs": [str(CONFIGS / "mlp.json")], "seeds": [1, 2]}))
    return path


@pytest.fixture(name="run")
def fixture_run(tmp_path):
    """The folder of the first of them."""
    return tmp_path / "runs/sweep/mlp/seed-1"


class Holder:
    """Holds a run folder as version 0.1.0 does, by the folder, or by its log, as a process on
    another mount is seen to."""

    def __init__(self, folder, name):
        folder.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDONLY if name == "." else os.O_RDWR | os.O_CREAT
        self.descriptor = os.open(folder / name, flags)
        fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def let_go(self):
        os.close(self.descriptor)


both_locks = pytest.mark.parametrize("lock", [".", "log.txt"], ids=["folder", "log"])


def is_idle(worker):
    """Whether a worker waits for its next request: in read(0)."""
    call = Path(f"/proc/{worker}/syscall").read_text().split()
    return call[0] in ("0", "63") and call[1] == "0x0"


def holds_files(worker):
    """Whether a process that is killed still holds what it had open."""
    return os.path.exists(f"/proc/{worker}/exe")


@both_locks
def test_a_run_that_is_let_go_of_before_the_sweep_hears_of_it_is_no_failure(
    start, sweep_file, run, lock
):
    holder = Holder(run, lock)
    process = start("sweep", sweep_file, *TINY, "--shard", "1/2")
    wait_until(lambda: workers_of(process))
    process.send_signal(signal.SIGSTOP)
    (worker,) = workers_of(process)
    wait_until(lambda: is_idle(worker))  # it has found the folder in use, and said so
    holder.let_go()
    process.send_signal(signal.SIGCONT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr
    assert b"failed" not in stderr
    assert read_result(run)["status"] == "completed"


@both_locks
def test_a_sweep_waits_for_a_run_and_takes_it_over(start, bench, sweep_file, run, lock):
    holder = Holder(run, lock)
    listed = bench("sweep", sweep_file, *TINY, "--dry-run")
    assert "in use by another process" in listed.stdout
    assert "1 of 2 runs to do, 1 in use" in listed.stdout
    process = start("sweep", sweep_file, *TINY)
    wait_for_line(process, "waiting for it")
    wait_until((run.parent / "seed-2/result.json").exists)
    assert process.poll() is None
    assert not (run / "result.json").exists()
    holder.let_go()
    assert process.wait(60) == 0
    assert read_result(run)["status"] == "completed"


@pytest.mark.parametrize("flags", [[], ["--force"]], ids=["plain", "force"])
def test_a_sweep_accepts_what_the_other_process_has_finished(
    start, bench, sweep_file, run, tmp_path, flags
):
    assert bench("sweep", sweep_file, *TINY, "--shard", "1/2", "-q").code == 0
    finished = snapshot(run)
    for path in run.iterdir():
        path.unlink()
    holder = Holder(run, ".")
    process = start("sweep", sweep_file, *TINY, *flags)
    wait_for_line(process, "waiting for it")
    for name, content in finished.items():  # by the other process
        (run / name).write_bytes(content)
    holder.let_go()
    assert process.wait(60) == 0
    assert snapshot(run) == finished


@pytest.mark.parametrize("quiet", [[], ["--quiet"]], ids=["", "quiet"])
def test_a_sweep_that_ends_without_a_run_names_it(start, sweep_file, run, quiet):
    Holder(run, ".")
    process = start("sweep", sweep_file, *TINY, *quiet)
    wait_until((run.parent / "seed-2/result.json").exists)
    process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 75, stderr
    assert b"in use by other processes: runs/sweep/mlp/seed-1" in stderr


def test_a_failure_overwrites_nothing_that_another_process_made(start, sweep_file, run):
    """A worker is killed, and before the sweep notices, another process resumes the run."""
    process = start("sweep", sweep_file, *ENDLESS, "--shard", "1/2")
    wait_until((run / "checkpoint.safetensors").exists)
    process.send_signal(signal.SIGSTOP)
    (worker,) = workers_of(process)
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: not holds_files(worker))
    other = start("run", CONFIGS / "mlp.json", *ENDLESS, "--resume", "--output", run)
    wait_for_line(other, "resuming after")
    other.terminate()
    other.communicate(timeout=60)
    assert read_result(run)["status"] == "interrupted"
    before = snapshot(run)
    process.send_signal(signal.SIGCONT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 4, stderr
    assert b"killed by signal 9" in stderr
    assert snapshot(run) == before


@both_locks
def test_a_finished_run_is_finished_whoever_holds_its_folder(bench, finished_run, lock):
    holder = Holder(finished_run, lock)
    done = bench("run", SMOKE, *SMALL, "--resume", "--output", finished_run)
    holder.let_go()
    assert done.code == 0, done
    assert "already finished" in done.stderr


def test_twenty_that_resume_a_finished_run_at_once_all_say_so(start, finished_run):
    twenty = [start("run", SMOKE, *SMALL, "--resume", "--output", finished_run) for _ in range(20)]
    for process in twenty:
        _, stderr = process.communicate(timeout=120)
        assert process.returncode == 0, stderr
        assert b"already finished" in stderr


def test_a_finished_run_needs_neither_its_data_nor_a_folder_that_can_be_written(
    bench, finished_run, tmp_path
):
    folder = tmp_path / "out"
    folder.mkdir()
    for name, content in snapshot(finished_run).items():
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o444)
    folder.chmod(0o555)
    done = bench("run", SMOKE, *SMALL, "--resume", "--output", folder)
    folder.chmod(0o755)
    assert done.code == 0, done
    assert "already finished" in done.stderr


@pytest.fixture(name="mounts")
def fixture_mounts(tmp_path):
    """Two FUSE mounts of one folder that forward locks: as two machines that share it."""
    if not os.path.exists("/dev/fuse"):
        pytest.skip("there is no /dev/fuse")
    for name in ("share", "a", "b"):
        (tmp_path / name).mkdir()
    options = ["-f", "--enable-lock-forwarding", "--multithreaded"]
    daemons = []
    try:
        for name in ("a", "b"):
            command = ["bindfs", *options, tmp_path / "share", tmp_path / name]
            daemons.append(subprocess.Popen(command))
            wait_until(
                lambda: daemons[-1].poll() is not None or os.path.ismount(tmp_path / name)  # noqa: B023
            )
            assert daemons[-1].poll() is None, f"bindfs ended with {daemons[-1].returncode}"
        yield tmp_path / "a", tmp_path / "b"
    finally:
        for daemon in daemons:
            daemon.terminate()
            daemon.wait(30)


def test_a_run_is_one_processs_on_all_mounts(start, bench, mounts, sweep_file):
    a, b = mounts
    first = start("run", SMOKE, *ENDLESS, "--output", a / "run")
    wait_for_line(first, "epoch 1/")
    for flags in ([], ["--resume"], ["--force"]):
        assert_refusal(bench("run", SMOKE, *ENDLESS, *flags, "--output", b / "run"), 6, "in use")
    first.terminate()
    first.communicate(timeout=60)
    assert first.returncode == 75
    assert bench("run", SMOKE, *SMALL, "--force", "--output", b / "run").code == 0


def test_two_sweeps_on_two_mounts_share_the_work(start, mounts, sweep_file):
    a, b = mounts
    both = [start("sweep", sweep_file, *TINY, "--output", mount / "runs") for mount in (a, b)]
    for process in both:
        _, stderr = process.communicate(timeout=120)
        assert process.returncode == 0, stderr
    for seed in (1, 2):
        # Below the mounts, as each remembers the size of a file for a second.
        run = a.parent / f"share/runs/mlp/seed-{seed}"
        assert read_result(run)["status"] == "completed"
        assert (run / "log.txt").read_text().count("epoch 1/1") == 1
