"""`evaluate` when things go wrong: signals, kills, failing calls, other processes, wrong input.

strace puts in what has to happen at one certain call; nothing here depends on how fast anything is.
"""

import os
import shutil
import signal
import struct
import subprocess
from pathlib import Path

import pytest
from conftest import BINARY, clean_environment, run_binary
from injection import ERRORS, FOLDER, calls_of, strace, strace_with
from support import (
    SHIPPED_MNIST,
    SMALL,
    SMOKE,
    TINY_MODEL,
    assert_has_remedy,
    assert_refusal,
    parse_json,
    needs_strace,
    read_json,
    seal_is_right,
    wait_until,
    workers_of,
)
from test_faults import EVERY
from test_shared_folder import Holder, both_locks

TRAIN = (SMOKE, *SMALL, TINY_MODEL, "training.epochs=1", "training.engine=native", "-q")
SPECS = ("--transform", "identity", "--transform", "shift:dx=1")


@pytest.fixture(scope="module", name="trained")
def fixture_trained(tmp_path_factory):
    """A folder with the runs of two seeds."""
    home = tmp_path_factory.mktemp("trained")
    for seed in (1, 2):
        done = run_binary("run", *TRAIN, f"seed={seed}", "--output", f"seed-{seed}", cwd=home)
        assert done.code == 0, done
    return home


@pytest.fixture(name="runs")
def fixture_runs(trained, tmp_path):
    return Path(shutil.copytree(trained, tmp_path / "runs"))


@pytest.fixture(name="run")
def fixture_run(trained, tmp_path):
    return Path(shutil.copytree(trained / "seed-1", tmp_path / FOLDER))


def evaluations(folder):
    """The finished ones below `folder`, each of which is whole."""
    files = sorted(path for path in folder.glob("**/evaluations/*/*") if path.name[0] != ".")
    for file in files:
        assert file.suffix == ".json"
        assert seal_is_right(file.read_bytes()), file
    return files


def leftovers(folder):
    return list(folder.glob("**/.*"))


# Signals and kills


@needs_strace
def test_ctrl_c_keeps_what_is_done_and_the_same_command_goes_on(runs, bench, tmp_path):
    command = ("evaluate", "runs", "--suite", "quick", "--json")
    done, _ = strace(command, tmp_path, "-e", "trace=rename", "-e", "inject=rename:signal=INT:when=5")
    assert_refusal(done, 75, "the evaluation was interrupted")
    assert_has_remedy(done)
    assert "5 evaluations computed" in done.stderr
    files = evaluations(runs)
    assert len(files) == 5
    assert leftovers(runs) == []
    printed = parse_json(done.stdout)["evaluations"]
    assert sorted(tmp_path / e["file"] for e in printed) == files
    assert bench("verify", "runs").code == 0
    before = {file: file.read_bytes() for file in files}
    again = bench(*command)
    assert again.code == 0, again
    assert "13 evaluations computed" in again.stderr
    assert "5 there already" in again.stderr
    assert len(parse_json(again.stdout)["evaluations"]) == 18
    assert {file: file.read_bytes() for file in files} == before


class Evaluation:
    """One that was left alone, as reference, and its calls on the run's folder that save."""

    def __init__(self, trained, home):
        self.trained, self.home, self.folder = trained, home, home / FOLDER
        self.arguments = ("evaluate", self.folder, "--threads", 1, *SPECS)
        self.prepare()
        done, lines = strace(self.arguments, home)
        assert done.code == 0, done
        calls = [call for call in calls_of(lines) if call.path.startswith("evaluations")]
        first = next(i for i, call in enumerate(calls) if call.name == "mkdir")
        self.calls = [call for call in calls[first:] if call.saves()]
        self.reference = {file.name: read_json(file)["test"] for file in evaluations(self.folder)}
        assert len(self.reference) == 2

    def prepare(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.trained / "seed-1", self.folder)

    def run_with(self, call, fault):
        self.prepare()
        done = strace_with(call, fault, self.arguments, self.home)
        for file in evaluations(self.folder):
            assert read_json(file)["test"] == self.reference[file.name]
        return done

    def assert_others_do_not_mind(self):
        for command in ("verify", "report"):
            assert run_binary(command, FOLDER, cwd=self.home).code == 0

    def assert_next_completes(self):
        done = run_binary(*self.arguments, cwd=self.home)
        assert done.code == 0, done
        assert {f.name: read_json(f)["test"] for f in evaluations(self.folder)} == self.reference
        assert leftovers(self.folder) == []


@pytest.fixture(scope="module", name="evaluation")
def fixture_evaluation(trained, tmp_path_factory):
    return Evaluation(trained, tmp_path_factory.mktemp("evaluation"))


@needs_strace
def test_a_kill_at_any_call_leaves_whole_files_and_the_next_evaluation_cleans_up(evaluation, capsys):
    left = 0
    calls = evaluation.calls[:: 1 if EVERY else 4]
    for call in calls:
        assert evaluation.run_with(call, "signal=KILL").code == -9
        left += len(leftovers(evaluation.folder))
        if left == 1:
            evaluation.assert_others_do_not_mind()
        evaluation.assert_next_completes()
    assert left > 1
    with capsys.disabled():
        print(f"\nevaluate, {len(evaluation.calls)} calls: signal: {len(calls)} tried and survived")


@needs_strace
def test_an_error_at_any_call_names_the_file_and_leaves_nothing_of_it(evaluation, capsys):
    points = [(call, error) for call in evaluation.calls for error in ERRORS[call.name]]
    points = points[:: 1 if EVERY else 7]
    for call, error in points:
        done = evaluation.run_with(call, f"error={error}")
        assert_refusal(done, 6, f"{FOLDER}/evaluations")
        assert_has_remedy(done)
        assert "--output" not in done.stderr
        assert leftovers(evaluation.folder) == []
        evaluation.assert_next_completes()
    with capsys.disabled():
        print(f"\nevaluate: error: {len(points)} tried and survived")


def test_run_force_clears_away_what_a_killed_evaluation_left(run, bench):
    (run / "evaluations/test").mkdir(parents=True)
    (run / "evaluations/test/.identity.json.tmp-abc123").write_text("{")
    assert bench("run", *TRAIN, "--output", FOLDER, "--force").code == 0
    assert not (run / "evaluations").exists()


# Several processes


def test_evaluations_of_one_run_at_the_same_time(runs, start, bench):
    command = ("evaluate", "runs", "--suite", "quick", "--force", "--json")
    processes = [start(*command) for _ in range(4)]
    for process in processes:
        out, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        assert len(parse_json(out.decode())["evaluations"]) == 18
    assert len(evaluations(runs)) == 18
    assert leftovers(runs) == []
    assert bench("verify", "runs").code == 0


@both_locks
def test_a_run_that_is_being_trained_is_not_evaluated(run, bench, lock):
    """As `run --force` does it, from before it deletes the evaluations until its end."""
    holder = Holder(run, lock)
    done = bench("evaluate", FOLDER)
    assert_refusal(done, 6, f"{FOLDER} is in use by another mnist-bench process", "wait for it")
    assert evaluations(run) == []
    holder.let_go()
    assert bench("evaluate", FOLDER).code == 0


class Stopped:
    """An evaluation that stops itself at the first of some calls."""

    def __init__(self, run, call, *which):
        self.trace = run.parent / "trace.txt"
        inject = f"inject={call}:signal=STOP:when=1"
        self.process = subprocess.Popen(
            ["strace", "-o", self.trace, "-e", f"trace={call}", "-e", inject, *which,
             BINARY, "evaluate", run, *SPECS],
            cwd=run.parent, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        wait_until(lambda: self.trace.exists() and "stopped by SIGSTOP" in self.trace.read_text())

    def go_on(self):
        os.kill(workers_of(self.process)[0], signal.SIGCONT)
        _, errors = self.process.communicate(timeout=60)
        return self.process.returncode, errors.decode()


@needs_strace
def test_a_run_is_not_replaced_while_an_evaluation_is_written(run, bench):
    stopped = Stopped(run, "rename")
    refused = bench("run", *TRAIN, "seed=3", "--output", FOLDER, "--force")
    # Others wait for a while, and leave alone what is about to be renamed.
    other = bench("evaluate", FOLDER, "--transform", "shift:dx=2")
    code, errors = stopped.go_on()
    assert code == 0, errors
    assert_refusal(other, 6, "in use by another mnist-bench process")
    assert bench("evaluate", FOLDER, "--transform", "shift:dx=2").code == 0
    assert_refusal(refused, 6, "in use by another mnist-bench process")
    assert len(evaluations(run)) == 3
    assert bench("verify", FOLDER).code == 0


@needs_strace
def test_an_evaluation_of_a_run_that_was_replaced_meanwhile_is_not_written(run, bench):
    # The model has been read by then.
    stopped = Stopped(run, "openat", "-P", SHIPPED_MNIST / "t10k-images-idx3-ubyte.gz")
    assert bench("run", *TRAIN, "seed=3", "--output", FOLDER, "--force").code == 0
    code, errors = stopped.go_on()
    assert code == 6, errors
    assert f"{run} was trained again while it was evaluated" in errors
    assert evaluations(run) == []
    assert bench("verify", FOLDER).code == 0


# Files


def test_a_read_only_run_shows_what_is_there(run, bench, tmp_path):
    assert bench("evaluate", FOLDER).code == 0
    (run / "evaluations/test/.shift.json.tmp-abc123").write_text("{")
    command = [BINARY, "evaluate", FOLDER]
    if os.geteuid() == 0:  # which may write all, unless it has no right to that
        command = ["setpriv", "--bounding-set=-dac_override", *command]

    def evaluate(*options):
        return subprocess.run([*command, *options], cwd=tmp_path, env=clean_environment(),
                              capture_output=True, text=True, check=False)  # fmt: skip

    folders = (run, run / "evaluations", run / "evaluations/test")
    for folder in folders:
        folder.chmod(0o555)
    try:
        there = evaluate()
        new = evaluate("--transform", "shift:dx=1")
    finally:
        for folder in folders:
            folder.chmod(0o755)
    assert there.returncode == 0, there
    assert "1 there already" in there.stderr
    assert new.returncode == 6, new
    assert "evaluations/test/shift~dx=1.json" in new.stderr
    assert "Permission denied" in new.stderr
    assert new.stdout == ""


def test_a_run_that_cannot_be_locked_says_what_to_do(run, tmp_path):
    (run / "log.txt").chmod(0o444)
    command = [BINARY, "evaluate", FOLDER]
    if os.geteuid() == 0:
        command = ["setpriv", "--bounding-set=-dac_override", *command]
    done = subprocess.run(command, cwd=tmp_path, env=clean_environment(), capture_output=True,
                          text=True, check=False)  # fmt: skip
    assert done.returncode == 6, done
    assert f"cannot lock {FOLDER}: " in done.stderr
    assert "make it writable" in done.stderr


def test_an_evaluation_under_the_name_of_another_is_a_fault_and_counts_nowhere(run, bench):
    assert bench("evaluate", FOLDER, *SPECS).code == 0
    test = run / "evaluations/test"
    shutil.copy(test / "shift~dx=1.json", test / "identity.json")
    shutil.copy(test / "shift~dx=1.json", test / "copy.json")
    done = bench("verify", FOLDER)
    assert_refusal(done, 6, "2 faults", "evaluate --force")
    for name in ("copy", "identity"):
        assert f"evaluations/test/{name}.json holds what belongs into {FOLDER}/" in done.stdout
    (test / "copy.json").unlink()
    assert "1 evaluation computed" in bench("evaluate", FOLDER).stderr
    assert bench("verify", FOLDER).code == 0


def test_a_flipped_byte_in_an_evaluation_is_found_by_all_who_read_it(run, bench):
    assert bench("evaluate", FOLDER, *SPECS).code == 0
    file = run / "evaluations/test/shift~dx=1.json"
    content = bytearray(file.read_bytes())
    content[content.index(b'"right_to_wrong": ') + 18] ^= 1
    file.write_bytes(content)
    why = "shift~dx=1.json is not a usable evaluation: its bytes do not match its sha256"
    assert why in bench("verify", FOLDER).stdout
    report = bench("report", FOLDER)
    assert report.code == 0, report
    left_out = f"evaluations that cannot be used are left out: {FOLDER}/evaluations/test/{why}"
    assert left_out in report.stdout + report.stderr
    done = bench("evaluate", FOLDER, *SPECS)
    assert done.code == 0, done
    assert f"{why}; it is computed again" in done.stderr
    file.unlink()
    file.mkdir()
    assert f"{FOLDER}/evaluations/test/shift~dx=1.json: " in bench("verify", FOLDER).stdout


# What is asked for


def test_all_that_is_asked_for_is_checked_before_anything_is_computed(runs, bench):
    for spec, why in [
        ("resize:rows=14,columns=14", "resize:rows=14,columns=14 changes the images' shape"),
        ("pixelate:size=5", "pixelate: blocks of 5 × 5 pixels do not fill images of 28 × 28"),
        ("occlude:size=29", "occlude: a square of 29 × 29 pixels does not fit"),
    ]:
        done = bench("evaluate", "runs", "--transform", "identity", "--transform", spec)
        assert_refusal(done, 2, why)
        assert_has_remedy(done)
        assert "warning" not in done.stderr  # though it concerns both runs
        assert done.stdout == ""
    for option, value, why in [
        ("--device", "gpu", 'found "gpu"; allowed: "auto", "cpu", "cuda"'),
        ("--suite", "mnist-c:", "no folder is named"),
        ("--suite", "quik", "did you mean 'quick'?"),
    ]:
        done = bench("evaluate", "runs", option, value)
        assert_refusal(done, 2, why)
        assert_has_remedy(done)
    assert evaluations(runs) == []


def test_a_suite_is_read_from_a_pipe_and_refused_with_the_reason(runs, bench, tmp_path):
    def evaluate(text):
        (tmp_path / "suite.json").write_text(text)
        with subprocess.Popen(["cat", "suite.json"], cwd=tmp_path, stdout=subprocess.PIPE) as cat:
            return bench("evaluate", "runs", "--suite", "-", stdin=cat.stdout)

    assert "4 evaluations computed" in evaluate('["identity","shift:dx=1","identity"]').stderr
    many = "[" + ",".join(f'"shift:dx={i % 1000}"' for i in range(10_000)) + "]"
    for text, why in [
        ("hello", "-: line 1, column 1: syntax error"),
        ("", "cannot read stdin: nothing was written to it"),
        ("[]", "found []; allowed: a list of 1 to 1000 points"),
        ("[1]", "-, /0: found 1; allowed: a SPEC"),
        (many, "allowed: a list of 1 to 1000 points"),
        ('["shfit:dx=1"]', 'did you mean "shift"?'),
    ]:
        assert_refusal(evaluate(text), 2, why)


def npy(path, shape, data, order="False"):
    header = f"{{'descr': '|u1', 'fortran_order': {order}, 'shape': {shape}, }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data)


def test_a_damaged_corruption_is_named_once_and_nothing_is_evaluated(runs, bench, tmp_path):
    for name in ("blur", "fog"):
        folder = tmp_path / "mnist_c" / name
        folder.mkdir(parents=True)
        npy(folder / "test_images.npy", "(20, 28, 28)", bytes(20 * 784))
        npy(folder / "test_labels.npy", "(20,)", bytes(range(10)) * 2)
    images, labels = folder / "test_images.npy", folder / "test_labels.npy"
    whole = {path: path.read_bytes() for path in (images, labels)}
    command = ("evaluate", "runs", "--suite", "mnist-c:mnist_c")
    for path, damage, why in [
        (images, lambda: images.write_bytes(whole[images][:5000]), "truncated: 5000 bytes"),
        (images, lambda: images.write_bytes(b"\x93NUMPY\x02\x00" + b"\xff" * 4), "a header of 4294967295 bytes"),
        (images, lambda: npy(images, "(20, 28, 28)", bytes(20 * 784), order="True"), "Fortran order"),
        (labels, lambda: npy(labels, "(20,)", bytes(range(11)) + bytes(9)), "value 10 at index 10"),
        (images, lambda: images.unlink(), "No such file"),
        (labels, lambda: labels.unlink(), "No such file"),
    ]:
        damage()
        done = bench(*command)
        assert_refusal(done, 3, f"cannot read mnist_c/fog/{path.name}: ", why)
        assert_has_remedy(done)
        assert "warning" not in done.stderr
        for file, content in whole.items():
            file.write_bytes(content)
    assert evaluations(runs) == []
    assert "4 evaluations computed" in bench(*command).stderr
