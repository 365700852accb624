"""What a terminal would obey never reaches it: from records, names, arguments and files."""

import json
import os
import re
import shutil
import subprocess

import pytest
from conftest import BINARY, clean_environment
from support import SMALL, SMOKE, parse_json, read_json, write_result

# The screen is cleared, a title set, text turned round; ESC, C1 as UTF-8, an override, an isolate,
# a mark, DEL, a carriage return.
EVIL = "\x1b[2J\x1b]0;title\x07\u009b31m\u202egnp\u202c\u2066x\u2069\u200f\x7f\rz"
OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


def printed(*arguments, cwd, **variables):
    """What a command writes to stdout and to stderr; both are UTF-8 and hold nothing of OBEYED."""
    done = subprocess.run(
        [BINARY, *(os.fsencode(str(word)) for word in arguments)],
        cwd=cwd, env=clean_environment(NO_COLOR="1", **variables), stdin=subprocess.DEVNULL,
        capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    for stream in (done.stdout, done.stderr):
        text = stream.decode()
        assert not OBEYED.search(text), text
    assert done.returncode >= 0, done
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.fixture(name="evil_run")
def fixture_evil_run(finished_run, tmp_path):
    """A run whose record has EVIL wherever there is free text, in a folder of that name."""
    folder = tmp_path / "runs" / EVIL
    shutil.copytree(finished_run, folder)
    record = read_json(folder / "result.json")
    for key in ("device_name", "cpu", "command", "allocator", "compiler", "version", "libtorch",
                "simd", "build_type"):  # fmt: skip
        record["provenance"][key] = EVIL
    record["data"]["dataset"] = EVIL
    write_result(folder, record)
    failed = tmp_path / "runs" / "failed"
    shutil.copytree(folder, failed)
    record["status"] = "failed"
    record["error"] = "=cmd " + EVIL
    record["config"]["seed"] = 2
    write_result(failed, record)
    return folder


@pytest.mark.parametrize("command", ["report", "compare"])
def test_tables_of_records(evil_run, tmp_path, command):
    folders = ["runs"] if command == "report" else [f"runs/{EVIL}", "runs/failed"]
    printed(command, *folders, cwd=tmp_path)


def test_unreadable_record_in_a_folder_of_that_name(evil_run, tmp_path):
    for content in ("{", f'{{"{EVIL}": 1}}', json.dumps({"schema": EVIL}), EVIL):
        (evil_run / "result.json").write_text(content)
        shutil.rmtree(tmp_path / "runs/failed", ignore_errors=True)
        code, _, errors = printed("report", "runs", cwd=tmp_path)
        assert code != 0
        assert "\\x1b[2J" in errors


def test_json_keeps_the_strings(tmp_path):
    (tmp_path / "c.json").write_text(json.dumps({"model": {"type": "mlp"}, "data": {
        "directory": EVIL, "dataset": "own"}}))  # fmt: skip
    code, out, errors = printed("config", "show", "c.json", cwd=tmp_path)
    assert code == 0, errors
    assert parse_json(out)["data"]["directory"] == EVIL


def test_csv_cells_are_no_formulas(evil_run, tmp_path):
    code, _, errors = printed("report", "runs", "-o", "runs.csv", cwd=tmp_path)
    assert code == 0, errors
    text = (tmp_path / "runs.csv").read_bytes().decode()
    assert '"\'=cmd ' in text
    assert not re.search(r'(^|,)"?[=@]', text)


@pytest.mark.parametrize(
    "arguments",
    [
        [EVIL],
        ["run", EVIL],
        ["run", SMOKE, EVIL],
        ["run", SMOKE, f"{EVIL}=1"],
        ["run", SMOKE, f"name={EVIL}"],
        ["run", SMOKE, f"device={EVIL}"],
        ["run", SMOKE, f"data.directory={EVIL}"],
        ["run", SMOKE, f"--{EVIL}"],
        ["run", SMOKE, "--expect", EVIL],
        ["run", SMOKE, "--log-format", EVIL],
        ["run", SMOKE, f"data.directory={EVIL}", "--log-format", "json"],
        ["sweep", EVIL],
        ["report", EVIL],
        ["report", ".", "-o", EVIL],
        ["report", ".", "-o", f"{EVIL}/a.md"],
        ["compare", EVIL, EVIL],
        ["summary", EVIL],
        ["config", "check", EVIL],
        ["data", "info", EVIL],
        ["data", "verify", EVIL],
        ["bench", EVIL],
        ["bench", SMOKE, "--simd", EVIL],
    ],
    ids=lambda words: " ".join(map(str, words)).encode("unicode_escape").decode()[-60:],
)
def test_arguments(tmp_path, arguments):
    assert printed(*arguments, cwd=tmp_path)[0] != 0


@pytest.mark.parametrize(
    "text",
    [EVIL, f'{{"{EVIL}": 1}}', f'{{"model": {{"type": "{EVIL}"}}}}', f'{{"model": "{EVIL}'],
    ids=["text", "key", "value", "broken"],
)
def test_config_files(tmp_path, text):
    (tmp_path / "c.json").write_text(text)
    (tmp_path / f"{EVIL}.json").write_text(text)
    assert printed("run", "c.json", cwd=tmp_path)[0] == 2
    assert printed("config", "check", f"{EVIL}.json", cwd=tmp_path)[0] == 2
    assert printed("sweep", f"{EVIL}.json", cwd=tmp_path)[0] == 2


def test_escaped_keys_of_a_config(tmp_path):
    (tmp_path / "c.json").write_text(json.dumps({EVIL: {EVIL: EVIL}, "model": {"type": "mlp"}}))
    code, _, errors = printed("run", "c.json", cwd=tmp_path)
    assert code == 2
    assert "\\u009b" in errors
    (tmp_path / "c.json").write_text(json.dumps({"model": {"type": EVIL}}))
    code, _, errors = printed("run", "c.json", cwd=tmp_path)
    assert code == 2
    assert "\\u202e" in errors


def test_run_into_such_a_folder(tmp_path):
    code, _, errors = printed("run", SMOKE, *SMALL, "--output", f"out/{EVIL}", cwd=tmp_path)
    assert code == 0, errors
    assert (tmp_path / "out" / EVIL / "result.json").exists()
    log = (tmp_path / "out" / EVIL / "log.txt").read_text()
    assert not OBEYED.search(log)
    assert "\\x1b[2J" in log
    code, out, errors = printed("run", SMOKE, *SMALL, "--output", f"out/{EVIL}", "--resume",
                                "--log-format", "json", cwd=tmp_path)  # fmt: skip
    assert code == 0, errors
    assert all(parse_json(line)["message"] for line in errors.splitlines())


def test_a_line_feed_in_a_name_makes_no_line_of_its_own(evil_run, tmp_path):
    name = "a\nerror: forged.md"
    _, _, said = printed("report", "runs", "-o", name, cwd=tmp_path)
    assert "wrote a\\x0aerror: forged.md" in said.splitlines()
    for name in ("no\nerror: folder", "no\n  folder"):
        _, _, said = printed("report", name, cwd=tmp_path)
        shown = name.replace("\n", "\\x0a")
        assert said.splitlines()[0] == f"error: there is no folder {shown}"
