"""The report of a sweep: a table with the swept keys as columns, and figures over them."""

import csv
import json
import re
import statistics
import xml.etree.ElementTree as ElementTree

import pytest
from conftest import run_binary
from support import CONFIGS, SMALL, TINY_MODEL, parse_json, read_result

RATES = (0.001, 0.1)
BATCHES = (32, 256)
FILES = ("r.html", "r.md", "r.tex", "r.json", "r-sections.csv", "r-sweep.svg", "r-heatmap.svg")


@pytest.fixture(scope="module", name="reports")
def fixture_reports(tmp_path_factory):
    """reports(grid) is the folder of a sweep over that grid, in runs/, and of its reports."""
    home = tmp_path_factory.mktemp("swept")

    def reports(name, grid):
        folder = home / name
        if not folder.exists():
            folder.mkdir()
            sweep = {"configs": [str(CONFIGS / "mlp.json")], "seeds": [1, 2], "grid": grid, "output": "runs"}
            (folder / "sweep.json").write_text(json.dumps(sweep))
            keys = (*SMALL, TINY_MODEL, "training.engine=native", "training.epochs=1", "-q")
            done = run_binary("sweep", "sweep.json", *keys, cwd=folder)
            assert done.code == 0, done
            done = run_binary("report", "runs", *(w for f in FILES for w in ("-o", f)), cwd=folder)
            assert done.code == 0, done
        return folder

    return reports


def accuracies(folder, wanted):
    """By seed, of the runs whose config has these values."""
    found = []
    for file in sorted(folder.glob("runs/**/result.json")):
        result = read_result(file.parent)
        values = {key: result["config"][key.split(".")[0]][key.split(".")[1]] for key in wanted}
        if values == wanted:
            found.append(100 * result["test"]["accuracy"])
    return found


def svg_texts(file):
    return [text for text in ElementTree.fromstring(file.read_text("utf-8")).itertext() if text.strip()]


def test_one_swept_key_is_a_column_and_an_axis(bench, reports):
    folder = reports("one", {"optimizer.learning_rate": RATES})
    lines = bench("report", "runs", cwd=folder).stdout.splitlines()
    at = next(i for i, line in enumerate(lines) if re.match(r"experiment +optimizer\.learning_rate +n ", line))
    report = parse_json((folder / "r.json").read_text("utf-8"))["sweep"]
    assert report["keys"] == ["optimizer.learning_rate"]
    page = (folder / "r.html").read_text("utf-8")
    for i, rate in enumerate(RATES):
        own = accuracies(folder, {"optimizer.learning_rate": rate})
        assert len(own) == 2
        row = report["rows"][i]
        assert row["values"] == {"optimizer.learning_rate": rate}
        assert 100 * row["accuracy"]["mean"] == pytest.approx(statistics.mean(own))
        assert 100 * row["accuracy"]["sd"] == pytest.approx(statistics.stdev(own))
        assert lines[at + 2 + i].split()[:3] == ["mlp", str(rate), "2"]
        assert f"<title>mlp at {rate}: " in page
    assert "optimizer.learning_rate, logarithmic" in svg_texts(folder / "r-sweep.svg")
    assert "<h2 id" not in page or 'id="sweep"' in page
    assert "| mlp | 0.001 | 2 |" in (folder / "r.md").read_text("utf-8")
    tex = (folder / "r.tex").read_text("utf-8")
    assert "\\label{tab:mnist-bench-sweep}" in tex
    assert "\nmlp & 0.001 & 2 & " in tex
    rows = dict(csv.reader((folder / "r-sections.csv").open(encoding="utf-8")))
    assert rows["/sweep/rows/1/values/optimizer.learning_rate"] == "0.1"
    assert float(rows["/sweep/rows/1/accuracy/mean"]) == report["rows"][1]["accuracy"]["mean"]


def test_two_swept_keys_are_a_grid_of_means(reports):
    folder = reports("two", {"optimizer.learning_rate": RATES, "training.batch_size": BATCHES})
    texts = svg_texts(folder / "r-heatmap.svg")
    for label in ("optimizer.learning_rate", "training.batch_size", *map(str, RATES + BATCHES)):
        assert label in texts
    notes = [text for text in texts if "(n = 2)" in text]
    assert len(notes) == 4
    for rate in RATES:
        for batch in BATCHES:
            own = accuracies(folder, {"optimizer.learning_rate": rate, "training.batch_size": batch})
            note = next(n for n in notes if f"learning_rate={rate} training.batch_size={batch}:" in n)
            shown = float(re.search(r": ([0-9.]+) ±", note)[1])
            assert shown == pytest.approx(statistics.mean(own), abs=5)
    report = parse_json((folder / "r.json").read_text("utf-8"))["sweep"]
    order = [tuple(row["values"].values()) for row in report["rows"]]
    assert order == [(rate, batch) for rate in RATES for batch in BATCHES]
    reason = " ".join(svg_texts(folder / "r-sweep.svg"))
    assert "nothing to show: a chart is over one swept key that is a number, not over 2" in reason


def test_without_a_sweep_there_is_no_such_section(bench, reports):
    folder = reports("one", {"optimizer.learning_rate": RATES})
    one = next(folder.glob("runs/**/seed-1"))
    assert "Swept keys" not in bench("report", one, cwd=folder).stdout
