"""Fixtures of the end-to-end tests. MNIST_BENCH_BINARY is the built executable."""

import os
import re
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import SMALL, SMOKE

# A shell starts what runs in its background with SIGINT ignored, and what is ignored stays so; a
# handler of this process, on the other hand, is none of a process that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

BINARY = str(Path(os.environ["MNIST_BENCH_BINARY"]).resolve())


@dataclass
class Finished:
    """A process that has ended. A negative code is the signal that killed it."""

    code: int
    stdout: str
    stderr: str


def libtorch_headers():
    """The folder of the headers that the build's commands name; it may have spaces."""
    commands = (Path(BINARY).parent / "build.ninja").read_text(encoding="utf-8")
    named = r'-isystem "?([^"]+?/include)"? -isystem "?\1/torch/csrc/api/include'
    return Path(re.search(named, commands)[1])


def clean_environment(**changes):
    """This process' environment without what would change the program's looks; None unsets."""
    environment = {**os.environ, "NO_COLOR": None, "TERM": "xterm", **changes}
    return {key: value for key, value in environment.items() if value is not None}


def run_binary(*arguments, cwd, timeout=60, environment=None, **options):
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
    done = subprocess.run(
        [BINARY, *map(str, arguments)],
        cwd=cwd,
        env=clean_environment(**(environment or {})),
        timeout=timeout,
        check=False,
        **{**streams, **options},
    )
    return Finished(done.returncode, (done.stdout or b"").decode(), (done.stderr or b"").decode())


@pytest.fixture
def bench(tmp_path):
    """bench("run", config, ...) runs the program in a temporary folder and waits for its end."""

    def run(*arguments, cwd=tmp_path, **options):
        return run_binary(*arguments, cwd=cwd, **options)

    return run


@pytest.fixture
def start(tmp_path):
    """start("run", config, ...) starts the program; whatever still runs at the end is killed."""
    processes = []

    def run(*arguments, environment=None, **options):
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
        process = subprocess.Popen(
            [BINARY, *map(str, arguments)],
            cwd=tmp_path,
            env=clean_environment(**(environment or {})),
            bufsize=0,
            **{**streams, **options},
        )
        processes.append(process)
        return process

    yield run
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory):
    """The folder of a completed small run, for tests that only look or that copy it first."""
    home = tmp_path_factory.mktemp("finished")
    done = run_binary("run", SMOKE, *SMALL, "--output", "run", cwd=home)
    assert done.code == 0, done
    return home / "run"


@pytest.fixture
def write_config(tmp_path):
    """write_config(text) gives the path of a config file that holds `text`."""

    def write(text, name="config.json"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write
