"""What the program is pointed at: empty paths, configs from pipes, a folder that is gone."""

import json
import os
import subprocess

import pytest
from conftest import BINARY, Finished, clean_environment
from support import (
    CONFIGS,
    SMALL,
    assert_has_remedy,
    assert_refusal,
    read_result,
    snapshot,
)

CONFIG = CONFIGS / "mlp.json"

# Each with one empty path, as an unset variable of a shell gives it.
WITH_AN_EMPTY_PATH = [
    ("run", ""),
    ("run", CONFIG, "--output", ""),
    ("run", CONFIG, "--output="),
    ("run", CONFIG, "--force", "--output", ""),
    ("run", CONFIG, "output="),
    ("run", CONFIG, "data.directory="),
    ("run", CONFIG, ""),
    ("sweep", ""),
    ("sweep", "sweep.json", "--output", ""),
    ("sweep", "sweep.json", "--output="),
    ("sweep", "sweep.json", "--shard", ""),
    ("report", ""),
    ("report", ".", "-o", ""),
    ("report", ".", "--output="),
    ("compare", "", "."),
    ("compare", ".", ""),
    ("compare", ".", ".", "--equivalence", ""),
    ("summary", ""),
    ("config", "show", ""),
    ("config", "check", ""),
    ("data", "verify", ""),
    ("data", "info", ""),
    ("bench", ""),
    ("bench", CONFIG, "-o", ""),
    ("bench", CONFIG, "--output="),
    ("bench", CONFIG, "--simd", ""),
]


@pytest.mark.parametrize("arguments", WITH_AN_EMPTY_PATH, ids=str)
def test_an_empty_value_is_an_error_and_never_not_given(bench, tmp_path, arguments):
    (tmp_path / "sweep.json").write_text(json.dumps({"configs": [str(CONFIG)], "seeds": [1]}))
    before = snapshot(tmp_path)
    assert_refusal(bench(*arguments), 2)
    assert snapshot(tmp_path) == before


def test_an_option_with_an_equals_sign_never_takes_the_next_word(bench, tmp_path):
    done = bench("run", CONFIG, *SMALL, "--output=", "seed=3")
    assert_refusal(done, 2, "--output=")
    assert_has_remedy(done)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("script", ["reproduce_paper", "check_claims", "equivalence", "sweep_seeds", "bench_peers"])
def test_an_empty_folder_is_an_error_for_the_scripts_too(tmp_path, script):
    done = subprocess.run(
        [CONFIGS.parent / "scripts" / script, "--output", ""],
        cwd=tmp_path, env=clean_environment(MNIST_BENCH_BINARY=BINARY), capture_output=True,
        text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode != 0, done
    assert "--output" in done.stderr
    assert list(tmp_path.iterdir()) == []


def run_in_shell(command, cwd):
    done = subprocess.run(
        ["bash", "-c", command], cwd=cwd, env=clean_environment(MB=BINARY, CONFIG=str(CONFIG)),
        capture_output=True, text=True, check=False, timeout=60, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return Finished(done.returncode, done.stdout, done.stderr)


TINY = "device=cpu threads=1 data.train_limit=300 data.test_limit=200 training.epochs=1"


@pytest.mark.parametrize(
    "command",
    [
        f'cat "$CONFIG" | "$MB" run - name=piped {TINY} --output out',
        f'"$MB" run - name=piped {TINY} --output out < "$CONFIG"',
        f'"$MB" run <(cat "$CONFIG") name=piped {TINY} --output out',
        f'"$MB" run <(head -c 20 "$CONFIG"; sleep 0.3; tail -c +21 "$CONFIG") name=piped {TINY} --output out',
        f'"$MB" run /dev/stdin name=piped {TINY} --output out < <(cat "$CONFIG")',
    ],
    ids=["pipe", "stdin", "substitution", "in parts", "/dev/stdin"],
)
def test_a_config_may_come_from_a_pipe(tmp_path, command):
    done = run_in_shell(command, tmp_path)
    assert done.code == 0, done
    assert read_result(tmp_path / "out")["config"]["name"] == "piped"


@pytest.mark.parametrize("command", ["run", "config check", "config show", "summary"])
def test_a_config_from_a_pipe_must_have_a_name(tmp_path, command):
    (tmp_path / "nameless.json").write_text('{"model": {"type": "mlp"}}')
    for source in ("- < nameless.json", "<(cat nameless.json)"):
        done = run_in_shell(f'"$MB" {command} {source}', tmp_path)
        assert_refusal(done, 2, "/name: missing", "name=")
        named = run_in_shell(f'"$MB" config check {source} name=mine', tmp_path)
        assert named.code == 0, named


def test_an_empty_or_endless_input_is_an_error(tmp_path):
    for source in ("- < /dev/null", "<(true)", "/dev/null"):
        assert_refusal(run_in_shell(f'"$MB" run {source}', tmp_path), 2, "nothing was written")
    assert_refusal(run_in_shell('"$MB" run /dev/zero', tmp_path), 2, "larger than")
    assert_refusal(run_in_shell('"$MB" run - <&-', tmp_path), 2)


def test_a_sweep_may_come_from_a_pipe_with_paths_from_the_current_folder(tmp_path):
    (tmp_path / "mlp.json").write_bytes(CONFIG.read_bytes())
    sweep = '{"name": "piped", "configs": ["mlp.json"], "seeds": [1]}'
    for source in (f"- <<< '{sweep}'", f"<(echo '{sweep}')"):
        done = run_in_shell(f'"$MB" sweep {source} --dry-run', tmp_path)
        assert done.code == 0, done
        assert "runs/piped/mlp/seed-1" in done.stdout
    nameless = sweep.replace('"name": "piped", ', "")
    done = run_in_shell(f"\"$MB\" sweep - <<< '{nameless}'", tmp_path)
    assert_refusal(done, 2, "/name")


IN_A_DELETED_FOLDER = [
    ("run", "config.json"),
    ("run", CONFIG),
    ("sweep", "sweep.json"),
    ("report", "."),
    ("report", "runs"),
    ("compare", "a", "b"),
    ("summary", "config.json"),
    ("config", "check", "config.json"),
    ("data", "info", "data"),
    ("bench", "config.json"),
    ("doctor",),
]


@pytest.mark.parametrize("arguments", IN_A_DELETED_FOLDER, ids=str)
def test_a_deleted_working_folder_is_named(tmp_path, arguments):
    command = '"$MB" ' + " ".join(map(str, arguments)) + (f" {TINY}" if arguments[0] == "run" else "")
    done = run_in_shell(f'mkdir gone && cd gone && rmdir ../gone && {command}', tmp_path)
    assert done.code in (2, 3, 6), done
    assert_refusal(done, done.code)
    assert "current folder no longer exists" in done.stderr + done.stdout


def test_what_needs_no_working_folder_works_without_one(tmp_path, finished_run):
    for command in (f'"$MB" report {finished_run}', '"$MB" --version', '"$MB" data verify',
                    f'"$MB" run "$CONFIG" {TINY} --output {tmp_path}/out'):  # fmt: skip
        done = run_in_shell(f"mkdir gone && cd gone && rmdir ../gone && {command}", tmp_path)
        assert done.code == 0, done
    assert os.path.exists(tmp_path / "out/result.json")

