"""`report --paper` and scripts/reproduce_paper: the paper compared with runs of the real binary."""

import os
import re
import shutil
import subprocess

import pytest
from support import PROJECT, parse_json, read_result

SCRIPT = PROJECT / "scripts" / "reproduce_paper"
CLAIMS = PROJECT / "scripts" / "check_claims"
TINY = ("device=cpu", "threads=1", "data.train_limit=300", "training.epochs=1")
# Instead of a hundred transforms by LibTorch.
SHORT = ("--engine", "native", "--suite", "three.json")
THREE = '["shift:dx=1", "rotate:degrees=15", "gaussian_noise:sigma=0.3"]'


def reproduce(*arguments, cwd, code=0, script=SCRIPT):
    """Runs the script with the binary under test; it takes relative paths from `cwd`."""
    done = subprocess.run(
        [script, *arguments],
        cwd=cwd,
        env={**os.environ, "TERM": "dumb"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == code, done
    return done


@pytest.fixture(scope="module", name="reproduced")
def fixture_reproduced(tmp_path_factory):
    """The script's folder and standard output after all runs."""
    home = tmp_path_factory.mktemp("paper")
    (home / "three.json").write_text(THREE)
    done = reproduce("--output", "out", *SHORT, *TINY, cwd=home)
    return home / "out", done.stdout


def accuracy_rows(text):
    """Their cells; the columns' widths change with the times in other rows."""
    rows = re.findall(r"^accuracy \[%\] .*$", text, re.M)
    assert rows
    return [row.split() for row in rows]


def test_trains_six_seeds_of_both_models_and_writes_both_files(reproduced):
    folder, text = reproduced
    for model in ("cnn", "mlp"):
        runs = sorted(p.parent.relative_to(folder) for p in (folder / model).rglob("result.json"))
        assert list(map(str, runs)) == [f"{model}/seed-{seed}" for seed in range(1, 7)]
        permuted = list((folder / "permuted" / model).rglob("result.json"))
        assert len(permuted) == 6
        for file in permuted:
            assert [t["type"] for t in read_result(file.parent)["config"]["data"]["transform"]] == [
                "permute_pixels"
            ]
    for form in (text, (folder / "paper.md").read_text(), (folder / "paper.html").read_text()):
        assert "What the paper claims, checked" in form
        assert "97.7 ± 0.2" in form
        assert "data.train_limit null → 300" in form


def test_started_again_it_runs_nothing_and_says_the_same(reproduced):
    folder, text = reproduced
    before = {path: path.read_bytes() for path in folder.rglob("*.json")}
    again = reproduce("--output", folder.name, *SHORT, *TINY, cwd=folder.parent)
    assert again.stdout == text
    assert again.stderr.count("0 of 12 runs to do") == 2
    assert "0 evaluations computed" in again.stderr
    assert {path: path.read_bytes() for path in folder.rglob("*.json")} == before


def test_continues_with_what_is_missing(reproduced, tmp_path):
    whole, text = reproduced
    folder = tmp_path / "parts"
    shutil.copytree(whole, folder)
    lost = folder / "mlp" / "seed-3"
    fingerprint = read_result(lost)["parameters_sha256"]
    shutil.rmtree(lost)
    again = reproduce("--output", folder, *SHORT, *TINY, cwd=whole.parent)
    assert "1 of 12 runs to do" in again.stderr
    assert "3 evaluations computed" in again.stderr
    assert read_result(lost)["parameters_sha256"] == fingerprint
    assert accuracy_rows(again.stdout) == accuracy_rows(text)


def claim_in(folder, model):
    """What paper.md has on accuracy and macro recall of this model."""
    claims = (folder / "paper.md").read_text().split("What the paper claims, checked")[1]
    return re.search(rf"Table 4, {model.upper()}: (.*?)\n\d+\. ", claims, re.S).group(1)


@pytest.fixture(scope="module", name="judged")
def fixture_judged(tmp_path_factory):
    """paper.md of runs evaluated on the whole suite standard, with few test images."""
    home = tmp_path_factory.mktemp("judged")
    reproduce("--output", "out", "--engine", "native", *TINY, "data.test_limit=100", cwd=home)
    return (home / "out/paper.md").read_text()


@pytest.mark.parametrize("words", ["superior robustness", "slightly shifted", "against noisy inputs"])
def test_what_rests_on_a_part_of_the_suite_stays_open(reproduced, words):
    text = (reproduced[0] / "paper.md").read_text()
    claim = re.search(rf"^\d+\. [^\n]*{words}[^\n]*\n +\*\*(.*?)\*\*(.*?)(?:\n\d+\. |\Z)", text, re.M | re.S)
    assert claim[1] == "open"
    assert re.search(r"The verdict rests on \d+ sets of images, of which all runs of both models are tested on \d", claim[2])


@pytest.mark.parametrize(
    "words",
    ["faster inference", "superior robustness", "slightly shifted", "or distorted",
     "against noisy inputs", "translation invariance", "loss of spatial information",
     "confusing '1' with '7'"],
)  # fmt: skip
def test_what_the_paper_concludes_has_a_verdict_of_the_runs(judged, words):
    claim = re.search(rf"^\d+\. [^\n]*{words}[^\n]*\n +\*\*(.*?)\*\* \((.*?)\)", judged, re.M)
    assert claim and claim[2] == "computed from the runs", claim
    assert claim[1] != "open"


def test_tables_show_what_the_runs_recorded(reproduced):
    folder, text = reproduced
    for model in ("mlp", "cnn"):
        results = [read_result(folder / model / f"seed-{seed}") for seed in range(1, 7)]
        mean = sum(result["test"]["accuracy"] for result in results) / 6
        row = re.search(rf"^accuracy \[%\] +{model.upper()} .*$", text, re.M).group()
        shown = float(re.findall(r"([\d.]+) ± ", row)[1])
        assert abs(shown - 100 * mean) < 1
        gap = max(
            abs(result["test"]["accuracy"] - result["test"]["macro"]["recall"])
            for result in results
        )
        assert f"never more than {100 * gap:.2f} points apart (n = 6)" in claim_in(folder, model)
    layers = read_result(folder / "cnn/seed-1")["model"]["layers"]
    for layer in layers:
        if layer["parameters"]:
            assert re.search(rf" {layer['parameters']:,} +0 +equal$", text, re.M), layer


@pytest.mark.parametrize("model", ["mlp", "cnn"])
def test_recall_is_checked_on_the_class_sizes_of_the_test_set(reproduced, model):
    claim = claim_in(reproduced[0], model)
    assert claim.splitlines()[1].strip() == "**does not hold** (by arithmetic)"
    assert "MNIST has 8.92 %" in claim  # 892 of the 10,000 are a 5


def test_adams_second_moments_come_from_the_checkpoints(reproduced):
    text = (reproduced[0] / "paper.md").read_text()
    assert len(re.findall(r"end of seed 1\) the median √v is \d\.\de-0\d", text)) == 2


def test_part_of_the_test_set_leaves_the_recall_open(bench, finished_run):
    done = bench("report", finished_run, "--paper")
    assert done.code == 0, done
    assert re.search(r"^ *\d+ +open +– +Table 4, MLP: accuracy", done.stdout, re.M), done.stdout


def test_refuses_what_it_does_not_know(tmp_path):
    assert "unknown argument: --seeds" in reproduce("--seeds", cwd=tmp_path, code=1).stderr
    assert "--output needs a value" in reproduce("--output", cwd=tmp_path, code=1).stderr


def test_passes_on_the_sweeps_refusal_of_a_wrong_override(tmp_path):
    done = reproduce("--output", "out", "training.epoch=1", cwd=tmp_path, code=2)
    assert "training.epochs" in done.stderr
    assert not (tmp_path / "out").exists()


def test_help_names_every_option(tmp_path):
    text = reproduce("--help", cwd=tmp_path).stdout
    for word in ("--output DIR", "--jobs N", "--suite NAME", "--tables-only", "KEY=VALUE", "MNIST_BENCH_BINARY"):
        assert word in text


def test_reports_what_there_is_where_runs_diverge(tmp_path):
    diverging = (*TINY, "data.test_limit=100", "optimizer.learning_rate=1e30")
    done = reproduce("--output", "out", "--engine", "native", *diverging, cwd=tmp_path, code=4)
    assert "diverged" in done.stdout
    assert (tmp_path / "out/paper.html").exists()
    assert (tmp_path / "out/paper.md").exists()


def test_check_claims_decides_by_its_experiments_and_does_nothing_twice(tmp_path):
    (tmp_path / "three.json").write_text(THREE)
    few = ("--output", "out", "--seeds", "1-2", "--suite", "three.json", "device=cpu",
           "data.train_limit=300", "data.test_limit=200")  # fmt: skip
    done = reproduce(*few, cwd=tmp_path, script=CLAIMS)
    claims = parse_json((tmp_path / "out" / "paper.json").read_text())["paper"]["claims"]
    names = ("sgd", "batches", "efficiency", "normalization", "initialization", "dropout", "resolution", "augmentation")
    of_experiments = {}
    for claim in claims:
        sweeps = re.findall(r"configs/paper/(\w+)\.json", claim["experiment"])
        assert all((PROJECT / "configs" / "paper" / f"{sweep}.json").exists() for sweep in sweeps)
        if set(sweeps) & set(names):
            of_experiments.setdefault(sweeps[0], []).append(claim)
    assert set(of_experiments) == set(names)
    # The plain runs are evaluated on the images of three.json alone, not on all noise.
    (augmentation,) = of_experiments.pop("augmentation")
    assert augmentation["verdict"] == "open"
    # The paper gives Adam's cost no bound.
    (adams_cost,) = [claim for claim in of_experiments["sgd"] if "efficient" in claim["claim"]]
    assert adams_cost["verdict"] == "cannot be told"
    of_experiments["sgd"].remove(adams_cost)
    for claim in (claim for of_one in of_experiments.values() for claim in of_one):
        assert claim["basis"] == "runs", claim
        # Two seeds can suggest, and show nothing.
        assert claim["verdict"] in ("suggested, not shown", "undecided"), claim
    assert "data is left out" in done.stderr.replace("configs/paper/data.json", "data")
    assert "What the paper claims" in done.stdout
    times = {file: file.stat().st_mtime_ns for file in (tmp_path / "out").rglob("result.json")}
    assert len(times) == 2 * 55
    reproduce(*few, cwd=tmp_path, script=CLAIMS)
    assert times == {file: file.stat().st_mtime_ns for file in times}
