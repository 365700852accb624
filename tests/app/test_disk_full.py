"""A disk that fills up while a run writes: a clear error, and nothing half-written."""

import resource
import subprocess

import pytest
from support import CONFIGS, CPU, SMALL, SMOKE, assert_refusal, read_result


def files_of_at_most(size):
    """For a child process: writing beyond `size` fails, or kills by SIGXFSZ whoever allows it."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.fixture(name="small_disk")
def fixture_small_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24k", "tmpfs", str(disk)]
    try:
        mounted = subprocess.run(mount, capture_output=True, text=True, timeout=20, check=False)
    except OSError as error:
        pytest.skip(f"no mount: {error}")
    if mounted.returncode != 0:
        pytest.skip(f"a tmpfs cannot be mounted here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], timeout=20, check=True)


def temporary_files(folder):
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def test_full_disk_is_6_and_names_the_file(bench, small_disk):
    """Five pages hold the config, but not the predictions of all 10,000 test images."""
    folder = small_disk / "out"
    run = ("run", SMOKE, *CPU, "data.train_limit=300", "data.test_limit=null")
    done = bench(*run, "--output", folder)
    assert_refusal(done, 6, str(folder), "No space left", "free space")
    assert temporary_files(folder) == []
    assert not (folder / "predictions.csv").exists()

    # With fewer predictions the same folder does.
    again = bench("run", SMOKE, *SMALL, "--force", "--output", folder)
    assert again.code == 0, again
    assert read_result(folder)["status"] == "completed"


def test_run_that_broke_for_lack_of_space_says_so_in_its_record(bench, tmp_path):
    """The record (8 kB) still fits; the predictions (20 kB) do not."""
    done = bench(
        "run", SMOKE, *CPU, "data.train_limit=300", "--output", "out",
        preexec_fn=files_of_at_most(12_000),
    )  # fmt: skip
    assert_refusal(done, 6, "predictions.csv", "File too large")
    result = read_result(tmp_path / "out")
    assert result["status"] == "failed"
    assert "predictions.csv" in result["error"]
    assert temporary_files(tmp_path / "out") == []


def test_record_that_does_not_fit_is_6_without_a_part_of_it(bench, tmp_path):
    done = bench("run", SMOKE, *SMALL, "--output", "out", preexec_fn=files_of_at_most(6_000))
    assert_refusal(done, 6, "result.json", "File too large")
    assert not (tmp_path / "out" / "result.json").exists()
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


def test_stdout_in_a_file_that_may_not_grow_is_6(bench, tmp_path):
    with open(tmp_path / "table.txt", "wb") as table:
        done = bench(
            "summary", CONFIGS / "mlp.json", stdout=table, preexec_fn=files_of_at_most(10)
        )
    assert_refusal(done, 6, "stdout", "File too large")
