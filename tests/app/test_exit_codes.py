"""Each way to fail: its exit code, one error that says what and where, and what to do about it."""

import gzip
import os
import re
import shlex
import shutil
import signal
import stat
import subprocess

import pytest
from conftest import BINARY
from support import (
    SHIPPED_MNIST,
    SMALL,
    SMOKE,
    assert_has_remedy,
    assert_refusal,
    read_result,
)

NAMES = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
]


@pytest.fixture(name="data")
def fixture_data(tmp_path):
    """A folder with links to the shipped data files, to put something else in the place of one."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name in NAMES:
        (folder / f"{name}.gz").symlink_to(SHIPPED_MNIST / f"{name}.gz")
    return folder


# 0


def test_success_is_0(bench):
    done = bench("run", SMOKE, *SMALL, "--output", "out", "--expect", "accuracy>=0.2")
    assert done.code == 0, done
    assert "error" not in done.stderr


# 1


def test_divergence_is_1_and_recorded(bench, tmp_path):
    done = bench("run", SMOKE, *SMALL, "optimizer.learning_rate=1e30", "--output", "out")
    assert_refusal(done, 1, "no longer finite", "optimizer.learning_rate")
    result = read_result(tmp_path / "out")
    assert result["status"] == "diverged"
    assert result["error"] in done.stderr
    assert result["test"] is None
    assert result["parameters_sha256"] is None
    assert not (tmp_path / "out" / "predictions.csv").exists()


# The last three are beyond the greatest float, 3.4e38, Adam's learning rate by 1 / (1 - beta1).
@pytest.mark.parametrize("engine", ["libtorch", "native"])
@pytest.mark.parametrize(
    "wild",
    [
        ("sgd", "optimizer.learning_rate=1e38"),
        ("sgd", "optimizer.learning_rate=1e39"),
        ("sgd", "optimizer.weight_decay=1e39"),
        ("adam", "optimizer.learning_rate=1e38"),
    ],
)
def test_divergence_by_the_last_step_is_noticed(bench, tmp_path, engine, wild):
    """A step's loss is that before its update."""
    optimizer, key = wild
    keys = (f"optimizer.type={optimizer}", key, "training.steps=1")
    done = bench("run", SMOKE, *SMALL, *keys, f"training.engine={engine}", "--output", "out")
    assert_refusal(done, 1, "the test loss is no longer finite (epoch 1, by step 1)", "learning_rate")
    result = read_result(tmp_path / "out")
    assert (result["status"], result["epochs"], result["test"]) == ("diverged", [], None)
    assert not (tmp_path / "out" / "predictions.csv").exists()
    assert bench("verify", "out").code == 0


def test_missed_expectation_is_1_and_the_run_is_complete(bench, tmp_path):
    done = bench("run", SMOKE, *SMALL, "--output", "out", "--expect", "accuracy>=0.999")
    assert_refusal(done, 1, "accuracy", ">=", "0.999")
    result = read_result(tmp_path / "out")
    assert result["status"] == "completed"
    assert str(result["test"]["accuracy"]) in done.stderr


def test_every_missed_expectation_is_named(bench):
    done = bench(
        "run", SMOKE, *SMALL, "--output", "out", "--expect", "loss<0.0001",
        "--expect", "accuracy>=0", "--expect", "macro_f1==1",
    )  # fmt: skip
    assert_refusal(done, 1, "loss", "macro_f1")
    assert "accuracy" not in done.stderr.split("error:")[1]


def test_model_that_memory_cannot_hold_is_1_before_anything_is_made(bench, write_config, tmp_path):
    layers = ", ".join(["65536"] * 16)
    config = write_config('{"model": {"type": "mlp", "hidden": [%s]}}' % layers)
    done = bench("run", config, "--output", "out")
    assert_refusal(done, 1, "parameters", "GiB", "free")
    assert_has_remedy(done)
    assert not (tmp_path / "out").exists()


# 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["rum", "x.json"], ["rum", "did you mean 'run'"]),
        (["sumary", "x.json"], ["sumary", "did you mean 'summary'"]),
        (["xyzzy"], ["xyzzy", "run", "doctor"]),
        (["config", "shwo"], ["shwo", "show"]),
        (["data", "verfy"], ["verfy", "verify"]),
        ([], ["--help"]),
        (["run"], ["CONFIG", "--help"]),
        (["config"], ["--help"]),
        (["run", SMOKE, "--sed", "3"], ["--sed", "training.epochs=1"]),
        (["sweep", "x.json", "--sed", "3"], ["--sed", "training.epochs=1"]),
        (["completion", "fish"], ["it has bash, zsh"]),
        (["run", SMOKE, "--expect", "accuracy"], ["accuracy", "accuracy>=0.97"]),
        (["run", SMOKE, "--expect", "acuracy>=0.9"], ["acuracy", "did you mean 'accuracy'"]),
        (["run", SMOKE, "--log-format", "xml"], ["--log-format", "xml", "json", "text"]),
    ],
    ids=lambda value: " ".join(map(str, value)).replace(str(SMOKE), "CONFIG"),
)
def test_wrong_usage_is_2_with_a_hint(bench, tmp_path, arguments, words):
    done = bench(*arguments)
    assert_refusal(done, 2, *words)
    assert_has_remedy(done)
    assert done.stdout == ""
    assert not (tmp_path / "runs").exists()


def test_missing_config_is_2_and_says_what_to_do(bench):
    done = bench("run", "nope.json")
    assert_refusal(done, 2, "nope.json", "No such file")
    assert_has_remedy(done)


def test_folder_as_config_is_2(bench, tmp_path):
    done = bench("run", tmp_path)
    assert_refusal(done, 2, str(tmp_path), "it is a folder", "config.json")
    assert_has_remedy(done)


def test_fifo_as_config_is_2_without_hanging(bench, tmp_path):
    os.mkfifo(tmp_path / "config.json")
    assert_refusal(bench("run", "config.json", timeout=20), 2, "config.json")


@pytest.mark.parametrize("command", [["run"], ["config", "check"]])
def test_mistyped_key_in_a_config_is_2_with_the_nearest_key(bench, write_config, command):
    file = write_config('{"model": {"type": "mlp"}, "training": {"epoch": 1}}')
    done = bench(*command, file)
    assert_refusal(done, 2, str(file), "/training", "epoch", "training.epochs", "did you mean")


def test_text_that_is_not_json_is_2_with_its_place(bench, write_config):
    file = write_config('{\n  "model": {"type": "mlp"},\n}')
    assert_refusal(bench("run", file), 2, str(file), "line 3")


def test_terminal_escapes_in_a_config_are_not_passed_on(bench, write_config):
    done = bench("run", write_config('{"model": {"type": "\\u001b[31mmlp"}}'))
    assert_refusal(done, 2, "/model/type")
    assert "\x1b" not in done.stderr


# 3


def test_missing_data_folder_is_3(bench, tmp_path):
    done = bench("run", SMOKE, *SMALL, "data.directory=nowhere")
    assert_refusal(done, 3, "nowhere", "data.directory")
    assert_has_remedy(done)
    assert not (tmp_path / "runs").exists()


def test_missing_data_file_is_3(bench, data):
    (data / "t10k-labels-idx1-ubyte.gz").unlink()
    done = bench("run", SMOKE, f"data.directory={data}")
    assert_refusal(done, 3, str(data), "t10k-labels-idx1-ubyte")


@pytest.mark.parametrize("content", [b"garbage" * 100, gzip.compress(b"garbage" * 100)])
def test_garbage_for_data_is_3_naming_the_file(bench, data, tmp_path, content):
    file = data / "t10k-labels-idx1-ubyte.gz"
    file.unlink()
    file.write_bytes(content)
    assert_refusal(bench("run", SMOKE, f"data.directory={data}"), 3, str(file))
    assert not (tmp_path / "runs").exists()


def test_fifo_for_data_is_3_without_hanging(bench, data):
    file = data / "train-images-idx3-ubyte"
    os.mkfifo(file)
    assert_refusal(bench("run", SMOKE, f"data.directory={data}", timeout=20), 3, str(file))


def test_fifo_for_the_data_folder_is_3_without_hanging(bench, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    assert_refusal(bench("run", SMOKE, "data.directory=fifo", timeout=20), 3, "fifo")


def test_limit_beyond_the_data_is_3(bench):
    done = bench("run", SMOKE, "data.train_limit=60001")
    assert_refusal(done, 3, "data.train_limit", "60001", "60000 images")
    assert_has_remedy(done)


# 5


def test_cuda_device_beyond_the_last_is_5(bench):
    assert_refusal(bench("run", SMOKE, "device=cuda:999"), 5, "cuda:999")


# 6


def test_file_in_the_way_of_the_output_is_6(bench, tmp_path):
    (tmp_path / "file").write_text("mine")
    for output in ("file", "file/below"):
        done = bench("run", SMOKE, *SMALL, "--output", output)
        assert_refusal(done, 6, output, "--output")
        assert_has_remedy(done)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("output", ["/proc/mnist-bench", "/dev/full"])
def test_place_that_cannot_be_written_is_6(bench, output):
    assert_refusal(bench("run", SMOKE, *SMALL, "--output", output), 6, output, "--output")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_folder_without_permission_is_6(bench, tmp_path):
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        assert_refusal(bench("run", SMOKE, *SMALL, "--output", "out"), 6, "out", "--output")
    finally:
        tmp_path.chmod(stat.S_IRWXU)


@pytest.mark.parametrize("arguments", [["summary", SMOKE], ["config", "schema"], ["--help"]])
def test_stdout_that_cannot_be_written_is_6(bench, arguments):
    with open("/dev/full", "wb") as full:
        assert_refusal(bench(*arguments, stdout=full), 6, "stdout")


def test_run_is_recorded_even_if_stdout_cannot_be_written(bench, tmp_path):
    with open("/dev/full", "wb") as full:
        done = bench("run", SMOKE, *SMALL, "--output", "out", stdout=full)
    assert_refusal(done, 6, "stdout")
    assert read_result(tmp_path / "out")["status"] == "completed"


@pytest.fixture
def abandoned():
    """The end to write to of a pipe whose reader has gone."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_run_survives_a_pipe_whose_reader_left(bench, tmp_path, abandoned, stream):
    done = bench("run", SMOKE, *SMALL, "--output", "out", **{stream: abandoned})
    assert done.code == (-signal.SIGPIPE if stream == "stdout" else 0), done
    assert "error" not in done.stderr
    assert read_result(tmp_path / "out")["status"] == "completed"


def test_a_pipe_whose_reader_left_ends_a_command_as_others_but_no_work(bench, finished_run, tmp_path, abandoned):
    shutil.copytree(finished_run, tmp_path / "run")
    for command in (["report", "run"], ["summary", SMOKE], ["evaluate", "run", "--json"], ["--help"]):
        done = bench(*command, stdout=abandoned)
        assert done.code == -signal.SIGPIPE, done
        assert "error" not in done.stderr
    assert (tmp_path / "run/evaluations/test/identity.json").exists()


def test_nothing_printed_goes_into_a_file_that_took_a_closed_descriptor(tmp_path):
    run = [BINARY, "run", SMOKE, *SMALL, "--output", "out"]
    command = shlex.join(map(str, run)) + " <&- >&- 2>&-"
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, check=False)
    assert done.returncode == 6
    log = (tmp_path / "out" / "log.txt").read_text()
    assert all(re.match(r"\d{4}-\d\d-\d\dT", line) for line in log.splitlines()), log
    assert "confusion" not in log


def test_run_survives_a_closed_stderr(bench, tmp_path):
    with open("/dev/full", "wb") as full:
        done = bench("run", SMOKE, *SMALL, "--output", "out", stderr=full)
    assert done.code == 0, done
    assert read_result(tmp_path / "out")["status"] == "completed"


def test_report_without_runs_is_6_and_says_how_to_get_one(bench, tmp_path):
    done = bench("report", tmp_path)
    assert_refusal(done, 6, str(tmp_path), "mnist-bench run")


def test_report_of_a_damaged_record_is_6_naming_it(bench, tmp_path):
    (tmp_path / "result.json").write_text("{}")
    assert_refusal(bench("report", tmp_path), 6, str(tmp_path / "result.json"))
