"""How many threads a run takes, how they wait for each other, and what is said where the system
starts no more."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import BINARY, Finished, clean_environment
from support import (
    SMALL,
    SMOKE,
    assert_has_remedy,
    assert_refusal,
    needs_strace,
    parse_json,
    read_result,
)

# threads is not set
FREE = tuple(word for word in SMALL if not word.startswith("threads="))
CORES = sorted(os.sched_getaffinity(0))
NEUTRAL = {"OMP_NUM_THREADS": None, "SLURM_CPUS_PER_TASK": None, "OMP_WAIT_POLICY": None,
           "GOMP_SPINCOUNT": None}  # fmt: skip


def program(*arguments, cwd, before=(), **variables):
    """Runs the program, or `before` with it as its last words, with these variables of the
    environment (None: without it)."""
    changes = {**NEUTRAL, **variables}
    environment = {k: v for k, v in clean_environment(**changes).items() if v is not None}
    done = subprocess.run(
        [*before, BINARY, *map(str, arguments)],
        cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
        check=False,
    )  # fmt: skip
    return Finished(done.returncode, done.stdout.decode(), done.stderr.decode())


def run_of(tmp_path, *words, before=(), **variables):
    """The record of a small run and its log."""
    done = program("run", SMOKE, *FREE, *words, "--output", "out", cwd=tmp_path, before=before,
                   **variables)  # fmt: skip
    assert done.code == 0, done
    log = (tmp_path / "out/log.txt").read_text()
    return read_result(tmp_path / "out")["provenance"], log, done


@pytest.mark.parametrize(
    "variables", [{"OMP_NUM_THREADS": "1"}, {"OMP_NUM_THREADS": "1,4"}, {"SLURM_CPUS_PER_TASK": "1"}]
)
def test_environment_limits_the_threads_and_the_log_says_so(tmp_path, variables):
    if len(CORES) < 2:
        pytest.skip("one core is one thread whatever the environment says")
    provenance, log, _ = run_of(tmp_path, **variables)
    assert provenance["threads"] == 1
    assert f"1 CPU thread: decided by {next(iter(variables))}" in log
    doctor = program("doctor", cwd=tmp_path, **variables)
    assert re.search(rf"threads +1, decided by {next(iter(variables))}", doctor.stdout), doctor


def test_affinity_limits_the_threads(tmp_path):
    pin = ("taskset", "-c", str(CORES[0]))
    provenance, log, _ = run_of(tmp_path, before=pin, OMP_NUM_THREADS="64")
    assert provenance["threads"] == 1
    assert "1 CPU thread: decided by the cores it may run on" in log


def test_config_has_precedence(tmp_path):
    provenance, log, done = run_of(tmp_path, "threads=2", OMP_NUM_THREADS="1")
    assert provenance["threads"] == 2
    assert "2 CPU threads: decided by the config" in log
    assert ("slow each other down" in done.stderr) == (len(CORES) < 2)


def test_value_that_is_no_number_is_ignored_with_a_warning(tmp_path):
    _, log, done = run_of(tmp_path, OMP_NUM_THREADS="many")
    assert done.stderr.count("OMP_NUM_THREADS=many is not a number of threads; ignored") == 1
    assert "decided by OMP_NUM_THREADS" not in log


@pytest.fixture(name="quota_of_one_core")
def fixture_quota_of_one_core():
    """The folder of a control group that may use one core's time."""
    name = f"mnist-bench-test-{os.getpid()}"
    if Path("/sys/fs/cgroup/cgroup.controllers").exists():
        folder, limits = Path("/sys/fs/cgroup") / name, {"cpu.max": "100000 100000"}
    else:
        folder = Path("/sys/fs/cgroup/cpu") / name
        limits = {"cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": "100000"}
    made = False
    try:
        folder.mkdir()
        made = True
        for file, text in limits.items():
            (folder / file).write_text(text)
    except OSError as error:
        if made:
            folder.rmdir()
        pytest.skip(f"this machine gives no control group with a quota: {error}")
    yield folder
    folder.rmdir()


@pytest.mark.skipif(len(CORES) < 2, reason="one core is one thread whatever the quota")
def test_quota_of_the_control_group_limits_the_threads(tmp_path, quota_of_one_core):
    join = ("sh", "-c", f'echo $$ >{quota_of_one_core}/cgroup.procs && exec "$@"', "sh")
    provenance, log, _ = run_of(tmp_path, before=join)
    assert provenance["threads"] == 1
    assert "decided by its control group's CPU quota of 1 cores" in log


def libgomp_says(tmp_path, **variables):
    """libgomp's own word on how it waits: policy and spins."""
    before = ("env", "-i", *(f"{k}={v}" for k, v in variables.items()), "OMP_DISPLAY_ENV=VERBOSE")
    done = program("--version", cwd=tmp_path, before=before)
    assert done.code == 0, done
    assert done.stdout.startswith("mnist-bench ")
    said = dict(re.findall(r"^\s*(?:\[host\] )?(\w+) = '(.*)'$", done.stderr, re.MULTILINE))
    if "GOMP_SPINCOUNT" not in said:
        pytest.skip("this LibTorch has another OpenMP library than libgomp")
    return said["OMP_WAIT_POLICY"], int(said["GOMP_SPINCOUNT"])


def test_threads_sleep_after_a_short_spin(tmp_path):
    policy, spins = libgomp_says(tmp_path)
    assert policy == "PASSIVE"
    assert 0 < spins <= 30_000  # libgomp's own default: 300,000


def test_waiting_is_the_users_where_the_environment_says_how(tmp_path):
    assert libgomp_says(tmp_path, OMP_WAIT_POLICY="active") == ("ACTIVE", 30_000_000_000)
    assert libgomp_says(tmp_path, GOMP_SPINCOUNT="77")[1] == 77
    # Another variable whose name begins the same changes nothing.
    assert libgomp_says(tmp_path, GOMP_SPINCOUNTER="77") == libgomp_says(tmp_path)


def test_record_says_how_threads_waited(tmp_path):
    policy, spins = libgomp_says(tmp_path)
    provenance, _, _ = run_of(tmp_path)
    assert provenance["omp_wait_policy"].upper() == policy
    assert int(provenance["gomp_spincount"]) == spins
    shutil.rmtree(tmp_path / "out")
    provenance, _, _ = run_of(tmp_path, OMP_WAIT_POLICY="active")
    assert (provenance["omp_wait_policy"], provenance["gomp_spincount"]) == ("active", None)


def no_thread(first=1):
    """Lets the start of a thread fail, from the first-th on, as a limit on processes does."""
    return ("strace", "-f", "-qq", "-e", "trace=clone3", "-e", "signal=none", "-o", "calls",
            "-e", f"inject=clone3:error=EAGAIN:when={first}+")  # fmt: skip


@needs_strace
@pytest.mark.parametrize("engine", ["libtorch", "native"])
def test_thread_that_cannot_be_started_is_an_error(tmp_path, engine):
    done = program("run", SMOKE, *FREE, f"training.engine={engine}", "threads=2", "--output", "out",
                   cwd=tmp_path, before=no_thread())  # fmt: skip
    assert_refusal(done, 1, "cannot start 2 threads, only 1: ", "Resource temporarily unavailable")
    assert_has_remedy(done)
    assert "EAGAIN" in (tmp_path / "calls").read_text()
    assert not (tmp_path / "out/result.json").exists()


@needs_strace
@pytest.mark.parametrize("engine", ["libtorch", "native"])
def test_thread_that_cannot_be_started_later_ends_in_a_message(tmp_path, engine):
    done = program("run", SMOKE, *FREE, f"training.engine={engine}", "threads=2", "--output", "out",
                   cwd=tmp_path, before=no_thread(first=2))  # fmt: skip
    assert done.code == 1, done
    assert "terminate called" not in done.stderr
    # libgomp ends the process itself, with a word.
    assert "Resource temporarily unavailable" in done.stderr
    assert "EAGAIN" in (tmp_path / "calls").read_text()


@needs_strace
def test_worker_that_cannot_be_started_is_an_error(tmp_path):
    sweep = {"name": "s", "configs": [str(SMOKE)], "seeds": [1]}
    (tmp_path / "s.json").write_text(json.dumps(sweep))
    no_process = [word.replace("clone3", "clone,clone3,fork,vfork") for word in no_thread()]
    done = program("sweep", "s.json", *FREE, cwd=tmp_path, before=no_process)
    assert_refusal(done, 6, "cannot start a worker: fork: Resource temporarily unavailable")
    assert_has_remedy(done)


@needs_strace
def test_sweep_without_a_thread_for_its_files_writes_them_all_the_same(tmp_path):
    sweep = {"name": "s", "configs": [str(SMOKE)], "seeds": [1, 2]}
    (tmp_path / "s.json").write_text(json.dumps(sweep))
    done = program("sweep", "s.json", "--threads", "1", *FREE, "training.epochs=3",
                   cwd=tmp_path, before=no_thread())  # fmt: skip
    assert done.code == 0, done
    for seed in (1, 2):
        folders = list(tmp_path.glob(f"runs/**/seed-{seed}"))
        assert len(folders) == 1
        assert read_result(folders[0])["status"] == "completed"
    assert "EAGAIN" in (tmp_path / "calls").read_text()


def test_doctor_in_json_names_who_decided(tmp_path):
    done = program("doctor", "--json", cwd=tmp_path, SLURM_CPUS_PER_TASK="1", OMP_NUM_THREADS="x")
    findings = parse_json(done.stdout)["findings"]
    found = [one["found"] for one in findings if one["what"] == "threads"]
    assert found[0].startswith("1, decided by ")
    assert found[1].startswith("OMP_NUM_THREADS=x is not a number")
