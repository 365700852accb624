"""`evaluate`: trained runs on transformed and on other images."""

import csv
import gzip
import hashlib
import json
import re
import shutil
import statistics
import struct

import pytest
from support import (
    CNN,
    CONFIGS,
    CPU,
    PROJECT,
    SHIPPED_MNIST,
    SMALL,
    SMOKE,
    assert_has_remedy,
    assert_refusal,
    parse_json,
    read_json,
    read_labels,
    read_predictions,
    read_result,
    sealed,
)

pytestmark = pytest.mark.filterwarnings("error")

MLP = (*SMALL, "training.epochs=1")


def test_images():
    raw = gzip.decompress((SHIPPED_MNIST / "t10k-images-idx3-ubyte.gz").read_bytes())
    assert struct.unpack(">iiii", raw[:16]) == (2051, 10000, 28, 28)
    return raw[16:]


test_images.__test__ = False


@pytest.fixture
def trained(bench, tmp_path):
    """Two seeds of a small MLP, native, on 200 test images."""
    for seed in (1, 2):
        done = bench(
            "run", SMOKE, *MLP, f"seed={seed}", "training.engine=native", f"output=runs/mlp/seed-{seed}", "-q"
        )
        assert done.code == 0, done.stderr
    return tmp_path / "runs"


def evaluation(folder, spec, data="test"):
    return read_json(folder / "evaluations" / data / f"{spec}.json")


def test_the_clean_set_gives_the_runs_own_confusion_matrix(bench, trained):
    done = bench("evaluate", "runs")
    assert done.code == 0, done.stderr
    for seed in (1, 2):
        folder = trained / f"mlp/seed-{seed}"
        record = evaluation(folder, "identity")
        result = read_result(folder)
        assert record["schema"] == "mnist-bench.evaluation/1"
        assert record["test"]["confusion_matrix"] == result["test"]["confusion_matrix"]
        assert record["against_clean"] == {
            "accuracy_change": 0.0,
            "right_to_wrong": 0,
            "wrong_to_right": 0,
            "right_to_wrong_images": [],
            "wrong_to_right_images": [],
        }
        assert record["run"] == {
            "config_hash": result["config_hash"],
            "seed": seed,
            "parameters_sha256": result["parameters_sha256"],
            "engine": "native",
        }


def test_the_record_tells_which_pixels_were_seen(bench, trained):
    assert bench("evaluate", "runs/mlp/seed-1", "--transform", "shift:dy=0,dx=2").code == 0
    folder = trained / "mlp/seed-1"
    record = evaluation(folder, "shift~dx=2")
    pixels, labels = test_images(), read_labels(SHIPPED_MNIST / "t10k-labels-idx1-ubyte.gz")
    seen = hashlib.sha256()
    rows = read_predictions(folder)
    for row in rows:
        image = pixels[row["index"] * 784 : row["index"] * 784 + 784]
        for r in range(28):
            seen.update(b"\0\0" + image[r * 28 : r * 28 + 26])
    seen.update(bytes(labels[row["index"]] for row in rows))
    assert record["data"] == {"dataset": "mnist", "samples": 200, "sha256": seen.hexdigest()}
    assert record["transform"] == [{"type": "shift", "dx": 2, "dy": 0}]
    right = round(record["test"]["accuracy"] * 200)
    clean = sum(row["true"] == row["predicted"] for row in rows)
    against = record["against_clean"]
    assert right == clean - against["right_to_wrong"] + against["wrong_to_right"]
    assert against["accuracy_change"] == pytest.approx((right - clean) / 200)


def test_what_is_there_is_not_computed_again(bench, trained):
    arguments = ("evaluate", "runs", "--transform", "shift:dx=1", "--transform", "identity")
    done = bench(*arguments)
    assert "4 evaluations computed" in done.stderr
    file = trained / "mlp/seed-1/evaluations/test/shift~dx=1.json"
    before = file.read_bytes()
    done = bench(*arguments)
    assert "0 evaluations computed" in done.stderr
    assert "4 there already" in done.stderr
    assert file.read_bytes() == before
    done = bench(*arguments, "--force")
    assert "4 evaluations computed" in done.stderr
    changed, old = read_json(file), json.loads(before)
    assert changed["test"] == old["test"]


def test_a_transform_that_changes_nothing_is_warned_of(bench, trained):
    done = bench("evaluate", "runs/mlp/seed-1", "--transform", "shift", "--transform", "shift:dx=1")
    assert done.code == 0, done.stderr
    assert re.findall(r"^warning: .*", done.stderr, re.M) == ["warning: shift leaves all images as they are"]
    assert "warning" not in bench("evaluate", "runs/mlp/seed-1").stderr


def test_what_is_there_is_the_same_whatever_it_was_asked_for_in(bench, trained, tmp_path):
    (tmp_path / "mine.json").write_text('["identity", "invert"]')
    assert "2 evaluations computed" in bench("evaluate", "runs").stderr
    for _ in range(2):
        assert "there already" in (done := bench("evaluate", "runs", "--suite", "mine.json")).stderr
        assert bench("evaluate", "runs").stderr.count("0 evaluations computed") == 1
    assert "0 evaluations computed" in done.stderr


@pytest.mark.parametrize("device", ["cpu", "auto"])
def test_a_device_can_be_named(bench, trained, device):
    done = bench("evaluate", "runs/mlp/seed-1", "--device", device, "--engine", "libtorch")
    assert done.code == 0, done.stderr
    provenance = evaluation(trained / "mlp/seed-1", "identity.libtorch")["provenance"]
    assert provenance["device"].split(":")[0] in ("cpu", "cuda")


def test_a_damaged_evaluation_is_named_and_computed_again(bench, trained):
    arguments = ("evaluate", "runs/mlp/seed-1", "--transform", "shift:dx=1")
    assert bench(*arguments).code == 0
    file = trained / "mlp/seed-1/evaluations/test/shift~dx=1.json"
    content = file.read_bytes()
    file.write_bytes(content[:-40])
    done = bench("verify", "runs/mlp/seed-1")
    assert_refusal(done, 6, "1 fault")
    assert "evaluations/test/shift~dx=1.json" in done.stdout
    done = bench(*arguments)
    assert done.code == 0
    assert "shift~dx=1.json is not a usable evaluation" in done.stderr
    assert bench("verify", "runs/mlp/seed-1").code == 0


def test_forged_counts_are_refused(bench, trained):
    arguments = ("evaluate", "runs/mlp/seed-1", "--transform", "shift:dx=1")
    assert bench(*arguments).code == 0
    file = trained / "mlp/seed-1/evaluations/test/shift~dx=1.json"
    record = read_json(file)
    record["against_clean"]["right_to_wrong"] += 1
    file.write_bytes(sealed(record))
    done = bench("verify", "runs/mlp/seed-1")
    assert_refusal(done, 6, "1 fault")
    assert "against_clean.accuracy_change" in done.stdout


def test_a_flipped_byte_in_the_model_is_named(bench, trained):
    file = trained / "mlp/seed-2/model.safetensors"
    content = bytearray(file.read_bytes())
    content[-5] ^= 1
    file.write_bytes(content)
    done = bench("evaluate", "runs")
    assert done.code == 6
    assert "seed-2/model.safetensors: its parameters do not match" in done.stderr
    assert_has_remedy(done)
    assert (trained / "mlp/seed-1/evaluations/test/identity.json").exists()  # the other is evaluated


def test_parameters_that_are_not_the_records_are_refused(bench, trained):
    shutil.copy(trained / "mlp/seed-1/model.safetensors", trained / "mlp/seed-2/model.safetensors")
    done = bench("evaluate", "runs/mlp/seed-2")
    assert_refusal(done, 6, "do not match the parameters_sha256 of result.json")


def test_a_run_that_is_trained_again_loses_its_evaluations(bench, trained):
    assert bench("evaluate", "runs/mlp/seed-1").code == 0
    folder = trained / "mlp/seed-1"
    assert bench("run", SMOKE, *MLP, "seed=1", "output=runs/mlp/seed-1", "--force", "-q").code == 0
    assert not list(folder.glob("evaluations/*/*.json"))
    assert bench("verify", folder).code == 0


@pytest.mark.parametrize(("config", "engine", "other"), [(SMOKE, "native", "libtorch"), (CNN, "libtorch", "native")])
def test_the_other_engine_agrees(bench, tmp_path, config, engine, other):
    done = bench("run", config, *MLP, f"training.engine={engine}", "output=run", "-q")
    assert done.code == 0, done.stderr
    arguments = ("--transform", "identity", "--transform", "shift:dx=1")
    assert bench("evaluate", "run", *arguments).code == 0
    done = bench("evaluate", "run", *arguments, "--engine", other)
    assert done.code == 0, done.stderr
    for spec in ("identity", "shift~dx=1"):
        own = evaluation(tmp_path / "run", spec)
        theirs = evaluation(tmp_path / "run", f"{spec}.{other}")
        assert (own["engine"], theirs["engine"]) == (engine, other)
        assert own["data"] == theirs["data"]
        differences = sum(
            abs(a - b)
            for rows in zip(*(e["test"]["confusion_matrix"]["counts"] for e in (own, theirs)), strict=True)
            for a, b in zip(*rows, strict=True)
        )
        assert differences <= 4  # two images
        assert own["test"]["loss"] == pytest.approx(theirs["test"]["loss"], abs=1e-5)


def test_what_an_engine_cannot_do_is_refused_with_the_option_that_helps(bench, trained):
    done = bench("evaluate", "runs/mlp/seed-1", "--engine", "native", "--device", "cuda")
    assert_refusal(done, 2, "the native engine computes on the CPU, not on device 'cuda'")
    assert done.stderr.splitlines()[-1] == "  use --device cpu, or --engine libtorch"


@pytest.mark.parametrize("name", ["result.json", "model.safetensors"])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_damaged_run_among_others_is_an_error_after_their_table(bench, trained, name, seed):
    (trained / f"mlp/seed-{seed}" / name).write_text('{"schema":', encoding="utf-8")
    gate = ("--transform", "shift:dx=1", "--expect", "accuracy>=0.1")
    assert_refusal(bench("evaluate", f"runs/mlp/seed-{seed}", *gate), 6, name, "train the run again")
    for computed in (1, 0):
        done = bench("evaluate", "runs", *gate)
        assert_refusal(done, 6, f"mlp/seed-{seed}/{name}", f"{computed} evaluation", "put the file back")
        assert re.search(r"^shift:dx=1 +\d", done.stdout, re.M), done.stdout
    groups = parse_json(bench("evaluate", "runs", *gate, "--json").stdout)["groups"]
    assert [group["accuracy"]["n"] for group in groups] == [1]


def test_wrong_specs_and_suites_are_refused(bench, trained):
    for spec, why in [
        ("shfit:dx=1", 'did you mean "shift"?'),
        ("gausian:sigma=0.1", 'did you mean "gaussian_noise"?'),
        ("shift:dx=5000", "dx: found 5000; allowed: integer -1024 to 1024"),
        ("shift:dx=nan", 'dx: found "nan"'),
        ("shift:dx=1,dx=1", "'dx' is given twice"),
        ("+".join(["shift:dx=1"] * 17), "17 transforms; allowed: at most 16"),
    ]:
        assert_refusal(bench("evaluate", "runs", "--transform", spec), 2, why)
    (trained / "folder").mkdir()
    for suite, remedy in [
        ("standrad", "did you mean 'standard'?"),
        ("quick.json", "there is no such file"),
        ("runs/folder", "as mnist-c:runs/folder"),
    ]:
        done = bench("evaluate", "runs", "--suite", suite)
        assert_refusal(done, 2, f"there is no suite '{suite}'", remedy)
    assert not list(trained.glob("**/evaluations"))


def test_a_file_of_specs_is_a_suite(bench, trained, tmp_path):
    (tmp_path / "mine.json").write_text('["identity", "shift:dx=1", "shift:dy=0,dx=1"]')
    done = bench("evaluate", "runs", "--suite", "mine.json", "--json")
    assert done.code == 0, done.stderr
    printed = json.loads(done.stdout)
    assert printed["schema"] == "mnist-bench.evaluate/1"
    assert [group["transform"] for group in printed["groups"]] == ["identity", "shift:dx=1"]
    assert [group["accuracy"]["n"] for group in printed["groups"]] == [2, 2]
    assert len(printed["evaluations"]) == 4
    assert evaluation(trained / "mlp/seed-1", "shift~dx=1")["suite"] == "mine"
    (tmp_path / "mine.json").write_text('[[{"type": "shift", "dx": 1}, {"type": "invert"}]]')
    done = bench("evaluate", "runs/mlp/seed-1", "--suite", "mine.json", "--json")
    assert [group["transform"] for group in json.loads(done.stdout)["groups"]] == ["shift:dx=1+invert"]
    for content, why in [
        ('{"specs": []}', "allowed: a list of 1 to 1000 points"),
        ('["identity", 5]', "mine.json, /1: found 5"),
        ('["identity", "shift:foo=1"]', "mine.json, /1: shift:foo=1: foo: unknown key"),
        ('[[{"type": "shift", "foo": 2}]]', "mine.json, /0, /0/foo: unknown key"),
    ]:
        (tmp_path / "mine.json").write_text(content)
        assert_refusal(bench("evaluate", "runs", "--suite", "mine.json"), 2, why)
    (tmp_path / "quick.json").write_text('["identity"]')
    assert_refusal(bench("evaluate", "runs", "--suite", "quick.json"), 2, "its name is that of suite quick")


def test_expectations_hold_for_each_evaluation(bench, trained):
    arguments = ("evaluate", "runs", "--transform", "shift:dx=14")
    assert bench(*arguments, "--expect", "accuracy<0.9").code == 0
    done = bench(*arguments, "--expect", "accuracy>=0.9")
    assert_refusal(done, 1, "shift:dx=14: expected accuracy >= 0.9, got")
    done = bench(
        *("evaluate", "runs/mlp/seed-1", "--transform", "shift:dx=14", "--transform", "identity"),
        *("--expect", "accuracy>=1", "--expect", "loss<0"),
    )
    assert_refusal(done, 1, "error: 4 expectations are missed\n")
    missed = re.findall(r"^warning: (runs/mlp/seed-1, .*)", done.stderr, re.M)
    assert len(missed) == 4 and all(", got " in line for line in missed)


def test_other_data(bench, trained, tmp_path):
    moved = tmp_path / "moved"
    shutil.copytree(SHIPPED_MNIST, moved)
    done = bench("evaluate", "runs/mlp/seed-1", "--data", moved)
    assert done.code == 0, done.stderr
    assert evaluation(trained / "mlp/seed-1", "identity")["data"]["samples"] == 200  # the same data
    labels = bytearray(gzip.decompress((moved / "t10k-labels-idx1-ubyte.gz").read_bytes()))
    labels[8] = (labels[8] + 1) % 10
    (moved / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(bytes(labels)))
    done = bench("evaluate", "runs/mlp/seed-1", "--data", moved)
    assert done.code == 0, done.stderr
    (other,) = [path for path in (trained / "mlp/seed-1/evaluations").iterdir() if path.name != "test"]
    record = evaluation(trained / "mlp/seed-1", "identity", other.name)
    images = gzip.decompress((moved / "t10k-images-idx3-ubyte.gz").read_bytes())
    assert other.name == hashlib.sha256(images + labels).hexdigest()[:12]
    assert record["data"]["samples"] == 10000
    assert record["data"]["sha256"] == hashlib.sha256(images[16:] + labels[8:]).hexdigest()
    done = bench("evaluate", "runs/mlp/seed-1", "--data", moved, "--transform", "shift:dx=1", "--json")
    (row,) = json.loads(done.stdout)["groups"]
    clean, changed = row["clean_accuracy"]["mean"], row["accuracy"]["mean"]
    assert clean == record["test"]["accuracy"]
    assert abs(changed - clean - row["accuracy_change"]["mean"]) < 1e-12


def test_runs_whose_data_have_changed_are_refused(bench, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(SHIPPED_MNIST, data)
    done = bench("run", SMOKE, *MLP, "data.directory=data", "output=run", "-q")
    assert done.code == 0, done.stderr
    file = data / "t10k-images-idx3-ubyte.gz"
    pixels = bytearray(gzip.decompress(file.read_bytes()))
    pixels[400] ^= 1
    file.write_bytes(gzip.compress(bytes(pixels)))
    done = bench("evaluate", "run")
    assert_refusal(done, 3, "is not the one that the run was tested on", "with --data")
    file.write_bytes(file.read_bytes()[:100_000])
    assert_refusal(bench("evaluate", "run"), 3, f"data/{file.name}: its gzip stream is truncated")
    data.rename(tmp_path / "moved")
    done = bench("evaluate", "run")
    assert_refusal(done, 3, "cannot read the data folder data", "with --data")


def test_records_of_0_1_0_are_evaluated(bench, tmp_path):
    for name in ("mlp-native", "mlp-libtorch", "cnn-native", "cnn-libtorch"):
        shutil.copytree(PROJECT / "tests/record/v0.1.0/completed" / name, tmp_path / name)
        done = bench("evaluate", name, "--transform", "shift:dx=1", "--transform", "identity")
        assert done.code == 0, done.stderr
        result = read_result(tmp_path / name)
        record = evaluation(tmp_path / name, "identity")
        assert record["test"]["confusion_matrix"] == result["test"]["confusion_matrix"]


# mCE


@pytest.fixture
def other(bench, trained):
    """Three seeds of a smaller network beside `trained`."""
    for seed in (1, 2, 3):
        done = bench(
            "run", SMOKE, *MLP, f"seed={seed}", "training.engine=native", "model.hidden=[4]",
            "name=small", f"output=runs/small/seed-{seed}", "-q",
        )  # fmt: skip
        assert done.code == 0, done.stderr
    return trained


def errors_of(folder, spec):
    """Of each run of an experiment, from the records of its evaluations."""
    matrices = [
        evaluation(run, spec.replace(":", "~"))["test"]["confusion_matrix"]["counts"]
        for run in sorted(folder.iterdir())
    ]
    return [1 - sum(m[k][k] for k in range(10)) / sum(map(sum, m)) for m in matrices]


def test_mce_is_what_the_records_of_the_evaluations_give(bench, other):
    kinds = {
        "rotate": ["rotate:degrees=20", "rotate:degrees=40"],
        "gaussian_noise, seed 0": ["gaussian_noise:sigma=0.3", "gaussian_noise:sigma=0.6"],
        "gaussian_noise, seed 5": ["gaussian_noise:sigma=0.3,seed=5"],
        "invert": ["invert"],
    }
    specs = ["identity", *(spec for kind in kinds.values() for spec in kind)]
    (other.parent / "mine.json").write_text(json.dumps(specs))
    arguments = ("evaluate", "runs/small", "--suite", "mine.json", "--baseline", "runs/mlp")
    done = bench(*arguments, "--json")
    assert done.code == 0, done.stderr
    assert len(json.loads(done.stdout)["evaluations"]) == 5 * len(specs)  # the baseline's, too
    mce = json.loads(done.stdout)["mce"]
    assert (mce["baseline"], mce["baseline_runs"], mce["notes"]) == ("smoke", 2, [])
    (group,) = mce["groups"]
    mean = lambda values: sum(values) / len(values)  # noqa: E731
    base = {kind: sum(mean(errors_of(other / "mlp", spec)) for spec in of) for kind, of in kinds.items()}
    ratios = {
        kind: [sum(run) / base[kind] for run in zip(*(errors_of(other / "small", spec) for spec in of))]
        for kind, of in kinds.items()
    }
    assert {kind["kind"]: kind["ratio"] for kind in group["kinds"]} == pytest.approx(
        {kind: mean(values) for kind, values in ratios.items()}
    )
    assert group["kinds"][0]["severities"] == ["20", "40"]
    of_runs = [100 * mean(run) for run in zip(*ratios.values())]
    assert (group["group"], group["n"]) == ("small", 3)
    assert (group["mce"], group["sd"]) == pytest.approx((mean(of_runs), statistics.stdev(of_runs)))

    done = bench(*arguments)
    assert "0 evaluations computed" in done.stderr
    table, mce_lines = done.stdout.split("\nmCE against smoke (n = 2), which has 100:\n")
    assert table.startswith("small: 200 images, own test set, native, n = 3, clean ")
    assert mce_lines.startswith("  small ")
    assert "hides that one model wins at shifts and loses at noise" in mce_lines
    # A baseline that is among the runs is evaluated once.
    done = bench("evaluate", "runs", "--suite", "mine.json", "--baseline", "runs/mlp", "--json")
    assert len(json.loads(done.stdout)["evaluations"]) == 5 * len(specs)
    assert json.loads(done.stdout)["mce"] == mce


def test_a_baseline_run_that_fails_does_not_spoil_the_mce(bench, other):
    arguments = ("evaluate", "runs/small", "--suite", "quick", "--baseline", "runs/mlp", "--json")
    assert bench(*arguments).code == 0
    (other / "mlp/seed-1/model.safetensors").write_bytes(b"damaged")
    done = bench(*arguments)
    assert_refusal(done, 6, "mlp/seed-1/model.safetensors")
    mce = parse_json(done.stdout)["mce"]
    assert (mce["baseline_runs"], mce["notes"]) == (1, [])
    shutil.rmtree(other / "mlp/seed-2")
    assert "mce" not in parse_json(bench(*arguments).stdout)


def test_a_baseline_is_one_experiment(bench, other):
    done = bench("evaluate", "runs/mlp", "--baseline", "runs/mlp")
    assert_refusal(done, 2, "--baseline runs/mlp: all runs named belong to it", "another experiment")
    done = bench("evaluate", "runs/small", "--transform", "invert", "--baseline", "runs")
    assert_refusal(done, 2, "found 2 experiments (smoke, small)", "allowed: one")
    assert_refusal(bench("evaluate", "runs/small", "--baseline", "nowhere"), 6, "no folder nowhere")
    done = bench("evaluate", "runs/small", "--transform", "invert", "--baseline", "runs/mlp/seed-2", "--json")
    assert done.code == 0, done.stderr
    assert json.loads(done.stdout)["mce"]["baseline_runs"] == 1
    done = bench("evaluate", "runs/small", "--baseline", "runs/mlp")
    assert "There is no mCE: none of these sets of images has a corruption" in done.stdout


def test_the_table_fits_a_terminal(bench, trained):
    done = bench(
        "evaluate", "runs", "--suite", "quick", "--baseline", "runs/mlp/seed-1",
        "--transform", "gaussian_noise:sigma=0.3,seed=1",
    )  # fmt: skip
    assert done.code == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert done.stdout.count("n = 2") >= 1


def test_the_numbers_of_the_sections_are_in_json_and_csv_alike(bench, trained):
    assert bench("evaluate", "runs", "--suite", "quick").code == 0
    assert bench("report", "runs", "-o", "all.json", "-o", "all-sections.csv").code == 0
    report = read_json(trained.parent / "all.json")
    with open(trained.parent / "all-sections.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        value = report
        for step in row["pointer"].split("/")[1:]:
            value = value[int(step) if isinstance(value, list) else step]
        if isinstance(value, str):
            assert row["value"].removeprefix("'") == value
        elif value in (None, []):
            assert row["value"] == ""
        else:
            assert json.loads(row["value"]) == value
    pointers = {row["pointer"] for row in rows}
    assert "/robustness/rows/0/accuracy/mean" in pointers
    assert {pointer.split("/")[1] for pointer in pointers} == {"robustness", "calibration", "pairs"}
    assert [point["coverage"] for point in report["calibration"][0]["coverage"]] == [
        pytest.approx(i / 10) for i in range(1, 11)
    ]


def test_who_gets_which_picture_right_is_what_predictions_and_evaluations_say(bench, tmp_path):
    runs = [tmp_path / f"runs/seed-{seed}" for seed in (1, 2)]
    for seed, run in enumerate(runs, start=1):
        few = (*CPU, "data.train_limit=1000", "training.epochs=1", "training.engine=native")
        assert bench("run", SMOKE, *few, "data.test_limit=null", f"seed={seed}", f"output={run}", "-q").code == 0
    assert bench("evaluate", "runs", "--transform", "rotate:degrees=45").code == 0
    assert bench("report", "runs", "-o", "all.json").code == 0
    pictures = read_json(tmp_path / "all.json")["robustness"]["pictures"]
    (rotate,) = pictures["families"]
    assert (rotate["family"], rotate["columns"]) == ("rotate", ["as they are", "45"])
    assert [row["image"] for row in rotate["rows"]] == pictures["images"] == [3, 2, 1, 18]
    for row in rotate["rows"]:
        counts = [0, 0]
        for run in runs:
            clean = {p["index"]: p["true"] == p["predicted"] for p in read_predictions(run)}[row["image"]]
            against = evaluation(run, "rotate~degrees=45")["against_clean"]
            fallen = row["image"] in against["right_to_wrong_images"]
            risen = row["image"] in against["wrong_to_right_images"]
            counts[0] += clean
            counts[1] += (clean and not fallen) or risen
        assert (row["right"], row["runs"]) == (counts, [2, 2])


def test_folders_without_runs(bench, tmp_path):
    (tmp_path / "empty").mkdir()
    assert_refusal(bench("evaluate", "empty"), 6, "no run (a folder with a result.json)")
    assert_refusal(bench("evaluate", "nowhere"), 6, "there is no folder nowhere")
    (tmp_path / "r.html").touch()
    for command in ("evaluate", "report", "verify"):
        assert_refusal(bench(command, "r.html"), 6, "r.html is a file, where a folder is expected")
    assert_refusal(bench("compare", "empty", "r.html"), 6, "r.html is a file, where a folder is expected")
    assert_refusal(bench("evaluate"), 2, "RUN is required")
