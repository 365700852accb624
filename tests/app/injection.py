"""A system call that fails, or is the last of a process: strace puts in the fault."""

import re
import subprocess
from collections import Counter
from dataclasses import dataclass

from conftest import BINARY, Finished, clean_environment

FOLDER = "the-run-folder"

# What each call is made to fail with; a call that only looks or moves a position is not of a save.
ERRORS = {
    "mkdir": ("EACCES",),
    "openat": ("ENOSPC", "EIO"),
    "flock": ("EIO",),
    "fchmod": ("EIO",),
    "write": ("ENOSPC", "EIO"),
    "fsync": ("EIO", "ENOSPC"),
    "close": ("EIO",),
    "rename": ("EACCES", "EIO"),
    "unlink": ("EIO",),
    "stat": ("EIO",),
    "newfstatat": ("EIO",),
    "read": ("EIO",),
    "getdents64": ("EIO",),
}  # fmt: skip


@dataclass(frozen=True)
class Call:
    """A system call on the run folder or something in it."""

    name: str
    nth: int  # among all the calls of that name by the process
    path: str  # what it is about, relative to the folder; a temporary file without its random end
    text: str

    def saves(self):
        """Whether, without it, a file that should be there would not be, or not safely."""
        if self.path == "log.txt" or self.name in ("stat", "newfstatat", "read", "getdents64"):
            return False
        if "= -1 ENOENT" in self.text:  # it found nothing to read or to delete
            return False
        # Letting go of the folder and its lock changes nothing any more.
        return self.name != "close" or ".tmp-" in self.path


def strace(arguments, cwd, *options):
    """The program under strace: how it ended, and the lines of the trace."""
    trace = cwd / "trace.txt"
    done = subprocess.run(
        ["strace", "-y", "-s", "0", "-o", trace, *options, BINARY, *map(str, arguments)],
        cwd=cwd, env=clean_environment(), capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    lines = trace.read_text(encoding="utf-8", errors="replace").splitlines()
    return Finished(done.returncode, done.stdout.decode(), done.stderr.decode()), lines


def path_in(line):
    """The path below the run folder that a line of a trace is about; None if there is none."""
    found = re.search(rf'/{FOLDER}(?:/([^>",]*))?[>"]', line)
    return re.sub(r"(\.tmp-)\w+", r"\1", found[1] or ".") if found else None


def strace_with(call, fault, arguments, cwd):
    """The program with `fault` put into `call`, where it is sure to go: how it ended."""
    done, lines = strace(
        arguments, cwd, "-e", f"trace={call.name}",
        "-e", f"inject={call.name}:{fault}:when={call.nth}",
    )  # fmt: skip
    hit = lines[call.nth - 1]
    assert path_in(hit) == call.path, f"{hit} instead of {call.text}"
    assert "(INJECTED)" in hit or hit.endswith(" = ?"), hit
    return done


def calls_of(lines):
    calls, seen = [], Counter()
    for line in lines:
        name = line.split("(")[0]
        seen[name] += 1
        path = path_in(line)
        if name in ERRORS and path is not None:
            calls.append(Call(name, seen[name], path, line))
    return calls
