"""`report`: what it says of seeds, in every format, and that the formats agree."""

import csv
import io
import math
import shutil
import statistics
import subprocess

import pytest
from support import (
    SMALL,
    SMOKE,
    assert_has_remedy,
    assert_refusal,
    config_hash,
    parse_json,
    read_result,
    write_result,
)

EXTENSIONS = [".md", ".csv", ".json", ".tex"]
# Everything that one of the formats could take for markup.
NASTY = r"/data/50% _of_ $x$ & #1 {a} ~b^c \d|e <f> [g] *h* `i` \"j\", é 数".replace(r"\"", '"')


def change_result(folder, **changes):
    """Rewrites values of a folder's result.json: change_result(f, config__seed=2)."""
    result = read_result(folder)
    for path, value in changes.items():
        *sections, key = path.split("__")
        place = result
        for section in sections:
            place = place[section]
        place[key] = value
    if "config__seed" in changes:  # another seed ends with other parameters
        result["parameters_sha256"] = f"{changes['config__seed']:064x}"
    write_result(folder, {**result, "config_hash": config_hash(result["config"])})


def decimals_of(deviation):
    """The rule of the Particle Data Group."""
    exponent = math.floor(math.log10(deviation))
    leading = round(deviation * 10 ** (2 - exponent))
    return 1 - exponent if leading <= 354 else -exponent


@pytest.fixture(scope="module", name="runs")
def fixture_runs(tmp_path_factory, finished_run):
    """runs/ with two seeds of one experiment: one run for real, and a copy with another seed."""
    runs = tmp_path_factory.mktemp("report") / "runs"
    for seed in (1, 2):
        shutil.copytree(finished_run, runs / "smoke" / f"seed-{seed}")
        change_result(runs / "smoke" / f"seed-{seed}", config__seed=seed)
    return runs


def rows_of(text, start):
    return [line.split() for line in text.splitlines() if line.startswith(start)]


def test_shows_mean_and_n_of_the_runs(bench, runs):
    done = bench("report", runs)
    assert (done.code, done.stderr) == (0, "")
    test = read_result(runs / "smoke/seed-1")["test"]
    row = next(line for line in done.stdout.splitlines() if line.startswith("smoke"))
    assert row.split()[1] == "2"
    assert f"{100 * test['accuracy']:.1f} ± 0.0" in row
    assert f"{100 * test['macro']['f1']:.1f} ± 0.0" in row
    assert row.split()[-2:] == ["235,146", "234,752"]


def test_of_a_single_run_has_no_standard_deviation(bench, finished_run):
    done = bench("report", finished_run)
    row = next(line for line in done.stdout.splitlines() if line.startswith("smoke"))
    accuracy = read_result(finished_run)["test"]["accuracy"]
    assert row.split()[1] == "1"
    assert f" {100 * accuracy:.1f} " in row  # of 200 images
    assert "±" not in row
    assert "± 0" not in done.stdout


def test_computes_the_sample_standard_deviation(bench, tmp_path):
    for seed in (1, 2, 3):
        done = bench("run", SMOKE, *SMALL, f"seed={seed}", "--quiet")
        assert done.code == 0, done
    accuracies = [
        read_result(tmp_path / f"runs/smoke/seed-{seed}")["test"]["accuracy"] for seed in (1, 2, 3)
    ]
    text = bench("report", "runs").stdout
    mean, sd = 100 * statistics.mean(accuracies), 100 * statistics.stdev(accuracies)
    decimals = decimals_of(sd)
    assert decimals >= 0
    assert f"{mean:.{decimals}f} ± {sd:.{decimals}f}" in text


def test_compared_with_the_paper_names_it(bench, runs):
    done = bench("report", runs, "--paper")
    assert done.code == 0, done
    assert "paper" in done.stdout.lower()
    assert done.stdout.endswith(bench("report", runs).stdout)


def test_counts_a_copied_folder_once_and_says_so(bench, runs, tmp_path):
    shutil.copytree(runs, tmp_path / "runs")
    shutil.copytree(runs / "smoke/seed-1", tmp_path / "runs/smoke/seed-1-copy")
    done = bench("report", "runs")
    assert rows_of(done.stdout, "smoke")[0][1] == "2"
    assert "seed 1 occurs more than once: runs/smoke/seed-1 counts" in done.stdout
    # The same folder named twice is one run and no warning.
    assert "more than once" not in bench("report", runs, runs / "smoke").stdout


def test_shows_failed_and_unfinished_runs(bench, runs, tmp_path):
    shutil.copytree(runs, tmp_path / "runs")
    failed = tmp_path / "runs/smoke/seed-3"
    shutil.copytree(runs / "smoke/seed-1", failed)
    change_result(failed, config__seed=3, status="failed", error="no space left", test=None)
    shutil.copytree(runs / "smoke/seed-1", tmp_path / "runs/smoke/seed-4")
    (tmp_path / "runs/smoke/seed-4/result.json").unlink()
    done = bench("report", "runs")
    assert done.code == 0
    assert rows_of(done.stdout, "smoke")[0][1:3] == ["2", "1"]
    assert "failed: smoke seed 3: failed: no space left (runs/smoke/seed-3)" in done.stdout
    assert "runs/smoke/seed-4" in done.stdout


def test_warns_of_times_taken_side_by_side(bench, runs, tmp_path):
    shutil.copytree(runs, tmp_path / "runs")
    change_result(tmp_path / "runs/smoke/seed-2", provenance__jobs=2)
    assert "side by side (2 at once: smoke)" in bench("report", "runs").stdout


# Files


def test_writes_every_format_at_once_and_names_the_files_on_stderr(bench, runs, tmp_path):
    files = [f"table{extension}" for extension in EXTENSIONS]
    done = bench("report", runs, *(word for file in files for word in ("-o", file)))
    assert (done.code, done.stdout) == (0, "")
    for file in files:
        assert f"wrote {file}" in done.stderr
        assert "smoke" in (tmp_path / file).read_text(encoding="utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(files)


def test_csv_and_json_hold_the_same_unrounded_runs_as_the_records(bench, runs, tmp_path):
    assert bench("report", "-o", "t.csv", "-o", "t.json", runs).code == 0
    rows = list(csv.DictReader(io.StringIO((tmp_path / "t.csv").read_text(encoding="utf-8"))))
    group = parse_json((tmp_path / "t.json").read_text(encoding="utf-8"))["groups"][0]
    assert [row["seed"] for row in rows] == ["1", "2"]
    for row, run in zip(rows, group["runs"], strict=True):
        result = read_result(runs / f"smoke/seed-{row['seed']}")
        assert float(row["accuracy"]) == run["accuracy"] == result["test"]["accuracy"]
        assert float(row["loss"]) == run["loss"] == result["test"]["loss"]
        assert float(row["macro_f1"]) == pytest.approx(result["test"]["macro"]["f1"], abs=1e-15)
        assert int(row["parameters"]) == run["parameters"] == result["model"]["parameters"]
        assert row["config_hash"] == group["config_hash"] == result["config_hash"]
        assert row["counted"] == "true"
    summary = group["statistics"]["accuracy"]
    assert (summary["n"], summary["mean"], summary["sd"]) == (2, result["test"]["accuracy"], 0)


def test_refuses_an_unknown_extension_before_it_reads_or_writes_anything(bench, tmp_path):
    done = bench("report", "no-such-folder", "-o", "a.md", "-o", "b.docx")
    assert_refusal(done, 2, "b.docx", *EXTENSIONS)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("-o", "missing/a.md"), 6, ["there is no folder missing"]),
        (("-o", "a.md", "-o", "a.md"), 2, ["named twice"]),
        (("-o", "a.md", "b.csv"), 6, ["b.csv", "-o takes one file"]),
        (("-o",), 2, ["-o"]),
    ],
)
def test_refuses_files_that_it_could_not_write(bench, runs, tmp_path, arguments, code, words):
    done = bench("report", runs, *arguments)
    assert_refusal(done, code, *words)
    assert list(tmp_path.iterdir()) == []


def test_refuses_a_folder_as_a_file(bench, runs, tmp_path):
    (tmp_path / "a.md").mkdir()
    assert_refusal(bench("report", runs, "-o", "a.md"), 6, "it is a folder")


def test_replaces_an_old_file_whole(bench, runs, tmp_path):
    (tmp_path / "a.md").write_text("x" * 100000)
    assert bench("report", runs, "-o", "a.md").code == 0
    assert "x" * 10 not in (tmp_path / "a.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("arguments", [(), ("--paper",)])
def test_without_a_run_is_an_error_with_a_remedy(bench, tmp_path, arguments):
    (tmp_path / "empty").mkdir()
    done = bench("report", "empty", *arguments)
    assert_refusal(done, 6, "empty")
    assert_has_remedy(done)


# Labels that hold markup


@pytest.fixture(scope="module", name="nasty_runs")
def fixture_nasty_runs(tmp_path_factory, finished_run):
    """Two experiments of one name that differ in a path full of markup, and a failed run."""
    runs = tmp_path_factory.mktemp("nasty") / "runs"
    for folder in ("plain", "nasty", "failed"):
        shutil.copytree(finished_run, runs / folder)
    change_result(runs / "nasty", config__data__directory=NASTY)
    change_result(
        runs / "failed", config__seed=7, status="failed", error=f"cannot read {NASTY}\n--\n", test=None
    )
    return runs


def test_csv_holds_any_label(bench, nasty_runs, tmp_path):
    assert bench("report", nasty_runs, "-o", "t.csv").code == 0
    text = (tmp_path / "t.csv").read_bytes().decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert {row["experiment"] for row in rows} == {
        "smoke",
        f"smoke data.directory={NASTY}",
    }
    assert {row["error"] for row in rows} == {"", f"cannot read {NASTY}\n--\n"}


def test_markdown_tables_stay_whole_with_any_label(bench, nasty_runs, tmp_path):
    assert bench("report", nasty_runs, "-o", "t.md").code == 0
    in_header = 0
    for line in (tmp_path / "t.md").read_text(encoding="utf-8").splitlines():
        bars = line.replace("\\|", "").count("|") if line.startswith("|") else 0
        assert bars in (0, in_header) or in_header == 0, line
        in_header = bars


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="no pdflatex (texlive-latex-recommended)")
def test_latex_compiles_with_any_label(bench, nasty_runs, tmp_path):
    assert bench("report", nasty_runs, "-o", "t.tex").code == 0
    (tmp_path / "paper.tex").write_text(
        "\\documentclass{article}\n\\usepackage{booktabs}\n"
        "\\begin{document}\n\\input{t}\n\\end{document}\n"
    )
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"],
        cwd=tmp_path, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    log = done.stdout.decode(errors="replace")
    assert done.returncode == 0, log
    assert (tmp_path / "paper.pdf").exists()
    assert "Missing character" not in log
