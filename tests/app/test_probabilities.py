"""`--save-probabilities`: all probabilities as a NumPy file, and which images a transform flips."""

import re

import pytest
from support import PROJECT, SMALL, SMOKE, assert_refusal, read_json, read_labels, read_predictions, read_result
from support import SHIPPED_MNIST

TRAIN = ("run", SMOKE, *SMALL, "training.epochs=1", "--output", "run", "-q")
PROBABILITIES = "run/probabilities.npy"


@pytest.fixture
def numpy(monkeypatch):
    monkeypatch.syspath_prepend(PROJECT / "third_party" / "python")
    return pytest.importorskip("numpy", reason="scripts/setup installs it into third_party/python")


def assert_agrees(shares, rows):
    assert shares.dtype == "<f4"
    assert shares.shape == (len(rows), 10)
    assert abs(shares.sum(axis=1) - 1).max() < 1e-5
    assert list(shares.argmax(axis=1)) == [row["predicted"] for row in rows]
    for row, of_image in zip(rows, shares, strict=True):
        assert of_image[row["predicted"]] == pytest.approx(row["probability"], abs=1e-6)
        assert of_image[row["second"]] == pytest.approx(row["second_probability"], abs=1e-6)


@pytest.mark.parametrize("engine", ["native", "libtorch"])
def test_a_run_saves_what_numpy_reads_and_its_predictions_say(bench, tmp_path, numpy, engine):
    done = bench(*TRAIN, f"training.engine={engine}", "--save-probabilities")
    assert done.code == 0, done.stderr
    assert_agrees(numpy.load(tmp_path / PROBABILITIES), read_predictions(tmp_path / "run"))
    assert bench("verify", "run").code == 0


def test_without_it_there_is_none(bench, tmp_path):
    assert bench(*TRAIN, "--save-probabilities").code == 0
    assert bench(*TRAIN, "--force").code == 0
    assert not (tmp_path / PROBABILITIES).exists()
    assert "probabilities_sha256" not in read_result(tmp_path / "run")
    done = bench(*TRAIN[:-1], "--resume", "--save-probabilities")
    assert done.code == 0, done
    assert "evaluate run --save-probabilities" in done.stderr


def test_verify_finds_a_flipped_byte_a_missing_file_and_a_foreign_one(bench, tmp_path):
    assert bench(*TRAIN, "--save-probabilities").code == 0
    file = tmp_path / PROBABILITIES
    content = file.read_bytes()
    for at in (0, 200, len(content) - 1):
        file.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        done = bench("verify", "run")
        assert_refusal(done, 6, "1 fault")
        assert "probabilities.npy: its bytes do not match" in done.stdout
    file.unlink()
    assert "probabilities.npy: is missing" in bench("verify", "run").stdout
    assert bench(*TRAIN, "--force").code == 0
    file.write_bytes(content)
    assert "probabilities.npy: is not this run's" in bench("verify", "run").stdout


def test_an_evaluation_saves_them_beside_its_record(bench, tmp_path, numpy):
    assert bench(*TRAIN, "training.engine=native").code == 0
    both = ("--transform", "identity", "--transform", "shift:dx=3")
    assert bench("evaluate", "run", *both).code == 0
    done = bench("evaluate", "run", *both, "--save-probabilities")
    assert "2 evaluations computed" in done.stderr, done
    folder = tmp_path / "run/evaluations/test"
    rows = read_predictions(tmp_path / "run")
    clean = numpy.load(folder / "identity.npy")
    assert_agrees(clean, rows)
    shifted = numpy.load(folder / "shift~dx=3.npy").argmax(axis=1)
    labels = read_labels(SHIPPED_MNIST / "t10k-labels-idx1-ubyte.gz")
    right = {row["index"]: row["predicted"] == row["true"] for row in rows}
    after = {row["index"]: int(said) == labels[row["index"]] for row, said in zip(rows, shifted, strict=True)}
    against = read_json(folder / "shift~dx=3.json")["against_clean"]
    for name, before in (("right_to_wrong", True), ("wrong_to_right", False)):
        flipped = sorted(i for i in right if right[i] == before and after[i] != before)
        assert against[f"{name}_images"] == flipped
        assert against[name] == len(flipped)
    assert "0 evaluations computed" in bench("evaluate", "run", *both, "--save-probabilities").stderr
    file = folder / "shift~dx=3.npy"
    content = file.read_bytes()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    done = bench("verify", "run")
    assert_refusal(done, 6, "1 fault")
    assert "shift~dx=3.npy: its bytes do not match" in done.stdout
    done = bench("evaluate", "run", *both, "--save-probabilities")
    assert "1 evaluation computed" in done.stderr, done
    assert file.read_bytes() == content
    assert bench("evaluate", "run", *both, "--force").code == 0
    assert not file.exists()
    assert bench("verify", "run").code == 0


def test_the_report_says_which_runs_get_a_transformed_image_right(bench, tmp_path, numpy):
    runs = tmp_path / "runs"
    for seed in (1, 2):
        # All images: those that the sheet shows are among them.
        done = bench(
            *("run", SMOKE, "device=cpu", "threads=1", "training.epochs=1", "data.train_limit=500"),
            *("data.test_limit=null", f"seed={seed}", "training.engine=native", "-q"),
            *("--output", f"runs/{seed}"),
        )
        assert done.code == 0, done
    spec = ("--transform", "shift:dx=3", "--save-probabilities")
    assert bench("evaluate", "runs", *spec).code == 0
    assert bench("report", "runs", "-o", "report.html").code == 0
    page = (tmp_path / "report.html").read_text()
    table = page[page.index("shift: runs that get each picture right") :]
    labels = read_labels(SHIPPED_MNIST / "t10k-labels-idx1-ubyte.gz")
    for image in (3, 2, 1, 18):
        counts = []
        for file in ("predictions", "evaluations"):
            right = 0
            for run in runs.iterdir():
                if file == "predictions":
                    said = next(r["predicted"] for r in read_predictions(run) if r["index"] == image)
                else:
                    said = numpy.load(run / "evaluations/test/shift~dx=3.npy")[image].argmax()
                right += said == labels[image]
            counts.append(f"{right}/2")
        row = re.search(rf"<tr><td[^>]*>{image}</td><td>[^<]*</td><td[^>]*>(.*?)</td><td[^>]*>(.*?)</td>", table)
        assert [row[1], row[2]] == counts
