"""`verify`: the files of every run, whatever the folders are."""

import json
import os
import resource
import shutil
import struct
import subprocess

import pytest
from conftest import BINARY, clean_environment
from support import (
    assert_has_remedy,
    assert_refusal,
    parse_json,
    read_result,
    split_safetensors,
    write_result,
)

GIB = 1 << 30


def test_verify_finds_no_fault_in_sound_runs(bench, finished_run):
    done = bench("verify", finished_run)
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout == "1 run checked: no fault\n"
    done = bench("verify", finished_run, "--json")
    assert parse_json(done.stdout) == {
        "schema": "mnist-bench.verify/1",
        "runs": [{"folder": str(finished_run), "status": "completed", "faults": []}],
    }


def test_verify_has_a_line_for_each_fault(bench, finished_run, tmp_path):
    shutil.copytree(finished_run, tmp_path / "run")
    for name in ("predictions.csv", "model.safetensors", "epochs.jsonl"):
        content = (tmp_path / "run" / name).read_bytes()
        (tmp_path / "run" / name).write_bytes(content[: len(content) // 2])
    (tmp_path / "run/config.json").unlink()
    done = bench("verify", "run")
    assert_refusal(done, 6, "4 faults")
    faults = done.stdout.splitlines()
    names = ["config.json", "epochs.jsonl", "model.safetensors", "predictions.csv"]
    assert len(faults) == len(names)
    for fault, name in zip(sorted(faults), names, strict=True):
        assert fault.startswith(f"run/{name}"), fault
    assert "1 run checked: 4 faults" in done.stderr
    found = parse_json(bench("verify", "run", "--json").stdout)["runs"][0]
    assert [f"run/{fault}" for fault in found["faults"]] == faults


def test_verify_notices_a_changed_value_in_any_file(bench, finished_run, tmp_path):
    changes = {
        "result.json": (b'"accuracy":', b'"accuracy" :'),
        "epochs.jsonl": (b'"train_loss":', b'"train_loss":1'),
        "predictions.csv": (b"\n", b"\n99999,1,1,0.5\n"),
        "config.json": (b'"seed": 1', b'"seed": 2'),
        "checkpoint.safetensors": (b"exp_avg", b"exp_bvg"),
        "model.safetensors": (b"fc1.weight", b"fd1.weight"),
    }
    for name, (before, after) in changes.items():
        shutil.rmtree(tmp_path / "run", ignore_errors=True)
        shutil.copytree(finished_run, tmp_path / "run")
        content = (tmp_path / "run" / name).read_bytes()
        assert before in content, name
        (tmp_path / "run" / name).write_bytes(content.replace(before, after, 1))
        done = bench("verify", "run")
        assert done.code == 6, (name, done)
        assert f"run/{name}" in done.stdout


def test_a_file_in_place_of_the_evaluations_is_a_fault(bench, finished_run, tmp_path):
    shutil.copytree(finished_run, tmp_path / "run")
    (tmp_path / "run/evaluations").touch()
    done = bench("verify", "run")
    assert_refusal(done, 6, "1 fault")
    assert done.stdout == "run/evaluations: is a file, where a folder is expected\n"
    done = bench("evaluate", "run")
    assert_refusal(done, 6, "run/evaluations/test", "move the file run/evaluations away")


def test_verify_computes_the_calibration_again(bench, finished_run, tmp_path):
    shutil.copytree(finished_run, tmp_path / "run")
    for key, value in (("ece", 0.5), ("mce_samples", 5), ("brier", 7.39), ("nll", 0.0)):
        record = read_result(finished_run)
        record["test"]["calibration"][key] = value
        write_result(tmp_path / "run", record)
        assert f"test.calibration.{key} is {value:g}" in bench("verify", "run").stdout


def test_verify_lets_the_log_change_and_a_checkpoint_be_deleted(bench, finished_run, tmp_path):
    shutil.copytree(finished_run, tmp_path / "run")
    (tmp_path / "run/checkpoint.safetensors").unlink()
    (tmp_path / "run/log.txt").write_text("another")
    assert bench("verify", "run").stdout == "1 run checked: no fault\n"
    (tmp_path / "run/log.txt").unlink()
    assert bench("verify", "run").stdout == "1 run checked: no fault\n"


def test_verify_refuses_what_holds_no_run(bench, tmp_path):
    (tmp_path / "empty").mkdir()
    refused = bench("verify", "empty")
    assert_refusal(refused, 6, "no run at or below empty")
    assert_has_remedy(refused)
    assert_refusal(bench("verify", "nowhere"), 6, "no folder nowhere")
    assert_refusal(bench("verify"), 2, "DIR")


def test_verify_notices_a_changed_probability(bench, finished_run, tmp_path):
    shutil.copytree(finished_run, tmp_path / "run")
    file = tmp_path / "run/predictions.csv"
    lines = file.read_text().splitlines()
    fields = lines[7].split(",")
    lines[7] = ",".join([*fields[:3], "0.5" if fields[3] != "0.5" else "0.25", *fields[4:]])
    file.write_text("\n".join(lines) + "\n")
    assert_refusal(bench("verify", "run"), 6, "1 fault")
    assert "run/predictions.csv: its bytes do not match" in bench("verify", "run").stdout
    refused = bench("compare", "run", finished_run)
    assert_refusal(refused, 6, "run/predictions.csv", "predictions_sha256")


# Folders


def test_verify_names_a_folder_that_it_may_not_open(finished_run, tmp_path):
    shutil.copytree(finished_run, tmp_path / "runs/open")
    shutil.copytree(finished_run, tmp_path / "runs/closed/seed-1")
    command = [BINARY, "verify", "runs"]
    if os.geteuid() == 0:  # which may open all, unless it has no right to that
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]
    for mode in (0o000, 0o111):
        (tmp_path / "runs/closed").chmod(mode)
        try:
            done = subprocess.run(
                command, cwd=tmp_path, env=clean_environment(), capture_output=True, check=False
            )
        finally:
            (tmp_path / "runs/closed").chmod(0o755)
        assert done.returncode == 6, done
        [fault] = done.stdout.decode().splitlines()
        assert fault.startswith("runs/closed/.: cannot be read: "), fault
        assert "2 runs checked: 1 fault" in done.stderr.decode()


def test_verify_checks_each_run_once_whatever_leads_to_it(bench, finished_run, tmp_path):
    shutil.copytree(finished_run, tmp_path / "base/seed-1")
    shutil.copytree(finished_run, tmp_path / "elsewhere/seed-2")
    (tmp_path / "base/latest").symlink_to("seed-1")
    (tmp_path / "base/a-loop").symlink_to(".")
    (tmp_path / "base/itself").symlink_to("itself")
    (tmp_path / "base/others").symlink_to(tmp_path / "elsewhere")
    for folders in (["base"], ["base", "base/seed-1/", tmp_path / "base", "base/others/seed-2"]):
        done = bench("verify", *folders, "--json")
        assert done.code == 0, done
        found = [run["folder"] for run in parse_json(done.stdout)["runs"]]
        assert found == ["base/others/seed-2", "base/seed-1"]
    done = bench("report", "base")
    assert done.code == 0, done
    assert "base/latest" not in done.stdout


def test_a_fault_is_one_line_whatever_the_folder_is_called(bench, finished_run, tmp_path):
    folder = tmp_path / "runs/two\nlines"
    shutil.copytree(finished_run, folder)
    (folder / "epochs.jsonl").unlink()
    done = bench("verify", "runs")
    assert done.code == 6
    assert done.stdout.splitlines() == [r"runs/two\x0alines/epochs.jsonl: is missing"]
    assert "1 run checked: 1 fault" in done.stderr


# Sizes


@pytest.mark.parametrize("name", ["model.safetensors", "checkpoint.safetensors"])
@pytest.mark.parametrize("honest", [False, True], ids=["header of a small file", "of a large one"])
def test_verify_looks_at_the_header_before_it_reads_gibibytes(
    bench, finished_run, tmp_path, name, honest
):
    shutil.copytree(finished_run, tmp_path / "run")
    file = tmp_path / "run" / name
    size = 7 * GIB
    if honest:
        header, _ = split_safetensors(file.read_bytes())
        weight = next(key for key in header if key.endswith("fc1.weight"))
        tensor = {"dtype": "F32", "shape": [size // 4], "data_offsets": [0, size]}
        metadata = {"__metadata__": header["__metadata__"], weight: tensor}
        text = json.dumps(metadata).encode()
        file.write_bytes(struct.pack("<Q", len(text)) + text)
        size += file.stat().st_size
    os.truncate(file, size)
    limit = 6 * GIB
    done = bench(
        "verify", "run", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    )
    assert_refusal(done, 6, "1 fault")
    assert f"run/{name}: " in done.stdout
    assert "memory" not in done.stdout
