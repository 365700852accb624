"""scripts/check_gpu without a GPU: all that does not need one, and that its checks can fail."""

import glob
import json
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest
from conftest import BINARY, Finished, clean_environment
from support import PROJECT, assert_has_remedy, assert_refusal

sys.path.insert(0, str(PROJECT / "scripts"))
from gpu.checks import CPU_ACCURACY, FAILED, NOT_RUN, PASSED, Checker, Failure, accuracy_range  # noqa: E402

LIBTORCH_TEST = Path(BINARY).parent / "tests/libtorch/libtorch_test"


def check_gpu(cwd, *arguments, binary=BINARY):
    done = subprocess.run(
        [PROJECT / "scripts/check_gpu", *map(str, arguments)],
        cwd=cwd,
        env=clean_environment(MNIST_BENCH_BINARY=str(binary)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=480,
    )
    return Finished(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module", name="on_cpu")
def fixture_on_cpu(tmp_path_factory):
    """The end of a quick check on the CPU, and what it wrote as JSON."""
    home = tmp_path_factory.mktemp("check_gpu")
    done = check_gpu(home, "--device", "cpu", "--quick", "--output", "out")
    return done, home / "out", json.loads((home / "out/check_gpu.json").read_text())


def row_of(report, name, model=None):
    (row,) = (r for r in report["checks"] if r["check"] == name and model in (None, r["model"]))
    return row


def test_all_that_needs_no_gpu_passes_on_the_cpu(on_cpu):
    done, _, report = on_cpu
    assert done.code == 0, done
    verdicts = {(row["check"], row["model"]): row["verdict"] for row in report["checks"]}
    assert verdicts == {
        ("program", ""): PASSED,
        ("gradients", "mlp"): PASSED,
        ("gradients", "cnn"): PASSED,
        ("training", "mlp"): PASSED,
        ("accuracy", "mlp"): NOT_RUN,  # few images
        ("training", "cnn"): PASSED,
        ("accuracy", "cnn"): NOT_RUN,
        ("resume", "mlp"): PASSED,
        ("sweep, 2 jobs", "both"): PASSED,
        ("out of memory", "cnn"): NOT_RUN,
    }


def test_what_was_measured_is_in_the_json(on_cpu):
    report = on_cpu[2]
    assert report["schema"] == "mnist-bench.check_gpu/1"
    for model in ("mlp", "cnn"):
        # float32 against float64: neither equal, as code against itself would be, nor far apart.
        assert 1e-9 < row_of(report, "gradients", model)["numbers"]["median"] < 1e-4
        assert len(row_of(report, "training", model)["numbers"]["train_seconds"]) == 2
    assert row_of(report, "resume")["numbers"]["equal_bits"] is True


def test_nothing_that_ran_on_the_cpu_mentions_cuda(on_cpu):
    done, folder, report = on_cpu
    assert report["proves_cuda"] is False
    assert "nothing is said about CUDA" in done.stdout
    assert done.stdout == (folder / "check_gpu.md").read_text()
    assert done.stdout.count("| passed |") == 7


@pytest.mark.skipif(bool(glob.glob("/dev/nvidia[0-9]*")), reason="this machine has a GPU")
def test_without_a_gpu_it_says_so(tmp_path):
    refused = check_gpu(tmp_path)
    assert_refusal(refused, 5, "no NVIDIA GPU", "/dev/nvidia0", "--device cpu")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--device", "gpu"), 2, ["gpu", "cuda:N"]),
        (("--bundle", "here"), 2, ["--libtorch"]),
        (("--libtorch", "here"), 2, ["--bundle"]),
        (("--device", "cpu", "--output", ""), 2, ["--output", "the path is empty"]),
        (("--bundle", "", "--libtorch", "here"), 2, ["--bundle", "the path is empty"]),
        (("--bundle", "here", "--libtorch", ""), 2, ["--libtorch", "the path is empty"]),
        (("--bundle", "here", "--libtorch", "nowhere"), 2, ["nowhere", "libtorch_cpu.so"]),
    ],
    ids=str,
)
def test_wrong_use_is_refused(tmp_path, arguments, code, words):
    refused = check_gpu(tmp_path, *arguments)
    assert refused.code == code, refused
    for word in words:
        assert word in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_missing_build_is_named(tmp_path):
    refused = check_gpu(tmp_path, "--device", "cpu", binary=tmp_path / "mnist-bench")
    assert_refusal(refused, 1, str(tmp_path / "mnist-bench"))
    assert_has_remedy(refused)


def test_an_empty_binary_is_not_the_default_one(tmp_path):
    refused = check_gpu(tmp_path, "--device", "cpu", binary="")
    assert_refusal(refused, 2, "MNIST_BENCH_BINARY is empty")


def test_what_does_not_work_fails_the_check(tmp_path):
    """A program that forgets its checkpoint and takes one job for two, a test that finds a gradient
    too far off."""
    program = tmp_path / "mnist-bench"
    program.write_text(
        "#!/usr/bin/env python3\nimport os, sys\n"
        'words = ["--force" if word == "--resume" else word for word in sys.argv[1:]]\n'
        'if "--jobs" in words:\n    words[words.index("--jobs") + 1] = "1"\n'
        f'os.execv("{BINARY}", ["{BINARY}", *words])\n'
    )
    tests = tmp_path / "tests/libtorch/libtorch_test"
    tests.parent.mkdir(parents=True)
    tests.write_text(
        "#!/usr/bin/env python3\nimport re, subprocess, sys\n"
        f'code = subprocess.run(["{LIBTORCH_TEST}", *sys.argv[1:]]).returncode\n'
        'report = sys.argv[2].partition("json:")[2]\n'
        "text = open(report).read()\n"
        'open(report, "w").write(re.sub(r\'(median": )"[^"]*"\', r\'\\1"1.1e-4"\', text))\n'
        "sys.exit(code)\n"
    )
    for file in (program, tests):
        file.chmod(0o755)
    done = check_gpu(tmp_path, "--device", "cpu", "--quick", "--output", "out", binary=program)
    assert done.code == 1, done
    report = json.loads((tmp_path / "out/check_gpu.json").read_text())
    assert not report["passed"]
    failed = {(r["check"], r["model"]) for r in report["checks"] if r["verdict"] == FAILED}
    assert failed == {
        ("gradients", "mlp"),
        ("gradients", "cnn"),
        ("resume", "mlp"),
        ("sweep, 2 jobs", "both"),
    }
    assert "4 of 10 checks failed" in done.stdout


def test_the_ranges_are_those_of_the_pages_and_come_from_their_runs():
    section = (PROJECT / "scripts/README.md").read_text(encoding="utf-8")
    runs = (PROJECT / "configs/equivalence/README.md").read_text(encoding="utf-8")
    for model, (mean, sd, n, _) in CPU_ACCURACY.items():
        low, high = accuracy_range(model)
        assert f"{model.upper()} {low:.2f} to {high:.2f} %" in section
        assert f"{mean} ± {sd:.2f}, n = {n}" in section
        assert f"| {model.upper()} | {n} | {mean} ± {sd:.2f} % |" in runs


# What only a GPU could show, with a program that plays one


@pytest.fixture(name="player")
def fixture_player(tmp_path):
    """player(code, stderr, record) is a Checker whose program ends so and writes that record."""

    def make(code=0, stderr="", status="completed", error=None, accuracy=0.9763, **where):
        record = {
            "status": status,
            "error": error,
            "provenance": {"device": "cuda:0", "device_name": "a GPU", "tf32": False, **where},
            "epochs": [{"train_seconds": 1.0, "evaluate_seconds": 0.1}] * 5,
            "test": {"accuracy": accuracy},
            "timing": {"peak_device_bytes": 1 << 30, "peak_rss_bytes": 1 << 30},
        }
        program = tmp_path / "program"
        program.write_text(
            "#!/usr/bin/env python3\nimport pathlib, sys\n"
            'folder = pathlib.Path(sys.argv[sys.argv.index("--output") + 1])\n'
            "folder.mkdir(parents=True, exist_ok=True)\n"
            f'(folder / "result.json").write_text({json.dumps(record)!r})\n'
            f"sys.stderr.write({stderr!r})\nsys.exit({code})\n"
        )
        program.chmod(0o755)
        arguments = Namespace(device="cuda", quick=False, output=tmp_path)
        return Checker(program, program, None, {}, arguments)

    return make


def test_a_run_on_the_gpu_is_accepted(player):
    row = {}
    checker = player()
    assert "1.000 s/epoch (1.000 to 1.000, n = 5" in checker.check_training(row, "mlp")
    assert checker.check_accuracy(row, "mlp") == "97.63 %"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"device": "cpu"}, "ran on cpu"),
        ({"device": "cuda:1"}, "ran on cuda:1"),
        ({"tf32": True}, "TF32"),
        ({"status": "diverged", "error": "not finite"}, "diverged: not finite"),
        ({"code": 5, "stderr": "error: device 'cuda' is not available\n"}, "not available"),
    ],
    ids=str,
)
def test_a_run_that_is_not_what_was_asked_for_fails(player, changes, words):
    with pytest.raises(Failure, match=words):
        player(**changes).check_training({}, "mlp")


@pytest.mark.parametrize("model", ["mlp", "cnn"])
def test_accuracy_outside_the_range_of_the_cpu_fails(player, model):
    low, high = accuracy_range(model)
    assert 0.5 < high - low < 1.5
    for accuracy, inside in ((low - 0.01, False), (low, True), (high, True), (high + 0.01, False)):
        checker = player(accuracy=round(accuracy, 2) / 100)
        checker.check_training({}, model)
        if inside:
            checker.check_accuracy({}, model)
        else:
            with pytest.raises(Failure):
                checker.check_accuracy({}, model)


FULL = "CUDA out of memory. Tried to allocate 604 GiB"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "exit code 0"),
        ({"code": 1, "stderr": "error: LibTorch gave up: CUDA error\n"}, "gave up"),
        ({"code": -6, "stderr": "terminate called: " + FULL}, "exit code"),
        ({"code": 1, "stderr": f"error: {FULL}\n", "status": "failed", "error": "?"}, "record says"),
    ],
    ids=str,
)
def test_memory_that_runs_out_without_a_word_about_it_fails(player, changes, words):
    with pytest.raises(Failure, match=words):
        player(**changes).check_out_of_memory({})


def test_memory_that_runs_out_with_a_message_passes(player):
    checker = player(code=1, stderr=f"error: {FULL}\n", status="failed", error=FULL)
    assert checker.check_out_of_memory({}) == FULL
