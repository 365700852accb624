"""The README says what the program does: its config reference and its commands are the program's."""

import re
import shlex

import pytest
from support import PROJECT

README = PROJECT / "README.md"
pytestmark = pytest.mark.skipif(not README.exists(), reason="there is no README.md")


def text():
    return README.read_text(encoding="utf-8")


def command_lines():
    """The words of each `mnist-bench ...` line in the ```sh blocks, without comments."""
    for block in re.findall(r"^```sh\n(.*?)^```", text(), re.MULTILINE | re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if words and words[0].split("/")[-1] == "mnist-bench":
                yield words[1:]


def split_words(words):
    """Command (with its subcommand), the --options without values, KEY=VALUE words, configs."""
    depth = 2 if words[0] in ("config", "data", "completion") else 1
    options = [word.split("=")[0] for word in words[depth:] if word.startswith("-")]
    overrides = [word for word in words[depth:] if re.fullmatch(r"[a-z_.0-9]+=.*", word)]
    configs = [word for word in words[depth:] if word.startswith("configs/")]
    return words[:depth], options, overrides, configs


def test_readme_holds_the_config_reference_verbatim(bench):
    reference = bench("config", "reference").stdout
    assert reference.strip()
    assert reference.strip() in text()


def test_readme_shows_command_lines():
    assert len(list(command_lines())) >= 5


@pytest.mark.parametrize("words", list(command_lines()) if README.exists() else [], ids=shlex.join)
def test_command_line_in_the_readme_works(bench, words):
    command, options, overrides, configs = split_words(words)
    if words == ["--version"]:
        return
    help_text = bench(*command, "--help")
    assert help_text.code == 0, help_text
    for option in options:
        assert re.search(rf"(^|[ ,]){re.escape(option)}\b", help_text.stdout, re.MULTILINE), option
    for config in configs:
        check = ["sweep", "--dry-run"] if command == ["sweep"] else ["config", "check"]
        checked = bench(*check, PROJECT / config, *overrides)
        assert checked.code == 0, checked


def test_readme_explains_every_exit_code():
    rows = re.findall(r"^\| (\d+) \| ", text(), re.MULTILINE)
    assert rows == ["0", "1", "2", "3", "4", "5", "6", "75", "130"]


def test_files_that_the_readme_links_exist():
    links = re.findall(r"\]\(([^)#:]+)\)", text())
    assert links
    for link in links:
        assert (PROJECT / link).exists(), link


def test_readme_has_no_placeholders():
    assert re.findall(r"@@\w+@@", text()) == []
