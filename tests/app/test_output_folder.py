"""Where a run goes, and that nothing is overwritten unasked."""

import re
import time

import pytest
from support import (
    ENDLESS,
    RUN_FILES,
    SMALL,
    SMOKE,
    assert_has_remedy,
    assert_refusal,
    read_epochs,
    read_result,
    snapshot,
    wait_for_line,
)


@pytest.fixture(name="folder")
def fixture_folder(finished_run, tmp_path):
    """A copy of a finished run."""
    folder = tmp_path / "out"
    folder.mkdir()
    for name, content in snapshot(finished_run).items():
        (folder / name).write_bytes(content)
    return folder


def test_output_defaults_to_name_and_seed(bench, tmp_path):
    done = bench("run", SMOKE, *SMALL, "seed=5", "name=mine")
    assert done.code == 0, done
    assert {path.name for path in (tmp_path / "runs/mine/seed-5").iterdir()} == RUN_FILES


def test_output_option_creates_the_folder_and_its_parents(bench, tmp_path):
    done = bench("run", SMOKE, *SMALL, "--output", "deep/{name}/ü-{seed}", "--quiet")
    assert done.code == 0, done
    assert {path.name for path in (tmp_path / "deep/smoke/ü-1").iterdir()} == RUN_FILES


def test_finished_run_is_not_overwritten(bench, folder):
    before = snapshot(folder)
    done = bench("run", SMOKE, *SMALL, "--output", folder)
    assert_refusal(done, 6, str(folder), "--force", "--resume", "--output")
    assert snapshot(folder) == before


def test_force_replaces_the_run(bench, folder):
    (folder / "notes.txt").write_text("kept")
    done = bench("run", SMOKE, *SMALL, "seed=2", "--force", "--output", folder)
    assert done.code == 0, done
    assert read_result(folder)["config"]["seed"] == 2
    assert {path.name for path in folder.iterdir()} == RUN_FILES | {"notes.txt"}


def test_resume_accepts_a_finished_run_as_it_is(bench, folder):
    before = snapshot(folder)
    done = bench("run", SMOKE, *SMALL, "--resume", "--output", folder)
    assert done.code == 0, done
    assert "already finished" in done.stderr
    assert snapshot(folder) == before


def test_resume_still_holds_a_finished_run_to_its_expectations(bench, folder):
    missed = bench("run", SMOKE, *SMALL, "--resume", "--expect", "accuracy>=1", "--output", folder)
    assert_refusal(missed, 1, "accuracy")


@pytest.mark.parametrize("change", ["seed=2", "training.epochs=2", "optimizer.learning_rate=0.1"])
def test_resume_refuses_another_config_and_leaves_the_run_alone(bench, folder, change):
    before = snapshot(folder)
    done = bench("run", SMOKE, *SMALL, change, "--resume", "--output", folder)
    assert_refusal(done, 2, str(folder), "--force")
    assert snapshot(folder) == before


def test_resume_of_nothing_is_a_run(bench, tmp_path):
    done = bench("run", SMOKE, *SMALL, "--resume", "--output", "new")
    assert done.code == 0, done
    assert read_result(tmp_path / "new")["status"] == "completed"


@pytest.mark.parametrize("content", [b'{"schema": "mnist-bench.re', b'{"schema": "\xfb"}', b"\x1b[31m"])
def test_resume_refuses_a_damaged_record_and_leaves_it_alone(bench, folder, content):
    (folder / "result.json").write_bytes(content)
    before = snapshot(folder)
    done = bench("run", SMOKE, *SMALL, "--resume", "--output", folder)
    assert_refusal(done, 6, "result.json")
    assert "\x1b" not in done.stderr
    assert snapshot(folder) == before


def test_killed_run_leaves_whole_files_and_is_not_overwritten(start, bench, tmp_path):
    process = start("run", SMOKE, *ENDLESS, "--output", "out")
    wait_for_line(process, "epoch 3/")
    process.kill()
    process.communicate(timeout=30)
    folder = tmp_path / "out"
    assert len(read_epochs(folder)) >= 2
    assert not (folder / "result.json").exists()
    refused = bench("run", SMOKE, *ENDLESS, "--output", "out")
    assert_refusal(refused, 6, "unfinished", "--resume", "--force")
    refused = bench("run", SMOKE, *SMALL, "--resume", "--output", "out")
    assert_refusal(refused, 2, "training.epochs: 100000 → 1", "--force")

    done = bench("run", SMOKE, *SMALL, "--force", "--output", "out")
    assert done.code == 0, done
    assert {path.name for path in folder.iterdir()} == RUN_FILES
    assert len(read_epochs(folder)) == 1


def test_resume_and_force_exclude_each_other(bench, folder):
    before = snapshot(folder)
    done = bench("run", SMOKE, *SMALL, "--resume", "--force", "--output", folder)
    assert_refusal(done, 2, "--resume", "--force")
    assert snapshot(folder) == before


def test_folder_in_use_is_refused_at_once_whatever_the_flag(start, bench, tmp_path):
    first = start("run", SMOKE, *ENDLESS, "--output", "out")
    wait_for_line(first, "epoch 1/")
    for flags in ([], ["--force"], ["--resume"]):
        begin = time.monotonic()
        second = bench("run", SMOKE, *ENDLESS, *flags, "--output", "out")
        assert time.monotonic() - begin < 10
        assert_refusal(second, 6, "in use", "--output")
        assert_has_remedy(second)
        assert first.poll() is None
    first.terminate()
    _, stderr = first.communicate(timeout=30)
    assert first.returncode == 75, stderr
    assert read_result(tmp_path / "out")["status"] == "interrupted"


def test_of_two_processes_started_together_one_wins(start, tmp_path):
    run = ("run", SMOKE, *SMALL, "training.epochs=20", "--output", "out")
    pair = [start(*run), start(*run)]
    said = [process.communicate(timeout=60)[1].decode() for process in pair]
    assert sorted(process.returncode for process in pair) == [0, 6], said
    winner = 0 if pair[0].returncode == 0 else 1
    assert re.search(r"in use|already holds", said[1 - winner])
    assert {path.name for path in (tmp_path / "out").iterdir()} == RUN_FILES
    assert len(read_epochs(tmp_path / "out")) == 20
