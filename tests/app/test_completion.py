"""What bash and zsh complete: `mnist-bench completion`, in the shells themselves.

A shell function `mnist-bench` prints the words that it gets: what a user would have run."""

import os
import pty
import re
import select
import shlex
import shutil
import subprocess
import time

import pytest
from conftest import clean_environment
from support import CONFIGS

RECORDER = 'mnist-bench() { local IFS="|"; echo "GOT<$*>END"; }'
SHELLS = {
    "bash": (
        ["bash", "--norc", "--noprofile", "-i"],
        ["PS1='% '", "bind 'set bell-style none'", "source ./bash"],
    ),
    "zsh": (
        ["zsh", "-f", "-i"],
        ["PS1='% '", "unset zle_bracketed_paste", "fpath=($PWD $fpath)",
         "autoload -U compinit && compinit -u -D"],
    ),
}  # fmt: skip


class Shell:
    """An interactive shell on a terminal of its own."""

    def __init__(self, words, folder):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvpe(words[0], words, clean_environment(TERM="dumb"))

    def read_until(self, pattern, seconds=30):
        deadline = time.monotonic() + seconds
        seen = b""
        while not re.search(pattern, seen):
            assert time.monotonic() < deadline, f"no {pattern!r} within {seconds} s: {seen!r}"
            if select.select([self.terminal], [], [], 0.1)[0]:
                seen += os.read(self.terminal, 65536)
        return seen

    def type(self, text):
        os.write(self.terminal, text.encode())

    def run(self, line):
        """A line of the set-up."""
        self.type(line + " && echo do''ne\n")
        self.read_until(rb"done\r?\n")

    def complete(self, line):
        """The words that a line runs with whose tabs the shell has answered."""
        self.type(line + "\n")
        return re.search(rb"GOT<(.*)>END", self.read_until(rb">END"))[1].decode().split("|")

    def end(self):
        os.close(self.terminal)
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)


@pytest.fixture(params=list(SHELLS), name="shell")
def fixture_shell(request, bench, tmp_path):
    words, setup = SHELLS[request.param]
    assert shutil.which(words[0]), f"there is no {words[0]}; scripts/setup installs it"
    for name, file in (("bash", "bash"), ("zsh", "_mnist-bench")):
        (tmp_path / file).write_text(bench("completion", name).stdout)
    (tmp_path / "my.json").touch()
    (tmp_path / "dir with space").mkdir()
    shell = Shell(words, tmp_path)
    for line in [*setup, RECORDER]:
        shell.run(line)
    yield shell
    shell.end()


def test_commands_options_configs_and_keys_are_completed(shell):
    typed = {
        "mnist-bench summ\t": ["summary"],
        "mnist-bench config che\t": ["config", "check"],
        "mnist-bench run smo\t": ["run", "smoke"],
        "mnist-bench run my\t": ["run", "my.json"],
        "mnist-bench run smoke --resu\t": ["run", "smoke", "--resume"],
        "mnist-bench run smoke --log-format=js\t": ["run", "smoke", "--log-format=json"],
        "mnist-bench run smoke --log-format te\t": ["run", "smoke", "--log-format", "text"],
        "mnist-bench run smoke training.ep\t3": ["run", "smoke", "training.epochs=3"],
        "mnist-bench run smoke model.type=ml\t": ["run", "smoke", "model.type=mlp"],
        "mnist-bench bench smo\t device=cpu --eng\tnat\t":
            ["bench", "smoke", "device=cpu", "--engines", "native"],
    }  # fmt: skip
    assert {line: shell.complete(line) for line in typed} == typed


def test_a_folder_with_a_space_stays_one_word(shell):
    words = shell.complete("mnist-bench report dir\t")
    assert [word.rstrip("/") for word in words] == ["report", "dir with space"]


def completed(script, *words):
    """What bash would offer for the last of `words`."""
    call = (
        f"source <(printf %s {shlex.quote(script)}); COMP_WORDS=({shlex.join(words)}); "
        'COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _mnist_bench; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", call], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_every_command_and_option_of_the_help_is_offered(bench):
    script = bench("completion", "bash").stdout

    def walk(*path):
        help_text = bench(*path, "--help").stdout
        listed = help_text.split("\nSubcommands:\n")
        options = set(re.findall(r"^  (?:-\w,)?(--[a-z-]+)", listed[0], re.MULTILINE))
        offered = completed(script, "mnist-bench", *path, "-")
        assert options <= set(offered), path
        if len(listed) == 1:
            return
        commands = re.findall(r"^  ([a-z]+)  ", listed[1].split("\n\n")[0], re.MULTILINE)
        assert commands
        assert sorted(commands) == completed(script, "mnist-bench", *path, "")
        for command in commands:
            walk(*path, command)

    walk()


def test_every_key_and_every_shipped_config_is_offered(bench):
    script = bench("completion", "bash").stdout
    reference = bench("config", "reference").stdout
    table = reference.partition("\n\n")[0]  # the layers' settings come after it
    keys = set(re.findall(r"^\| `([A-Za-z_0-9.]+)`", table, re.MULTILINE))
    assert {f"{key}=" for key in keys} == set(completed(script, "mnist-bench", "run", "mlp", ""))
    shipped = {path.stem for path in CONFIGS.glob("*.json")}
    assert shipped <= set(completed(script, "mnist-bench", "run", ""))


def test_the_scripts_say_how_they_were_made_and_are_sound(bench):
    for shell in ("bash", "zsh"):
        script = bench("completion", shell).stdout
        assert f"mnist-bench completion {shell}" in script
        subprocess.run([shell, "-n", "/dev/stdin"], input=script, text=True, check=True)
