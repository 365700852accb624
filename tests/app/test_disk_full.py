"""A disk that fills up while a run writes: a clear error, and nothing half-written."""

import resource
import shutil
import subprocess

import pytest
from idx import write_idx
from injection import strace
from support import (
    CNN,
    CONFIGS,
    CPU,
    SMALL,
    SMOKE,
    TINY_MODEL,
    assert_has_remedy,
    assert_refusal,
    needs_strace,
    read_result,
    snapshot,
    temporary_files,
)

# Of a tiny MLP: a checkpoint of 40 kB, predictions of 200 kB.
ALL_PREDICTIONS = (*CPU, TINY_MODEL, "data.train_limit=300", "data.test_limit=null")
# Of one CNN of 76 parameters: a checkpoint of 5 kB, and the record larger than that.
TINIEST = (
    *SMALL, "model.conv1_channels=1", "model.conv2_channels=1", "model.hidden=1",
    "training.epochs=1",
)  # fmt: skip


def files_of_at_most(size):
    """For a child process: writing beyond `size` fails, or kills by SIGXFSZ whoever allows it."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.fixture(name="small_disk")
def fixture_small_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=160k", "tmpfs", str(disk)]
    try:
        mounted = subprocess.run(mount, capture_output=True, text=True, timeout=20, check=False)
    except OSError as error:
        pytest.skip(f"no mount: {error}")
    if mounted.returncode != 0:
        pytest.skip(f"a tmpfs cannot be mounted here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], timeout=20, check=True)


def test_full_disk_is_6_and_names_the_file_and_more_space_lets_the_run_resume(bench, small_disk):
    """40 pages hold the checkpoint, but not the predictions of all 10,000 test images."""
    folder = small_disk / "out"
    run = ("run", SMOKE, *ALL_PREDICTIONS, "--output", folder)
    done = bench(*run)
    assert_refusal(done, 6, "predictions.csv", "No space left", "free space")
    assert temporary_files(folder) == []
    assert not (folder / "predictions.csv").exists()
    assert read_result(folder)["status"] == "failed"

    subprocess.run(["mount", "-o", "remount,size=1m", str(small_disk)], timeout=20, check=True)
    again = bench(*run, "--resume")
    assert again.code == 0, again
    result = read_result(folder)
    assert result["status"] == "completed"
    assert result["provenance"]["resumed_after"] == [1]


def test_disk_too_small_for_a_checkpoint(bench, small_disk):
    done = bench("run", SMOKE, *SMALL, "--output", small_disk / "out")
    assert_refusal(done, 6, "checkpoint.safetensors", "No space left", "free space")
    assert temporary_files(small_disk / "out") == []
    assert not (small_disk / "out" / "checkpoint.safetensors").exists()


def test_report_on_a_full_disk_keeps_the_earlier_one(bench, small_disk, finished_run):
    page = small_disk / "runs.csv"
    page.write_text("earlier")
    (small_disk / "filler").write_bytes(bytes(156 * 1024))
    done = bench("report", finished_run, "-o", page)
    assert_refusal(done, 6, str(page), "No space left")
    assert page.read_text() == "earlier"
    assert temporary_files(small_disk) == []


@pytest.mark.parametrize(
    ("size", "file"), [(100_000, "predictions.csv"), (20_000, "checkpoint.safetensors")]
)
def test_run_that_broke_for_lack_of_space_says_so_in_its_record(bench, tmp_path, size, file):
    done = bench(
        "run", SMOKE, *ALL_PREDICTIONS, "--output", "out", preexec_fn=files_of_at_most(size)
    )
    assert_refusal(done, 6, file, "File too large")
    result = read_result(tmp_path / "out")
    assert result["status"] == "failed"
    assert file in result["error"]
    assert temporary_files(tmp_path / "out") == []


def test_record_that_does_not_fit_is_6_without_a_part_of_it(bench, tmp_path):
    done = bench("run", CNN, *TINIEST, "--output", "out", preexec_fn=files_of_at_most(7_500))
    assert_refusal(done, 6, "result.json", "File too large")
    assert not (tmp_path / "out" / "result.json").exists()
    assert temporary_files(tmp_path / "out") == []


def test_the_error_reported_is_the_one_that_broke_the_run_and_not_that_of_its_record(bench, tmp_path):
    """1,000 bytes hold the config, but neither the checkpoint nor the record of its failure."""
    done = bench("run", SMOKE, *SMALL, "--output", "out", preexec_fn=files_of_at_most(1_000))
    assert_refusal(done, 6, "checkpoint.safetensors", "File too large")
    assert "warning: cannot write out/result.json" in done.stderr
    assert done.stderr.index("result.json") < done.stderr.index("error: ")
    assert temporary_files(tmp_path / "out") == []


def test_not_even_the_config_fits(bench, tmp_path):
    done = bench("run", SMOKE, *SMALL, "--output", "out", preexec_fn=files_of_at_most(0))
    assert_refusal(done, 6, "config.json", "File too large")
    assert temporary_files(tmp_path / "out") == []


def test_next_start_clears_away_temporary_files(bench, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / ".result.json.tmp-abc123").write_text("{")
    done = bench("run", SMOKE, *SMALL, "--output", folder)
    assert done.code == 0, done
    assert temporary_files(folder) == []


def test_an_evaluation_that_does_not_fit_is_6_and_leaves_the_earlier_ones(bench, finished_run, tmp_path):
    shutil.copytree(finished_run, tmp_path / "out")
    assert bench("evaluate", "out").code == 0
    folder = tmp_path / "out/evaluations/test"
    before = snapshot(folder)
    done = bench(
        "evaluate", "out", "--transform", "shift:dx=1", preexec_fn=files_of_at_most(1_000)
    )
    assert_refusal(done, 6, "out/evaluations/test/shift~dx=1.json", "File too large", "free space")
    assert snapshot(folder) == before


@needs_strace
def test_an_export_that_does_not_fit_leaves_the_earlier_set(bench, tmp_path):
    """None of the four files is replaced before all are written."""
    write_idx(tmp_path / "data", [[bytes(28)] * 27 + [bytes([k]) * 28] for k in range(10)], range(10))
    export = ("data", "export", "--data", "data", "-o", "out")
    assert bench(*export).code == 0
    before = snapshot(tmp_path / "out")
    again = (*export, "--force", "--transform", "invert")
    done, _ = strace(again, tmp_path, "-e", "trace=fsync", "-e", "inject=fsync:error=ENOSPC:when=3")
    assert_refusal(done, 6, "out/t10k-images-idx3-ubyte.gz", "No space left", "free space")
    assert snapshot(tmp_path / "out") == before
    assert_refusal(bench(*export, "--no-gzip"), 6, "exists already")
    assert bench(*again, "--no-gzip").code == 0
    assert snapshot(tmp_path / "out").keys() == {name[:-3] for name in before}
    assert bench("data", "info", "out").code == 0


def test_stdout_in_a_file_that_may_not_grow_is_6(bench, tmp_path):
    with open(tmp_path / "table.txt", "wb") as table:
        done = bench(
            "summary", CONFIGS / "mlp.json", stdout=table, preexec_fn=files_of_at_most(10)
        )
    assert_refusal(done, 6, "stdout", "File too large")


def test_stdout_that_is_full_is_6_and_the_run_is_there(bench, tmp_path):
    with open("/dev/full", "wb") as full:
        done = bench("run", SMOKE, *SMALL, "--output", "out", stdout=full)
        assert_refusal(done, 6, "stdout", "No space left")
        assert read_result(tmp_path / "out")["status"] == "completed"
        assert_refusal(bench("report", "out", stdout=full), 6, "stdout", "No space left")


def test_report_to_a_special_file_is_6_and_leaves_it_alone(bench, tmp_path, finished_run):
    """Writing atomically would put a file in the place of the device."""
    (tmp_path / "full.md").symlink_to("/dev/full")
    done = bench("report", finished_run, "-o", "full.md")
    assert_refusal(done, 6, "full.md", "special file")
    assert_has_remedy(done)
    assert (tmp_path / "full.md").is_symlink()
