"""run --resume: wherever a run was stopped, it ends bit-identical to one that was not."""

import gzip
import random
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest
from conftest import run_binary
from support import (
    CNN,
    PROJECT,
    RUN_FILES,
    SHIPPED_MNIST,
    SMALL,
    SMOKE,
    TINY_MODEL,
    assert_has_remedy,
    assert_refusal,
    checkpoint_metadata,
    parse_json,
    read_epochs,
    read_result,
    snapshot,
    split_safetensors,
    temporary_files,
    wait_for_line,
)

EPOCHS = 4
RUNS = {
    "mlp": (SMOKE, *SMALL, f"training.epochs={EPOCHS}"),
    # Three steps an epoch, the last one partial.
    "cnn": (CNN, *SMALL[:2], "data.train_limit=150", "data.test_limit=100",
            f"training.epochs={EPOCHS}"),
}  # fmt: skip
MEASURED = ("train_seconds", "evaluate_seconds", "images_per_second")


def without_times(epochs):
    return [{key: value for key, value in e.items() if key not in MEASURED} for e in epochs]


def outcome(folder):
    """Everything of a completed run that must not depend on how often it was stopped."""
    result = read_result(folder)
    assert result["status"] == "completed"
    assert {path.name for path in folder.iterdir()} == RUN_FILES
    assert read_epochs(folder) == result["epochs"]
    return {
        "parameters": result["parameters_sha256"],
        "model": (folder / "model.safetensors").read_bytes(),
        "test": result["test"],
        "predictions": (folder / "predictions.csv").read_bytes(),
        "epochs": without_times(result["epochs"]),
        "checkpoint": split_safetensors((folder / "checkpoint.safetensors").read_bytes())[1],
    }


@pytest.fixture(scope="module", name="uninterrupted", params=list(RUNS))
def fixture_uninterrupted(request, tmp_path_factory):
    """A run that was left alone: (its arguments, its outcome, the seconds that it took)."""
    home = tmp_path_factory.mktemp(request.param)
    begin = time.monotonic()
    done = run_binary("run", *RUNS[request.param], "--output", "out", cwd=home)
    seconds = time.monotonic() - begin
    assert done.code == 0, done
    assert read_result(home / "out")["provenance"]["resumed_after"] == []
    return RUNS[request.param], outcome(home / "out"), seconds


def kill(process):
    process.kill()
    process.communicate(timeout=30)


def epoch_of(folder):
    """The epochs that the checkpoint in `folder` has behind it; 0 without one."""
    if not (folder / "checkpoint.safetensors").exists():
        return 0
    return int(checkpoint_metadata(folder)["epoch"])


def is_done(folder):
    return (folder / "result.json").exists() and read_result(folder)["status"] == "completed"


def assert_goes_on_to(bench, run, folder, expected):
    """Resumes the stopped run in `folder` and compares how it ends."""
    epoch, was_done = epoch_of(folder), is_done(folder)
    before = read_result(folder)["provenance"]["resumed_after"] if was_done else []
    done = bench("run", *run, "--resume", "--output", folder)
    assert done.code == 0, done
    assert outcome(folder) == expected
    if epoch and not was_done:
        assert f"resuming after epoch {epoch} of {EPOCHS}" in done.stderr
        assert read_result(folder)["provenance"]["resumed_after"][-1] == epoch
    else:
        assert read_result(folder)["provenance"]["resumed_after"] == before


# Killed


@pytest.mark.parametrize("epoch", range(1, EPOCHS + 1))
def test_killed_after_any_epoch(start, bench, tmp_path, uninterrupted, epoch):
    run, expected, _ = uninterrupted
    process = start("run", *run, "--output", "out")
    wait_for_line(process, f"epoch {epoch}/")
    kill(process)
    assert epoch_of(tmp_path / "out") >= epoch
    assert_goes_on_to(bench, run, tmp_path / "out", expected)


@pytest.mark.parametrize("seed", range(6))
def test_killed_at_a_random_moment(start, bench, tmp_path, uninterrupted, seed):
    run, expected, seconds = uninterrupted
    process = start("run", *run, "--output", "out")
    time.sleep(random.Random(seed).uniform(0.3 * seconds, seconds))
    kill(process)
    assert_goes_on_to(bench, run, tmp_path / "out", expected)


def test_killed_twice(start, bench, tmp_path, uninterrupted):
    run, expected, _ = uninterrupted
    folder = tmp_path / "out"
    taken_up = []
    for flags, line in (((), "epoch 1/"), (("--resume",), "epoch 3/")):
        process = start("run", *run, *flags, "--output", folder)
        wait_for_line(process, line)
        kill(process)
        if is_done(folder):
            pytest.skip("the run was over too soon to be killed in it")
        taken_up.append(epoch_of(folder))
    assert_goes_on_to(bench, run, folder, expected)
    assert read_result(folder)["provenance"]["resumed_after"] == taken_up


def test_killed_whenever_an_epoch_has_passed(start, bench, tmp_path, uninterrupted):
    """One epoch for each process."""
    run, expected, _ = uninterrupted
    folder = tmp_path / "out"
    while epoch_of(folder) < EPOCHS:
        process = start("run", *run, "--resume", "--output", folder)
        wait_for_line(process, "train loss")
        kill(process)
    assert_goes_on_to(bench, run, folder, expected)


# Interrupted


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_interrupted(start, bench, tmp_path, number):
    run = (SMOKE, *SMALL, TINY_MODEL, "training.epochs=60")
    process = start("run", *run, "--output", "out")
    wait_for_line(process, "epoch 2/")
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == 75
    assert_refusal(bench("run", *run, "--output", "out"), 6, "--resume", "--force")
    stopped_after = len(read_epochs(tmp_path / "out"))
    assert 2 <= stopped_after < 60

    assert bench("run", *run, "--resume", "--output", "out").code == 0
    assert bench("run", *run, "--output", "uninterrupted").code == 0
    assert outcome(tmp_path / "out") == outcome(tmp_path / "uninterrupted")
    assert read_result(tmp_path / "out")["provenance"]["resumed_after"] == [stopped_after]


def test_interrupted_within_an_epoch_the_record_is_that_of_the_checkpoint(start, tmp_path):
    """Its test metrics and predictions are of the last whole epoch, however far the next one got."""
    run = (SMOKE, "device=cpu", "threads=1", "data.test_limit=200", "data.train_limit=60000",
           "training.epochs=9", "--output", "out")  # fmt: skip
    folder = tmp_path / "out"
    process = start("run", *run)
    wait_for_line(process, "epoch 1/")
    kill(process)
    for _ in range(2):
        process = start("run", *run, "--resume", "--verbose")
        wait_for_line(process, "resuming after epoch 1 of 9")
        time.sleep(0.7)  # amid the second epoch's 900 steps, which take seconds
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        assert process.returncode == 75
        result = read_result(folder)
        assert result["error"] == "interrupted in epoch 2 of 9"
        assert [epoch["epoch"] for epoch in result["epochs"]] == [1]
        assert result["test"]["accuracy"] == result["epochs"][0]["test"]["accuracy"]
        assert result["test"]["loss"] == result["epochs"][0]["test"]["loss"]
        assert epoch_of(folder) == 1


# Refused


@pytest.fixture(scope="module", name="stopped_run")
def fixture_stopped_run(tmp_path_factory):
    """A run folder of two epochs that still has the last one's checkpoint to resume from."""
    home = tmp_path_factory.mktemp("stopped")
    done = run_binary("run", SMOKE, *TINY_RUN, "--output", "out", cwd=home)
    assert done.code == 0, done
    shutil.copytree(home / "out", home / "finished")
    (home / "out" / "result.json").unlink()
    return home / "out"


TINY_RUN = (*SMALL, TINY_MODEL, "training.epochs=2")


@pytest.fixture(name="stopped")
def fixture_stopped(stopped_run, tmp_path):
    """A copy of `stopped_run`."""
    return Path(shutil.copytree(stopped_run, tmp_path / "out"))


@pytest.fixture(name="finished")
def fixture_finished(stopped_run, tmp_path):
    """A copy of the same run with its record."""
    return Path(shutil.copytree(stopped_run.parent / "finished", tmp_path / "out"))


def assert_is_refused(bench, folder, code, *words, run=TINY_RUN):
    before = snapshot(folder)
    done = bench("run", SMOKE, *run, "--resume", "--output", folder)
    assert_refusal(done, code, *words)
    assert_has_remedy(done)
    assert "--force" in done.stderr
    after = snapshot(folder)
    assert {**after, "log.txt": b""} == {**before, "log.txt": b""}


def places_in(content):
    """Name and place of bytes all over a checkpoint."""
    start = 8 + int.from_bytes(content[:8], "little")
    metadata = {key: content.index(key.encode()) + len(key) + 3 for key in (
        "sha256", "config_hash", "data_sha256", "epoch", "epochs", "resumed_after", "schema",
        "random_streams", "total_seconds",
    )}  # fmt: skip
    moment = content.index(b"optimizer.exp_avg_sq.fc1.weight")
    tensors = {f"tensors+{share:.2f}": start + int(share * (len(content) - start))
               for share in (0, 0.1, 0.34, 0.5, 0.68, 0.9)}  # fmt: skip
    return {
        "header length": 0, "header length, high": 7, "header's first": 8,
        "header's last": start - 1, "a tensor's name": moment, **metadata, **tensors,
        "last": len(content) - 1,
    }  # fmt: skip


def test_checkpoint_with_a_flipped_byte_is_refused_by_name(bench, stopped):
    file = stopped / "checkpoint.safetensors"
    content = file.read_bytes()
    for number, (place, i) in enumerate(places_in(content).items()):
        bit = (0x01, 0x80)[number % 2]
        file.write_bytes(content[:i] + bytes([content[i] ^ bit]) + content[i + 1 :])
        try:
            assert_is_refused(bench, stopped, 6, f"cannot resume from {file}")
        except AssertionError as error:
            raise AssertionError(f"{place} (byte {i})") from error


def test_checkpoint_cut_off_or_with_more_behind_it_is_refused_by_name(bench, stopped):
    file = stopped / "checkpoint.safetensors"
    content = file.read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    for size in (0, 7, 8, start - 1, start, len(content) // 2, len(content) - 1):
        file.write_bytes(content[:size])
        assert_is_refused(bench, stopped, 6, f"cannot resume from {file}")
    file.write_bytes(content + b"\0")
    assert_is_refused(bench, stopped, 6, f"cannot resume from {file}")


def test_something_else_in_the_place_of_the_checkpoint_is_refused(bench, stopped):
    file = stopped / "checkpoint.safetensors"
    file.write_bytes((stopped / "model.safetensors").read_bytes())
    assert_is_refused(bench, stopped, 6, f"cannot resume from {file}", "schema")
    file.unlink()
    file.mkdir()
    done = bench("run", SMOKE, *TINY_RUN, "--resume", "--output", stopped)
    assert_refusal(done, 6, str(file), "folder")


# Another value of each key that makes another experiment, the seed included.
CHANGES = {
    "name": "other", "seed": 2,
    "data.dataset": "own", "data.directory": SHIPPED_MNIST, "data.normalization": "unit",
    "data.transform": '[{"type": "transpose"}]',
    "data.train_limit": 299, "data.test_limit": 199, "data.validation": 10,
    "model.type": "cnn", "model.hidden": [5], "model.dropout": 0.1,
    "model.initialization": "xavier",
    "optimizer.type": "sgd", "optimizer.learning_rate": 0.1, "optimizer.beta1": 0.8, "optimizer.beta2": 0.9,
    "optimizer.epsilon": 1e-7, "optimizer.weight_decay": 0.1,
    "training.epochs": 3, "training.batch_size": 32, "training.steps": 3,
    "training.evaluate_every": 2, "training.augment": '[{"type": "affine", "shift": 2}]',
}  # fmt: skip
# A run may continue elsewhere, an unfinished one in the other engine.
NO_CHANGES = {"output", "threads", "device", "data.class_names", "training.engine"}


def keys_of(config, prefix=""):
    for key, value in config.items():
        if isinstance(value, dict):
            yield from keys_of(value, f"{prefix}{key}.")
        else:
            yield prefix + key


def with_change(key):
    if key == "model.type":
        return (*(o for o in TINY_RUN if o != TINY_MODEL), "model.type=cnn", "model.hidden=4")
    kept = (o for o in TINY_RUN if not o.startswith(f"{key}="))
    # Another data set's name asks for its folder.
    folder = [f"data.directory={SHIPPED_MNIST}"] if key == "data.dataset" else []
    return (*kept, f"{key}={CHANGES[key]}", *folder)


def test_changes_are_of_every_key(bench):
    config = parse_json(bench("config", "show", SMOKE, *TINY_RUN).stdout)
    assert set(keys_of(config)) == CHANGES.keys() | NO_CHANGES


@pytest.mark.parametrize("key", list(CHANGES))
def test_checkpoint_of_another_config_or_seed_is_refused(bench, stopped, key):
    other = with_change(key)
    assert_is_refused(bench, stopped, 2, "model" if key == "model.type" else key, run=other)
    # And by what it says of itself.
    (stopped / "config.json").unlink()
    file = stopped / "checkpoint.safetensors"
    assert_is_refused(bench, stopped, 6, f"cannot resume from {file}", "config or seed", run=other)


@pytest.mark.parametrize("key", list(CHANGES))
def test_finished_run_of_another_config_or_seed_is_refused(bench, finished, key):
    other = with_change(key)
    assert_is_refused(bench, finished, 2, "model" if key == "model.type" else key, run=other)
    # And by what its record says.
    (finished / "config.json").unlink()
    assert_is_refused(bench, finished, 2, "model" if key == "model.type" else key, run=other)


@pytest.mark.parametrize("split", ["train", "t10k"])
def test_checkpoint_of_other_data_is_refused(bench, start, tmp_path, split):
    data = tmp_path / "data"
    data.mkdir()
    for file in SHIPPED_MNIST.glob("*.gz"):
        (data / file.name).write_bytes(file.read_bytes())
    run = (*TINY_RUN, f"data.directory={data}")
    folder = tmp_path / "out"
    assert bench("run", SMOKE, *run, "--output", folder).code == 0
    (folder / "result.json").unlink()

    labels = data / f"{split}-labels-idx1-ubyte.gz"
    raw = bytearray(gzip.decompress(labels.read_bytes()))
    raw[8] = (raw[8] + 1) % 10
    labels.write_bytes(gzip.compress(bytes(raw), compresslevel=1))
    file = folder / "checkpoint.safetensors"
    assert_is_refused(bench, folder, 3, f"cannot resume from {file}", "data", run=run)


def test_refused_checkpoint_makes_way_for_force(bench, stopped, stopped_run):
    file = stopped / "checkpoint.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    done = bench("run", SMOKE, *TINY_RUN, "--force", "--output", stopped)
    assert done.code == 0, done
    model = "model.safetensors"
    assert (stopped / model).read_bytes() == (stopped_run / model).read_bytes()


def test_resume_clears_away_temporary_files(bench, stopped):
    (stopped / ".checkpoint.safetensors.tmp-abc123").write_bytes(b"half")
    assert bench("run", SMOKE, *TINY_RUN, "--resume", "--output", stopped).code == 0
    assert temporary_files(stopped) == []


# Read by others


@pytest.fixture(scope="module", name="load_file")
def fixture_load_file():
    """safetensors.numpy.load_file of the real library."""
    packages = PROJECT / "third_party" / "python"
    sys.path.insert(0, str(packages))
    try:
        from safetensors.numpy import load_file
    except ImportError as error:
        pytest.skip(f"{error}; scripts/setup installs the library into {packages}")
    finally:
        sys.path.remove(str(packages))
    return load_file


SHAPES = {
    "mlp": {
        "fc1.weight": (256, 784), "fc1.bias": (256,), "fc2.weight": (128, 256), "fc2.bias": (128,),
        "fc3.weight": (10, 128), "fc3.bias": (10,),
    },
    "cnn": {
        "conv1.weight": (32, 1, 3, 3), "conv1.bias": (32,),
        "conv2.weight": (64, 32, 3, 3), "conv2.bias": (64,),
        "fc1.weight": (128, 3136), "fc1.bias": (128,), "fc2.weight": (10, 128), "fc2.bias": (10,),
    },
}  # fmt: skip


@pytest.mark.parametrize("model", list(SHAPES))
def test_files_open_in_the_real_library(bench, tmp_path, load_file, model):
    assert bench("run", *RUNS[model], "--output", "out").code == 0
    tensors = load_file(tmp_path / "out" / "model.safetensors")
    assert {name: tensor.shape for name, tensor in tensors.items()} == SHAPES[model]
    assert {str(tensor.dtype) for tensor in tensors.values()} == {"float32"}

    kept = load_file(tmp_path / "out" / "checkpoint.safetensors")
    moments = ("optimizer.exp_avg.", "optimizer.exp_avg_sq.")
    assert {name: tensor.shape for name, tensor in kept.items()} == {
        prefix + name: shape for prefix in ("model.", *moments) for name, shape in SHAPES[model].items()
    }
    for name, tensor in tensors.items():
        assert (tensor == kept["model." + name]).all()
        assert tensor.std() > 0
        assert (kept[moments[1] + name] >= 0).all()
        assert kept[moments[0] + name].any()
