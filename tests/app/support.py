"""What the end-to-end tests share besides the fixtures of conftest.py."""

import csv
import fcntl
import gzip
import hashlib
import json
import os
import pty
import re
import select
import struct
import subprocess
import termios
import threading
import time
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
CONFIGS = PROJECT / "configs"
SMOKE = CONFIGS / "smoke.json"
CNN = CONFIGS / "cnn.json"
SHIPPED_MNIST = PROJECT / "third_party" / "mnist"
# Told by the system, not by the program that is to find it.
MACHINE_HAS_GPU = any(Path("/dev").glob("nvidia[0-9]*"))
# One thread: several that wait for each other crawl on a machine that is busy with other tests.
CPU = ("device=cpu", "threads=1")
# Overrides for a run that takes a fraction of a second.
SMALL = (*CPU, "data.train_limit=300", "data.test_limit=200")
# A model of 3,190 parameters, for files of some 10 kB.
TINY_MODEL = "model.hidden=[4]"
# And for one that takes minutes, in epochs of some 10 ms.
ENDLESS = (*SMALL, "training.epochs=100000")
RUN_FILES = {
    "config.json", "result.json", "epochs.jsonl", "predictions.csv", "checkpoint.safetensors",
    "model.safetensors", "log.txt",
}  # fmt: skip


def strace_problem():
    try:
        done = subprocess.run(["strace", "true"], capture_output=True, text=True, check=False)
    except OSError as error:
        return f"{error}; scripts/setup installs it"
    return None if done.returncode == 0 else f"strace does not work here: {done.stderr.strip()}"


needs_strace = pytest.mark.skipif(strace_problem() is not None, reason=str(strace_problem()))


def parse_json(text):
    """The JSON value of `text`; NaN and Infinity, which Python would accept, are errors."""

    def refuse(constant):
        raise ValueError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def read_json(path):
    return parse_json(path.read_text(encoding="utf-8"))


def read_result(folder):
    return read_json(folder / "result.json")


def config_hash(config):
    """As src/record/README.md defines it: SHA-256 of what defines the experiment, without the program's help."""
    rest = {k: v for k, v in config.items() if k not in ("seed", "output", "threads", "device")}
    rest["data"] = {k: v for k, v in rest["data"].items() if k != "class_names"}
    # Keys younger than 0.1.0 count where they have not their defaults.
    younger = {"transform": [], "validation": None, "initialization": "he", "steps": None,
               "evaluate_every": 1, "augment": []}  # fmt: skip
    for section in ("data", "model", "training"):
        rest[section] = {k: v for k, v in rest[section].items() if k not in younger or v != younger[k]}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def sealed(result):
    """The bytes of a result.json that says `result`, with the SHA-256 that belongs to them."""
    rest = {key: value for key, value in result.items() if key != "sha256"}
    text = json.dumps({**rest, "sha256": "0" * 64}, indent=2, ensure_ascii=False).encode() + b"\n"
    at = text.rindex(b"0" * 64)
    return text[:at] + hashlib.sha256(text).hexdigest().encode() + text[at + 64 :]


def seal_is_right(content):
    """Whether the SHA-256 at the end of a record is that of its bytes."""
    at = content.rindex(b'"sha256": "') + 11
    unsealed = content[:at] + b"0" * 64 + content[at + 64 :]
    return hashlib.sha256(unsealed).hexdigest().encode() == content[at : at + 64]


def write_result(folder, result):
    """Replaces a run's record: what a careful forger would leave."""
    (folder / "result.json").write_bytes(sealed(result))


def read_epochs(folder):
    lines = (folder / "epochs.jsonl").read_text(encoding="utf-8").splitlines()
    return [parse_json(line) for line in lines]


def read_predictions(folder):
    with open(folder / "predictions.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        {
            "index": int(row["index"]),
            "true": int(row["true"]),
            "predicted": int(row["predicted"]),
            "probability": float(row["probability"]),
            "second": int(row["second"]),
            "second_probability": float(row["second_probability"]),
        }
        for row in rows
    ]


def read_labels(file):
    """The labels of a .gz IDX file, read without any help from the program under test."""
    raw = gzip.decompress(file.read_bytes())
    magic, count = struct.unpack(">ii", raw[:8])
    assert magic == 2049
    assert count == len(raw) - 8
    return list(raw[8:])


def temporary_files(folder):
    """What a save was killed in, or failed to clean up."""
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def split_safetensors(content):
    """Header, and the tensors' bytes, of a safetensors file."""
    length = struct.unpack("<Q", content[:8])[0]
    return parse_json(content[8 : 8 + length]), content[8 + length :]


def checkpoint_metadata(folder):
    """The metadata of a checkpoint, whose SHA-256 is made sure of without the program's help."""
    content = (folder / "checkpoint.safetensors").read_bytes()
    metadata = split_safetensors(content)[0]["__metadata__"]
    unsigned = content.replace(metadata["sha256"].encode(), b"0" * 64, 1)
    assert hashlib.sha256(unsigned).hexdigest() == metadata["sha256"]
    return metadata


def snapshot(folder):
    """Name and bytes of everything in `folder`."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def assert_refusal(finished, code, *words):
    """The program ended with `code` and one error, which names `words`, and with nothing worse."""
    assert finished.code == code, finished
    errors = re.findall(r"^error: .*", finished.stderr, re.MULTILINE)
    assert len(errors) == 1, finished.stderr
    assert len(finished.stderr.splitlines()) <= 8, finished.stderr
    for trace in ("frame #", "terminate called", "Exception raised from", "Aborted", "what():"):
        assert trace not in finished.stderr
    for word in words:
        assert word in finished.stderr, f"{word!r} is not in {finished.stderr!r}"


def assert_has_remedy(finished):
    """Something after the error's own line says what to do."""
    after_error = finished.stderr.split("error: ", 1)[1].splitlines()
    suggests = "did you mean" in finished.stderr or "allowed" in finished.stderr
    assert suggests or (len(after_error) > 1 and after_error[1].strip()), finished.stderr


class Terminal:
    """A pseudo-terminal of some width that keeps all that is written to it."""

    def __init__(self, columns):
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.received = b""
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        while True:
            try:
                block = os.read(self.master, 65536)
            except OSError:  # EIO: the last writer has closed it
                return
            if not block:
                return
            self.received += block

    def text(self):
        """All that was written, once the program has ended."""
        os.close(self.slave)
        self.reader.join(timeout=20)
        os.close(self.master)
        return self.received.decode().replace("\r\n", "\n")


def wait_for_line(process, word, seconds=60):
    """Reads the stderr of a started process (a binary, unbuffered pipe) until a line has `word`.

    Returns all that was read."""
    deadline = time.monotonic() + seconds
    seen = b""
    while word.encode() not in seen:
        assert time.monotonic() < deadline, f"no {word!r} within {seconds} s: {seen!r}"
        readable, _, _ = select.select([process.stderr], [], [], 0.1)
        if readable:
            block = os.read(process.stderr.fileno(), 65536)
            assert block, f"ended without {word!r}: {seen!r}"
            seen += block
    return seen.decode()


def wait_until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def workers_of(process):
    """The process ids of a started sweep's workers."""
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True
    )
    return [int(pid) for pid in listed.stdout.split()]
