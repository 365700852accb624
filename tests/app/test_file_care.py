"""What a run does to files that are not its own, and how it leaves its own."""

import itertools
import os
import re
import shutil
import stat
import subprocess

import pytest
from conftest import BINARY, clean_environment
from support import (
    CONFIGS,
    RUN_FILES,
    SMALL,
    SMOKE,
    assert_has_remedy,
    assert_refusal,
    needs_strace,
    snapshot,
)

FLAGS = pytest.mark.parametrize("flags", [[], ["--resume"], ["--force"]], ids=str)


@FLAGS
@pytest.mark.parametrize("name", sorted(RUN_FILES))
def test_files_of_these_names_that_no_run_left_are_left_alone(bench, tmp_path, flags, name):
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / name).write_text('{"mine": 1}')
    done = bench("run", SMOKE, *SMALL, *flags, "--output", folder)
    assert_refusal(done, 6, str(folder), name)
    assert_has_remedy(done)
    assert snapshot(folder) == {name: b'{"mine": 1}'}


@FLAGS
def test_a_foreign_log_next_to_our_config_is_left_alone(bench, tmp_path, flags):
    (tmp_path / "config.json").write_bytes(SMOKE.read_bytes())
    (tmp_path / "log.txt").write_text("my notes\n")
    before = snapshot(tmp_path)
    assert_refusal(bench("run", "config.json", *SMALL, *flags, "--output", "."), 6, "log.txt")
    assert snapshot(tmp_path) == before


@FLAGS
def test_a_link_in_place_of_the_log_is_not_followed(bench, tmp_path, flags):
    folder = tmp_path / "out"
    folder.mkdir()
    (tmp_path / "theirs").write_text("my notes\n")
    (folder / "log.txt").symlink_to("../theirs")
    assert_refusal(bench("run", SMOKE, *SMALL, *flags, "--output", folder), 6, "symbolic link")
    assert (tmp_path / "theirs").read_text() == "my notes\n"
    assert os.listdir(folder) == ["log.txt"]


def test_only_temporary_files_of_a_runs_own_are_cleared_away(bench, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    theirs = [".notes.md.tmp-a1b2c3", ".result.json.tmp-mine", "result.json.tmp-a1b2c3", ".tmp-x"]
    for name in theirs:
        (folder / name).write_text("kept")
    (folder / ".result.json.tmp-a1b2c3").write_text("half")
    assert bench("run", SMOKE, *SMALL, "--output", folder).code == 0
    assert set(os.listdir(folder)) == {*RUN_FILES, *theirs}


def test_only_the_evaluations_of_a_run_are_cleared_away(bench, finished_run, tmp_path):
    theirs = ["notes.json", "test/notes.txt", "test/deeper/notes.json", "test/.notes.json"]
    for home in ("out", "linked"):
        for name in theirs:
            (tmp_path / home / "evaluations" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / home / "evaluations" / name).write_text("kept")
    (tmp_path / "linked/evaluations/test/identity.json").write_text("kept")
    shutil.copytree(finished_run, tmp_path / "out", dirs_exist_ok=True)
    shutil.copytree(finished_run, tmp_path / "run")
    (tmp_path / "run/evaluations").symlink_to("../linked/evaluations")
    assert bench("evaluate", "out").code == 0
    for folder in ("out", "run"):
        assert bench("run", SMOKE, *SMALL, "--force", "--output", folder).code == 0
    for home, kept in (("out", theirs), ("linked", [*theirs, "test/identity.json"])):
        found = [path for path in (tmp_path / home / "evaluations").glob("**/*") if path.is_file()]
        assert sorted(found) == sorted(tmp_path / home / "evaluations" / name for name in kept)


def modes(folder):
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


@pytest.mark.parametrize("mask", [0o022, 0o002, 0o077, 0o000], ids=oct)
def test_files_have_the_mode_that_the_umask_leaves(bench, tmp_path, mask):
    done = bench("run", SMOKE, *SMALL, "--output", "out", preexec_fn=lambda: os.umask(mask))
    assert done.code == 0, done
    assert modes(tmp_path / "out") == {name: 0o666 & ~mask for name in RUN_FILES}
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o777 & ~mask


def test_a_file_that_is_replaced_keeps_its_mode(bench, finished_run, tmp_path):
    for mode in (0o600, 0o664):
        (tmp_path / "report.md").write_text("what was there")
        (tmp_path / "report.md").chmod(mode)
        assert bench("report", finished_run, "-o", "report.md").code == 0
        assert stat.S_IMODE((tmp_path / "report.md").stat().st_mode) == mode
        assert "what was there" not in (tmp_path / "report.md").read_text()


def test_a_link_named_with_o_stays_a_link(bench, finished_run, tmp_path):
    (tmp_path / "folder").mkdir()
    for name, target in (("there.md", "folder/real.md"), ("dangling.md", "folder/new.md")):
        (tmp_path / name).symlink_to(target)
    (tmp_path / "folder/real.md").write_text("old")
    (tmp_path / "folder/real.md").chmod(0o600)
    done = bench("report", finished_run, "-o", "there.md", "-o", "dangling.md")
    assert done.code == 0, done
    for name in ("there.md", "dangling.md"):
        assert (tmp_path / name).is_symlink()
        assert (tmp_path / name).read_text().startswith("#")
    assert stat.S_IMODE((tmp_path / "folder/real.md").stat().st_mode) == 0o600
    (tmp_path / "itself.md").symlink_to("itself.md")
    assert_refusal(bench("report", finished_run, "-o", "itself.md"), 6, "itself.md")


def everything_in(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_output_file_never_replaces_a_file_of_a_run(bench, finished_run, tmp_path):
    shutil.copytree(finished_run, tmp_path / "run")
    assert bench("evaluate", "run").code == 0
    shutil.copytree(finished_run, tmp_path / "unfinished")
    (tmp_path / "unfinished/result.json").unlink()
    (tmp_path / "link.json").symlink_to("run/result.json")
    (tmp_path / "link.svg").symlink_to(tmp_path / "run/evaluations/test/identity.json")
    (tmp_path / "linked").symlink_to("run")
    before = everything_in(tmp_path)
    for command in (
        ("export", "run", "-o", "run/model.safetensors"),
        ("export", "run", "-o", "run/checkpoint.safetensors"),
        ("export", "run", "-o", "linked/log.txt"),
        ("export", "run", "-o", "run/evaluations/test/model.onnx"),
        ("export", "run", "-o", "unfinished/model.safetensors"),
        ("export", "run", "-o", "run/probabilities.npy"),  # which --save-probabilities would write
        ("report", "run", "-o", "run/result.json"),
        ("report", "run", "-o", "new.md", "-o", "run/../run/predictions.csv"),
        ("report", "run", "-o", "link.json"),
        ("inspect", "run", "-o", "link.svg"),
        ("data", "sheet", "-o", "link.svg"),
        ("bench", "--inference", "run", "-o", "run/result.json"),
    ):
        done = bench(*command)
        assert_refusal(done, 2, f"cannot write {command[-1]}: ", "belongs to the run in ")
        assert_has_remedy(done)
        assert everything_in(tmp_path) == before
    assert bench("export", "run", "-o", "run/model.onnx").code == 0
    (tmp_path / "notes").mkdir()
    assert bench("report", "run", "-o", "notes/result.json").code == 0
    assert bench("report", "run", "-o", "notes/result.json").code == 0


def test_an_output_file_never_replaces_json_that_is_no_output(bench, finished_run, tmp_path):
    shutil.copy(CONFIGS / "paper/sweep.json", tmp_path / "sweep.json")  # has comments
    (tmp_path / "other.json").write_text('{"a": 1}')
    for name in ("sweep.json", "other.json"):
        before = everything_in(tmp_path)
        done = bench("report", finished_run, "-o", name)
        assert_refusal(done, 2, f"cannot write {name}: ", "no output of mnist-bench")
        assert_has_remedy(done)
        assert everything_in(tmp_path) == before
    for content in ("", "[]", "not JSON"):
        (tmp_path / "new.json").write_text(content)
        assert bench("report", finished_run, "-o", "new.json").code == 0
    assert bench("report", finished_run, "-o", "new.json").code == 0


def test_a_run_that_is_replaced_leaves_its_files_the_modes_that_they_had(bench, finished_run, tmp_path):
    shutil.copytree(finished_run, tmp_path / "out")
    before = dict(zip(sorted(RUN_FILES), itertools.cycle((0o600, 0o664))))
    for name, mode in before.items():
        (tmp_path / "out" / name).chmod(mode)
    done = bench("run", SMOKE, *SMALL, "--force", "--output", "out")
    assert done.code == 0, done
    assert modes(tmp_path / "out") == before


@needs_strace
def test_the_folder_of_each_new_folder_is_synced(tmp_path):
    trace = tmp_path / "trace.txt"
    done = subprocess.run(
        ["strace", "-y", "-e", "trace=mkdir,mkdirat,fsync", "-o", trace, BINARY, "run", SMOKE,
         *SMALL, "--output", "new/er/est"],
        cwd=tmp_path, env=clean_environment(), capture_output=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done
    steps = []
    for line in trace.read_text(encoding="utf-8", errors="replace").splitlines():
        made = re.match(r'mkdir\("(new[^"]*)"', line)
        synced = re.match(rf"fsync\(\d+<{re.escape(str(tmp_path))}([^>]*)>\)", line)
        if made:
            steps.append(("made", "/" + made[1]))
        elif synced:
            steps.append(("synced", synced[1]))
    assert steps[:6] == [
        ("made", "/new"), ("synced", ""), ("made", "/new/er"), ("synced", "/new"),
        ("made", "/new/er/est"), ("synced", "/new/er"),
    ]  # fmt: skip
