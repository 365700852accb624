"""What a person at a terminal sees, and what a pipe, a log collector or a script gets."""

import re

import pytest
from support import CPU, SMALL, SMOKE, Terminal, parse_json

EPOCHS = ("training.epochs=3",)
# The bar is drawn at most ten times a second, and the loss is looked at every 50 steps: 4,000 steps
# take a second or more, so that both are seen on a fast machine too.
WATCHED = (*CPU, "data.train_limit=1000", "data.test_limit=200", "training.batch_size=1",
           "training.epochs=4")  # fmt: skip
ERASE = "\r\x1b[K"
COLOR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(name="on_terminal")
def fixture_on_terminal(bench):
    """Runs the program with stderr on a terminal; gives how it ended and what was written there."""

    def run(*arguments, columns=200, **environment):
        terminal = Terminal(columns)
        try:
            done = bench(*arguments, stderr=terminal.slave, environment=environment)
        finally:
            text = terminal.text()
        return done, text

    return run


def bars(text):
    """Each state of the progress bar."""
    drawn = text.replace(ERASE, "\n").split("\n")
    return [line for line in drawn if line.startswith("epoch ") and "[" in line]


def visible(text):
    """The lines that are left to see after all redrawing."""
    return [line.rsplit(ERASE, 1)[-1] for line in text.split("\n")]


def test_terminal_shows_a_progress_bar_that_is_gone_at_the_end(on_terminal):
    done, text = on_terminal("run", SMOKE, *WATCHED, "--output", "out")
    assert done.code == 0, done
    drawn = bars(text)
    assert drawn
    assert all(re.match(r"epoch \d+/4 \[=* *\] +\d+%", bar) for bar in drawn)
    assert any(re.search(r"loss \d+\.\d{4}", bar) for bar in drawn)
    assert all(re.search(r"[\d,]+ images/s", bar) and bar.endswith(" left") for bar in drawn)
    remaining = visible(text)
    assert remaining[-1] == ""
    assert not any("[=" in line or " left" in line for line in remaining)
    assert sum(line.startswith("epoch ") for line in remaining) == 4


def test_progress_bar_never_wraps_on_a_narrow_terminal(on_terminal):
    done, text = on_terminal("run", SMOKE, *WATCHED, "--output", "out", columns=30)
    assert done.code == 0, done
    assert bars(text)
    assert all(len(bar) < 30 for bar in bars(text))


def test_progress_bar_is_gone_when_the_run_diverges(on_terminal):
    done, text = on_terminal(
        "run", SMOKE, *WATCHED, "optimizer.learning_rate=1e30", "--output", "out"
    )
    assert done.code == 1, done
    assert not any("[=" in line or " left" in line for line in visible(text))
    assert sum("error:" in line for line in text.split("\n")) == 1


def test_error_on_a_terminal_is_coloured(on_terminal):
    done, text = on_terminal("run", "nope.json")
    assert done.code == 2
    assert COLOR.search(text)
    assert text.endswith("\n")


@pytest.mark.parametrize("arguments", [("run", "nope.json"), ("run", SMOKE, *SMALL, *EPOCHS)])
def test_no_color_means_no_colours(on_terminal, arguments):
    _, text = on_terminal(*arguments, NO_COLOR="1")
    assert text
    assert not COLOR.search(text)


@pytest.mark.parametrize("arguments", [("run", "nope.json"), ("run", SMOKE, *SMALL, *EPOCHS)])
@pytest.mark.parametrize("terminal", ["dumb", ""])
def test_terminal_that_cannot_redraw_gets_plain_lines(on_terminal, arguments, terminal):
    _, text = on_terminal(*arguments, TERM=terminal)
    assert text
    assert "\x1b" not in text
    assert "\r" not in text


def test_pipe_gets_one_plain_line_per_epoch(bench):
    done = bench("run", SMOKE, *SMALL, *EPOCHS, "--output", "out")
    assert done.code == 0, done
    assert "\x1b" not in done.stderr
    assert "\r" not in done.stderr
    assert "images/s  " not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("epoch ")]
    assert len(lines) == 3
    assert lines[0].startswith("epoch 1/3: train loss ")


@pytest.mark.parametrize(("images", "digits"), [(100, 0), (200, 1)])
def test_percentages_are_never_finer_than_one_image(bench, write_config, images, digits):
    sweep = write_config(f'{{"configs": ["{SMOKE}"], "seeds": [1]}}', "sweep.json")
    limits = ("device=cpu", f"data.train_limit={images}", f"data.test_limit={images}")
    run = bench("run", SMOKE, *limits, "--output", "out")
    swept = bench("sweep", sweep, *limits)
    assert (run.code, swept.code) == (0, 0)
    shares = re.findall(r"(?:accuracy|F1) ([\d.]+) %", run.stderr)
    assert len(shares) == 3
    (told,) = re.findall(r"^\[1/1\].*accuracy ([\d.]+) %", swept.stderr, re.MULTILINE)
    for share in (*shares, told):
        assert len(share.partition(".")[2]) == digits, share


def test_tables_go_to_stdout_and_only_there(bench):
    done = bench("run", SMOKE, *SMALL, "--output", "out")
    assert done.code == 0, done
    assert "confusion matrix (rows: true class, columns: predicted)" in done.stdout
    assert "accuracy [%]" in done.stdout
    assert "confusion matrix" not in done.stderr
    assert "wrote out" in done.stderr
    assert "wrote out" not in done.stdout
    assert "\x1b" not in done.stdout


def test_quiet_run_prints_nothing(bench):
    done = bench("run", SMOKE, *SMALL, "--quiet", "--output", "out")
    assert (done.code, done.stdout, done.stderr) == (0, "", "")
    again = bench("run", SMOKE, *SMALL, "-q", "--resume", "--output", "out")
    assert (again.code, again.stdout, again.stderr) == (0, "", "")


def test_quiet_run_draws_no_bar_on_a_terminal(on_terminal):
    done, text = on_terminal("run", SMOKE, *SMALL, *EPOCHS, "--quiet", "--output", "out")
    assert done.code == 0, done
    assert text == ""


def test_quiet_run_still_reports_errors(bench):
    done = bench("run", SMOKE, *SMALL, "--quiet", "--expect", "accuracy>=1", "--output", "out")
    assert done.code == 1
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")


def test_json_log_has_one_json_object_per_line(bench):
    done = bench("run", SMOKE, *SMALL, "--log-format", "json", "--output", "out")
    assert done.code == 0, done
    lines = [parse_json(line) for line in done.stderr.splitlines()]
    assert all({"time", "level", "message"} <= set(line) for line in lines)
    epochs = [line for line in lines if "train_loss" in line]
    assert [epoch["epoch"] for epoch in epochs] == [1]
    assert 0 <= epochs[0]["test"]["accuracy"] <= 1


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["nope.json"], 2),
        ([SMOKE, "training.epoch=1"], 2),
        ([SMOKE, "data.directory=nowhere"], 3),
        ([SMOKE, *SMALL, "--expect", "accuracy>=1"], 1),
        ([SMOKE, *SMALL, "optimizer.learning_rate=1e30"], 1),
    ],
    ids=["config", "key", "data", "expectation", "divergence"],
)
def test_json_log_of_an_error_is_json_too(bench, arguments, code):
    done = bench("run", *arguments, "--log-format=json")
    assert done.code == code, done
    lines = [parse_json(line) for line in done.stderr.splitlines()]
    errors = [line for line in lines if line["level"] == "error"]
    assert len(errors) == 1
    assert errors[0]["exit_code"] == code
    assert errors[0]["message"]


def test_json_log_on_a_terminal_has_neither_bar_nor_colours(on_terminal):
    done, text = on_terminal("run", SMOKE, *SMALL, *EPOCHS, "--log-format", "json", "--output", "out")
    assert done.code == 0, done
    assert "\x1b" not in text
    for line in text.splitlines():
        parse_json(line)


def test_text_is_the_default_log_format(bench):
    plain = bench("run", SMOKE, "data.directory=nowhere")
    asked = bench("run", SMOKE, "data.directory=nowhere", "--log-format", "text")
    assert (plain.code, plain.stderr) == (asked.code, asked.stderr) == (3, plain.stderr)
