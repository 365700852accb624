"""Errors and kills at each system call by which a run touches its folder, one after the other.

strace records the calls of a run that is left alone; then, run for run, it lets the next of them
fail, or kills the program as it enters it, and this looks at what is left. MNIST_BENCH_EVERY_FAULT=1
tries every call, otherwise every SAMPLE-th; the number tried is printed.
"""

import os
import re
import shutil

import pytest
from conftest import run_binary
from injection import ERRORS, FOLDER, calls_of, strace, strace_with
from support import (
    RUN_FILES,
    SMALL,
    SMOKE,
    TINY_MODEL,
    assert_refusal,
    checkpoint_metadata,
    needs_strace,
    read_epochs,
    read_json,
    read_result,
    snapshot,
    split_safetensors,
    temporary_files,
)

RUN = (SMOKE, *SMALL, TINY_MODEL, "training.epochs=2")
EARLIER_RUN = (*RUN, "optimizer.learning_rate=0.01")
EVERY = os.environ.get("MNIST_BENCH_EVERY_FAULT") == "1"
SAMPLE = 1 if EVERY else 29

pytestmark = needs_strace


class Scenario:
    """A run in a folder that holds something already, and what there must be at its end."""

    def __init__(self, home, flags, before, reference):
        self.folder = home / FOLDER
        self.arguments = ("run", *RUN, "--output", self.folder, *flags)
        self.before = before  # a folder to start from, or None
        self.reference = reference
        self.home = home
        self.prepare()
        done, lines = strace(self.arguments, home)
        assert done.code == 0, done
        self.calls = calls_of(lines)
        self.assert_complete()

    def prepare(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.before:
            shutil.copytree(self.before, self.folder)

    def run_with(self, call, fault):
        """Runs from the start with `fault` put into `call`."""
        self.prepare()
        return strace_with(call, fault, self.arguments, self.home)

    def assert_whole(self):
        """Each file is an earlier one, byte for byte, or one of this run, whole."""
        if not self.folder.exists():
            return
        names = {path.name for path in self.folder.iterdir() if not path.name.startswith(".")}
        assert names <= RUN_FILES
        earlier = snapshot(self.before) if self.before else {}
        for name in names - {"log.txt"}:
            content = (self.folder / name).read_bytes()
            if earlier.get(name) == content:
                continue
            if name in ("config.json", "model.safetensors", "predictions.csv"):
                assert content == self.reference[name], name
            elif name == "epochs.jsonl":
                assert content.endswith(b"\n")
                assert len(read_epochs(self.folder)) in (1, 2)
            elif name == "checkpoint.safetensors":
                assert checkpoint_metadata(self.folder)["epoch"] in ("1", "2")
            else:
                assert read_json(self.folder / name)["schema"] == "mnist-bench.result/2"

    def assert_complete(self):
        result = read_result(self.folder)
        assert result["status"] == "completed"
        assert {path.name for path in self.folder.iterdir()} == RUN_FILES
        assert read_epochs(self.folder) == result["epochs"]
        assert len(result["epochs"]) == 2
        self.assert_whole()
        for name in ("model.safetensors", "predictions.csv", "config.json"):
            assert (self.folder / name).read_bytes() == self.reference[name], name
        assert result["test"] == self.reference["result"]["test"]
        assert result["parameters_sha256"] == self.reference["result"]["parameters_sha256"]
        assert checkpoint_metadata(self.folder)["epoch"] == "2"

    def assert_next_start_completes(self):
        done = run_binary("run", *RUN, "--output", self.folder, "--resume", cwd=self.home)
        if done.code == 2 and self.before and "--force" in self.arguments:
            # The old run still exists, and is removed only on demand.
            assert "another config or seed" in done.stderr
            assert temporary_files(self.folder) == []
            done = run_binary(*self.arguments, cwd=self.home)
        assert done.code == 0, done
        self.assert_complete()


@pytest.fixture(scope="module", name="reference")
def fixture_reference(tmp_path_factory):
    """The files of a run that was left alone; they hold no path, so that it may be any folder."""
    home = tmp_path_factory.mktemp("reference")
    done = run_binary("run", *RUN, "--output", home / FOLDER, cwd=home)
    assert done.code == 0, done
    return {**snapshot(home / FOLDER), "result": read_result(home / FOLDER)}


@pytest.fixture(scope="module", name="scenario", params=["new", "force", "resume"])
def fixture_scenario(request, tmp_path_factory, reference):
    home = tmp_path_factory.mktemp(request.param)
    folder = home / FOLDER
    # The config names the folder, which is the only difference.
    reference = dict(reference)
    if request.param == "new":
        flags, before = (), None
    elif request.param == "force":
        flags, before = ("--force",), home / "before"
        assert run_binary("run", *EARLIER_RUN, "--output", folder, cwd=home).code == 0
        folder.rename(before)
    else:
        flags, before = ("--resume",), home / "before"
        first_epoch_done = strace_until_second_epoch(home, folder)
        assert first_epoch_done.code == -9, first_epoch_done
        folder.rename(before)
        assert checkpoint_metadata(before)["epoch"] == "1"
    reference["config.json"] = reference["config.json"].replace(
        re.search(rb'"output": "([^"]*)"', reference["config.json"])[1], str(folder).encode()
    )
    return Scenario(home, flags, before, reference)


def strace_until_second_epoch(home, folder):
    """A run that is killed as its second epoch is about to be written down."""
    arguments = ("run", *RUN, "--output", folder)
    lines = strace(arguments, home)[1]
    shutil.rmtree(folder)
    second = [c for c in calls_of(lines) if c.name == "openat" and "epochs.jsonl" in c.path][1]
    fault = ("-e", "trace=openat", "-e", f"inject=openat:signal=KILL:when={second.nth}")
    return strace(arguments, home, *fault)[0]


def try_all(capsys, scenario, faults, check):
    """check(done, call) after each of `faults`, (call, fault); all are tried, whatever comes out."""
    lost = []
    for call, fault in faults:
        done = scenario.run_with(call, fault)
        try:
            check(done, call)
            scenario.assert_whole()
            scenario.assert_next_start_completes()
        except Exception as problem:
            lost.append(f"{fault} at {call.text}\n{done}\n{problem!r}")
    flags = [f for f in scenario.arguments if str(f).startswith("--") and f != "--output"]
    with capsys.disabled():
        print(f"\nrun {' '.join(flags) or 'in a new folder'}, {len(scenario.calls)} calls: "
              f"{faults[0][1].split('=')[0]}: {len(faults)} tried, {len(faults) - len(lost)} "
              "survived")  # fmt: skip
    assert not lost, "\n\n".join(lost)
    assert len(faults) > 2


def test_save_has_the_calls_that_make_it_atomic(scenario):
    """Each file: temporary, permissions (of a file that it replaces, where they differ), bytes,
    sync, close, rename, sync of the folder."""
    for name in RUN_FILES - {"log.txt"}:
        of_file = [(i, c) for i, c in enumerate(scenario.calls) if f".{name}.tmp-" in c.path]
        assert of_file, name
        first = of_file[0][0]
        steps = [(c.name, c.path) for c in scenario.calls[first : first + 12]]
        steps = [s for s in steps if s[0] not in ("fchmod", "newfstatat", "stat")][:8]
        temporary = f".{name}.tmp-"
        assert steps == [
            *[(step, temporary) for step in ("openat", "write", "fsync", "close", "rename")],
            *[(step, ".") for step in ("openat", "fsync", "close")],
        ]  # fmt: skip


def test_error_at_each_call(scenario, capsys):
    def check(done, call):
        if done.code == 0:
            assert not call.saves()
            scenario.assert_complete()
            return
        assert_refusal(done, 6, FOLDER)
        if call.name != "unlink" and scenario.folder.exists():
            assert temporary_files(scenario.folder) == []

    points = [(call, f"error={e}") for call in scenario.calls for e in ERRORS[call.name]]
    try_all(capsys, scenario, points[::SAMPLE], check)


def test_kill_at_each_call(scenario, capsys):
    def check(done, _):
        assert done.code == -9

    points = [(call, "signal=KILL") for call in scenario.calls]
    try_all(capsys, scenario, points[SAMPLE // 2 :: SAMPLE], check)


def test_an_interrupted_write_continues(scenario):
    """EINTR is no error: the call is made again."""
    writes = [c for c in scenario.calls if c.name == "write" and ".tmp-" in c.path]
    for call in writes[:: 1 if EVERY else 4]:
        assert scenario.run_with(call, "error=EINTR").code == 0, call
        scenario.assert_complete()


def test_failed_log_is_a_warning_that_names_it(scenario):
    """The log is for people; the record of the run is not lost for it."""
    call = next(c for c in scenario.calls if c.name == "write" and c.path == "log.txt")
    done = scenario.run_with(call, "error=ENOSPC")
    assert done.code == 0, done
    assert "warning: log.txt" in done.stderr
    scenario.assert_complete()
