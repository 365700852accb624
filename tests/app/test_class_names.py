"""`data.class_names`: names of the classes in tables, pictures and JSON, and nowhere else."""

import json
import re
import shutil
import xml.etree.ElementTree as ElementTree

import pytest
from conftest import run_binary
from support import (
    CONFIGS,
    CPU,
    SMOKE,
    assert_has_remedy,
    assert_refusal,
    parse_json,
    read_predictions,
    read_result,
)

NAMES = ["zero", "one & only", "<two>", "three", "four", "five", "six", "seven", "eight", "nine_$"]
NAMED = f"data.class_names={json.dumps(NAMES)}"
FEW = (*CPU, "data.train_limit=300", "data.test_limit=200", "-q")


@pytest.fixture(scope="module", name="home")
def fixture_home(tmp_path_factory):
    """runs/named and runs/plain, of the same experiment and seeds; four.pgm, an image."""
    home = tmp_path_factory.mktemp("names")
    for name, overrides in (("named", [NAMED]), ("plain", [])):
        for seed in (1, 2):
            output = ("--output", f"runs/{name}/seed-{seed}", f"seed={seed}")
            done = run_binary("run", SMOKE, *FEW, *overrides, *output, cwd=home)
            assert done.code == 0, done
    (home / "four.pgm").write_bytes(b"P5 28 28 255\n" + bytes(784))
    return home


def test_names_are_no_part_of_the_experiment(bench, home):
    named, plain = (read_result(home / "runs" / name / "seed-1") for name in ("named", "plain"))
    assert named["config"]["data"]["class_names"] == NAMES
    assert plain["config"]["data"]["class_names"] is None
    assert named["config_hash"] == plain["config_hash"]
    assert named["parameters_sha256"] == plain["parameters_sha256"]
    done = bench("run", SMOKE, *FEW[:-1], "--resume", "--output", "runs/named/seed-1", cwd=home)
    assert "already finished" in done.stderr


def test_the_console_has_the_names_of_the_rows(bench, home, tmp_path):
    done = bench("run", SMOKE, *FEW[:-1], NAMED, "--output", "run")
    assert re.search(r"^true +0 +1 +2 .* support", done.stdout, re.MULTILINE)
    for k, name in enumerate(NAMES):
        assert re.search(rf"^{k} {re.escape(name)} ", done.stdout, re.MULTILINE), name


def test_predict_says_the_name_and_its_json_both(bench, home):
    for name, said in (("named", NAMES), ("plain", list(map(str, range(10))))):
        found = parse_json(bench("predict", f"runs/{name}/seed-1", "four.pgm", "--json", cwd=home).stdout)
        prediction = found["predictions"][0]
        line = bench("predict", f"runs/{name}/seed-1", "four.pgm", cwd=home).stdout
        assert line.startswith(f"four.pgm: {said[prediction['class']]} (")
        assert prediction.get("class_name") == (said[prediction["class"]] if name == "named" else None)


def test_a_report_names_the_classes_in_every_format(bench, home):
    files = ("r.html", "r.md", "r.json", "confusion.svg", "classes.svg")
    done = bench("report", "runs/named", *(w for f in files for w in ("-o", f)), cwd=home)
    assert done.code == 0, done
    page, markdown, _, confusion, classes = ((home / f).read_text("utf-8") for f in files)
    for svg in (confusion, classes):
        ElementTree.fromstring(svg)
        for k, name in enumerate(NAMES):
            assert f">{k} {name.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')}<" in svg
    assert "<title>true one &amp; only, predicted &lt;two&gt;: " in page
    assert "class one &amp; only, precision: " in page
    wrong = [row for row in read_predictions(home / "runs/named/seed-1") if row["true"] != row["predicted"]]
    assert re.search(r"<b>(zero|one|&lt;two|three|four|five|six|seven|eight|nine)[^<]*</b> read as <b>", page)
    assert wrong and re.search(r"\| (three|four|five|six|seven|eight|nine\\_\\\$|zero) → ", markdown)
    report = parse_json((home / "r.json").read_text("utf-8"))
    assert report["groups"][0]["class_names"] == NAMES
    assert report["pairs"][0]["class_names"] == NAMES


def test_runs_of_one_experiment_with_different_names_have_numbers_and_a_warning(bench, home, tmp_path):
    shutil.copytree(home / "runs/named/seed-1", tmp_path / "mixed/seed-1")
    shutil.copytree(home / "runs/plain/seed-2", tmp_path / "mixed/seed-2")
    done = bench("report", "mixed", "-o", "r.json", "-o", "confusion.svg")
    assert done.code == 0, done
    assert "name their classes differently (data.class_names)" in done.stderr
    assert "class_names" not in parse_json((tmp_path / "r.json").read_text("utf-8"))["groups"][0]
    assert "only" not in (tmp_path / "confusion.svg").read_text("utf-8")


def test_inspect_shows_the_names(bench, home):
    done = bench("inspect", "runs/named/seed-1", "--json", "-o", "i.html", "-o", "i.svg", cwd=home)
    found = parse_json(done.stdout)
    assert found["class_names"] == NAMES
    assert f"{NAMES[found['truth']]} taken for {NAMES[found['predicted']]}" in done.stderr
    ElementTree.fromstring((home / "i.svg").read_text("utf-8"))
    assert "1 one &amp; only" in (home / "i.html").read_text("utf-8")
    plain = bench("inspect", "runs/plain/seed-1", "--json", cwd=home)
    assert "class_names" not in parse_json(plain.stdout)


@pytest.mark.parametrize("count", [9, 11])
def test_as_many_names_as_classes_or_a_refusal_with_both_numbers(bench, tmp_path, count):
    names = json.dumps([f"class {k}" for k in range(count)])
    done = bench("run", SMOKE, *FEW, f"data.class_names={names}", "--output", "run")
    assert_refusal(done, 2, f"data.class_names has {count} names, but the data have 10 classes")
    assert_has_remedy(done)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "names", ['["a"]', '["a","a"]', '["a",""]', '["a","\\u0007"]', '["a",1]', '"ab"',
              json.dumps(["a", "ü" * 41]), json.dumps([str(k) for k in range(257)])],
)  # fmt: skip
def test_names_that_are_none_are_refused(bench, names):
    done = bench("config", "show", SMOKE, f"data.class_names={names}")
    assert_refusal(done, 2, "data.class_names", "allowed: list of 2 to 256 different names")


def test_the_shipped_config_of_fashion_mnist_names_its_ten_classes(bench):
    shown = parse_json(bench("config", "show", CONFIGS / "fashion.json").stdout)
    assert len(set(shown["data"]["class_names"])) == 10
