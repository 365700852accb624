"""Sweeps under schedulers: scripts/slurm_sweep.sbatch under a real Slurm (slurmctld and slurmd on the
loopback address, with ports and a folder of their own and no other service), and GNU parallel."""

import ctypes
import getpass
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from conftest import BINARY, clean_environment
from support import CONFIGS, PROJECT, read_result, snapshot

SBATCH = PROJECT / "scripts" / "slurm_sweep.sbatch"
TINY = ("device=cpu", "data.train_limit=300", "data.test_limit=200")
PROGRAMS = ("slurmctld", "slurmd", "sbatch", "scontrol", "scancel", "sinfo")
# Debian has the daemons in /usr/sbin, which is not in everybody's PATH.
PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"
MISSING = [program for program in PROGRAMS if not shutil.which(program, path=PATH)]

CONFIGURATION = """
ClusterName=mnist-bench-test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/none
AuthInfo=cred_expire=5
CredType=cred/none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1,batch_sched_delay=1
SlurmdParameters=config_overrides
ReturnToService=2
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
NodeName=local NodeHostname={host} NodeAddr=127.0.0.1 CPUs=2
PartitionName=local Nodes=local Default=YES State=UP
"""


def die_with_the_tests():
    """In a daemon before it starts: PR_SET_PDEATHSIG, for when the tests themselves are killed."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def wait_until(condition, what, seconds=90):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.1)


class Slurm:
    """One controller and one node of two CPUs, with all that they write below `folder`."""

    def __init__(self, folder):
        self.folder = folder
        self.file = folder / "slurm.conf"
        controller_port, node_port = free_ports(2)
        for name in ("state", "spool"):
            (folder / name).mkdir()
        self.file.write_text(
            CONFIGURATION.format(
                host=socket.gethostname().split(".")[0], user=getpass.getuser(), folder=folder,
                controller_port=controller_port, node_port=node_port,
            )
        )  # fmt: skip
        self.environment = clean_environment(
            PATH=PATH, SLURM_CONF=str(self.file), MNIST_BENCH_BINARY=BINARY
        )
        self.daemons = []

    def start(self):
        for command in (["slurmctld", "-D", "-i"], ["slurmd", "-D", "-N", "local"]):
            with open(self.folder / f"{command[0]}.out", "wb") as out:
                self.daemons.append(
                    subprocess.Popen(
                        command, env=self.environment, cwd=self.folder, stdin=subprocess.DEVNULL,
                        stdout=out, stderr=out, start_new_session=True,
                        preexec_fn=die_with_the_tests,
                    )  # fmt: skip
                )
        wait_until(
            lambda: "idle" in self.output("sinfo", "--noheader", check=False),
            f"an idle node (logs in {self.folder})",
        )

    def output(self, *command, cwd=None, check=True):
        done = subprocess.run(
            [*map(str, command)], cwd=cwd or self.folder, env=self.environment, timeout=60,
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0 or not check, done
        return done.stdout

    def submit(self, cwd, *arguments):
        return self.output("sbatch", "--parsable", *arguments, cwd=cwd).strip()

    def tasks(self, job):
        """The fields of each of the job's tasks: JobState, ExitCode, Restarts, .."""
        lines = self.output("scontrol", "--oneliner", "show", "job", job).splitlines()
        return [dict(re.findall(r"(\w+)=(\S*)", line)) for line in lines]

    def wait_for_end(self, job):
        """The job's tasks when each has come to a state that it stays in. All others pass, SIGNALING
        too, which is there for a moment when --signal comes."""
        last = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT")
        ended = []

        def has_ended():
            ended[:] = self.tasks(job)
            return ended and all(task["JobState"] in last for task in ended)

        wait_until(has_ended, f"the end of job {job}")
        return ended

    def processes(self):
        """Whatever still runs with this Slurm's configuration, daemons and jobs."""
        mark = f"SLURM_CONF={self.file}".encode()
        found = []
        for environ in Path("/proc").glob("[0-9]*/environ"):
            try:
                if mark in environ.read_bytes().split(b"\0"):
                    found.append(int(environ.parent.name))
            except OSError:  # ended meanwhile, or another user's
                pass
        return found

    def stop(self):
        self.output("scancel", "--user", getpass.getuser(), check=False)
        for daemon in reversed(self.daemons):
            daemon.terminate()
            try:
                daemon.wait(20)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not self.processes(), "the end of Slurm's processes", seconds=10)


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    if MISSING:
        pytest.skip(f"Slurm is not installed: no {', '.join(MISSING)} (Debian: slurm-wlm)")
    service = Slurm(tmp_path_factory.mktemp("slurm"))
    try:
        service.start()
        yield service
    finally:
        service.stop()


@pytest.fixture
def sweep_file(tmp_path):
    path = tmp_path / "sweep.json"
    configs = [str(CONFIGS / "smoke.json")]
    path.write_text(json.dumps({"configs": configs, "seeds": {"from": 1, "to": 7}}))
    return path


def trained(text):
    """The runs that sweeps said they trained, each as often as it was said."""
    return sorted(re.findall(r"^\[\d/\d\] (\S+): accuracy", text, re.MULTILINE))


def outputs(folder, job):
    return "".join(path.read_text() for path in folder.glob(f"slurm-{job}*.out"))


def test_an_array_trains_every_run_once_and_again_only_what_is_missing(
    slurm, sweep_file, bench, tmp_path
):
    all_runs = [f"runs/sweep/smoke/seed-{seed}" for seed in range(1, 8)]
    job = slurm.submit(tmp_path, "--array=1-3", SBATCH, sweep_file, *TINY)
    tasks = slurm.wait_for_end(job)
    assert [(t["JobState"], t["ExitCode"]) for t in tasks] == [("COMPLETED", "0:0")] * 3
    assert trained(outputs(tmp_path, job)) == all_runs
    results = [read_result(tmp_path / run) for run in all_runs]
    assert {result["status"] for result in results} == {"completed"}
    assert {result["provenance"]["threads"] for result in results} == {1}
    assert re.search(r"^smoke +7 +0 ", bench("report", "runs").stdout, re.MULTILINE)

    shutil.rmtree(tmp_path / all_runs[4])
    kept = {run: snapshot(tmp_path / run) for run in all_runs if run != all_runs[4]}
    again = slurm.submit(
        tmp_path, "--array=0-4:2%2", "--cpus-per-task=2", SBATCH, sweep_file, *TINY
    )
    assert len(slurm.wait_for_end(again)) == 3
    assert trained(outputs(tmp_path, again)) == [all_runs[4]]
    assert read_result(tmp_path / all_runs[4])["provenance"]["threads"] == 2
    assert {run: snapshot(tmp_path / run) for run in kept} == kept


def test_a_requeued_job_resumes_from_the_checkpoint(slurm, sweep_file, tmp_path):
    checkpoint = tmp_path / "runs/sweep/smoke/seed-1/checkpoint.safetensors"
    job = slurm.submit(tmp_path, "--array=1-7", SBATCH, sweep_file, *TINY, "training.epochs=200")
    task = f"{job}_1"
    wait_until(checkpoint.exists, "the first checkpoint")
    slurm.output("scontrol", "requeue", task)
    wait_until(lambda: slurm.tasks(task)[0]["Restarts"] == "1", "the requeue")
    slurm.output("scancel", *[f"{job}_{other}" for other in range(2, 8)], check=False)
    assert slurm.wait_for_end(task)[0]["ExitCode"] == "0:0"
    result = read_result(checkpoint.parent)
    assert result["status"] == "completed"
    assert result["provenance"]["resumed_after"]
    assert [epoch["epoch"] for epoch in result["epochs"]] == list(range(1, 201))


def test_a_cancelled_job_leaves_interrupted_runs(slurm, sweep_file, tmp_path):
    runs = [tmp_path / f"runs/sweep/smoke/seed-{seed}" for seed in (1, 2)]
    job = slurm.submit(
        tmp_path, "--cpus-per-task=1", SBATCH, sweep_file, *TINY, "--jobs", "2",
        "training.epochs=100000",
    )  # fmt: skip
    wait_until(lambda: all((run / "checkpoint.safetensors").exists() for run in runs), "two runs")
    slurm.output("scancel", job)
    task = slurm.wait_for_end(job)[0]
    assert (task["JobState"], task["ExitCode"]) == ("CANCELLED", "75:0")
    assert [read_result(run)["status"] for run in runs] == ["interrupted", "interrupted"]


def test_a_job_stops_with_a_record_before_its_time_limit(slurm, sweep_file, tmp_path):
    job = slurm.submit(tmp_path, "--time=1", SBATCH, sweep_file, *TINY, "training.epochs=100000")
    task = slurm.wait_for_end(job)[0]
    assert (task["JobState"], task["ExitCode"]) == ("FAILED", "75:0")
    assert read_result(tmp_path / "runs/sweep/smoke/seed-1")["status"] == "interrupted"


def test_a_job_with_failed_runs_fails_with_exit_code_4(slurm, sweep_file, tmp_path):
    job = slurm.submit(tmp_path, SBATCH, sweep_file, *TINY, "optimizer.learning_rate=1e30")
    task = slurm.wait_for_end(job)[0]
    assert (task["JobState"], task["ExitCode"]) == ("FAILED", "4:0")


@pytest.mark.skipif(not shutil.which("parallel"), reason="GNU parallel is not installed")
def test_gnu_parallel_runs_the_shards_side_by_side(sweep_file, tmp_path, bench):
    done = subprocess.run(
        ["parallel", "-j2", BINARY, "sweep", sweep_file, *TINY, "--threads", "1",
         "--shard", "{}/4", ":::", "1", "2", "3", "4"],
        cwd=tmp_path, env=clean_environment(HOME=str(tmp_path)), capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done
    assert trained(done.stderr) == [f"runs/sweep/smoke/seed-{seed}" for seed in range(1, 8)]
    assert re.search(r"^smoke +7 +0 ", bench("report", "runs").stdout, re.MULTILINE)
