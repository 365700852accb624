"""k-NN and SVM from config to record and through every command."""

import gzip
import json
import re
import signal

import pytest
from support import (
    CONFIGS,
    CPU,
    SHIPPED_MNIST,
    assert_has_remedy,
    assert_refusal,
    parse_json,
    read_json,
    read_labels,
    read_predictions,
    read_result,
    seal_is_right,
    temporary_files,
    wait_until,
    write_result,
)

FEW = (*CPU, "data.train_limit=600", "data.test_limit=300")
KNN = ("run", "knn", *FEW)
FILES = {"config.json", "result.json", "predictions.csv", "log.txt"}


@pytest.fixture(name="fitted")
def fixture_fitted(bench, tmp_path):
    """fitted("knn", "model.k=3") runs it and returns its folder."""

    def run(model, *arguments, output=None):
        folder = tmp_path / (output or f"runs/{model}/seed-1")
        done = bench("run", model, *FEW, *arguments, "--output", folder, "-q")
        assert done.code == 0, done
        return folder

    return run


def pixels_of(split):
    """The images of a split, as bytes."""
    return gzip.decompress((SHIPPED_MNIST / f"{split}-images-idx3-ubyte.gz").read_bytes())[16:]


def nearest(pixels, image):
    """The index of the first of the images in `pixels` that is nearest to `image`."""
    distances = (
        sum((a - b) ** 2 for a, b in zip(pixels[at : at + 784], image) if a != b)
        for at in range(0, len(pixels), 784)
    )
    return min(enumerate(distances), key=lambda pair: (pair[1], pair[0]))[0]


def test_knn_on_all_training_images_finds_the_nearest(bench, tmp_path):
    done = bench("run", "knn", *CPU, "data.test_limit=1", "--output", "knn", "-q")
    assert done.code == 0, done
    [row] = read_predictions(tmp_path / "knn")
    asked = pixels_of("t10k")[row["index"] * 784 : (row["index"] + 1) * 784]
    truth = read_labels(SHIPPED_MNIST / "train-labels-idx1-ubyte.gz")
    assert row["predicted"] == truth[nearest(pixels_of("train"), asked)]
    assert row["probability"] == 1.0


def test_a_record_of_knn_says_what_it_did_and_nothing_that_it_did_not(bench, fitted):
    folder = fitted("knn", "model.k=5")
    assert {path.name for path in folder.iterdir()} == FILES
    result = read_result(folder)
    assert seal_is_right((folder / "result.json").read_bytes())
    assert result["status"] == "completed"
    assert set(result["config"]) == {
        "name", "seed", "device", "threads", "data", "model", "output"
    }  # fmt: skip
    assert "normalization" not in result["config"]["data"]
    assert result["config"]["model"] == {"type": "knn", "k": 5, "weights": "uniform"}
    assert result["model"] == {
        "type": "knn",
        "parameters": None,
        "macs": None,
        "layers": [],
        "input_shape": [1, 28, 28],
        "stored_bytes": 600 * 784,
    }
    assert result["epochs"] == []
    assert result["test"]["loss"] is None
    assert "calibration" not in result["test"]
    assert result["parameters_sha256"] is None
    assert result["timing"]["fit_seconds"] >= 0
    assert result["timing"]["evaluate_seconds"] > 0
    assert {row["probability"] for row in read_predictions(folder)} <= {0.2, 0.4, 0.6, 0.8, 1.0}
    assert bench("verify", folder).code == 0


def test_an_svm_records_its_support_vectors(bench, fitted):
    folder = fitted("svm")
    result = read_result(folder)
    assert result["config"]["model"] == {"type": "svm", "kernel": "rbf", "C": 10.0, "gamma": None}
    vectors = result["model"]["support_vectors"]
    assert 200 < vectors <= 600
    assert result["model"]["stored_bytes"] == vectors * (784 + 9 * 8) + 45 * 8
    assert all(row["probability"] <= 0.2 for row in read_predictions(folder))
    done = bench("verify", folder)
    assert done.code == 0, done


@pytest.mark.parametrize("key", [
    "training.epochs=2", "training.engine=native", "optimizer.learning_rate=0.1",
    "optimizer.type=adam", "data.normalization=unit",
])  # fmt: skip
def test_keys_of_networks_are_refused_by_name(bench, key):
    done = bench(*KNN, key)
    assert_refusal(done, 2, key, "belongs to networks", 'model.type is "knn"', "leave it out")


@pytest.mark.parametrize("arguments, words", [
    (("knn", "model.k=0"), ("model.k", "1 to 1000")),
    (("knn", "model.k=1001"), ("model.k", "1 to 1000")),
    (("knn", "model.k=601"), ("model.k is 601", "600 training images")),
    (("knn", "model.weights=cosine"), ("uniform", "distance")),
    (("knn", "model.C=1"), ("belongs to model.type \"svm\"",)),
    (("svm", "model.C=0"), ("model.C",)),
    (("svm", "model.gamma=0"), ("model.gamma",)),
    (("svm", "model.kernel=linear", "model.gamma=1"), ("linear kernel has no γ",)),
    (("mlp", "model.k=3"), ("belongs to model.type \"knn\"",)),
])  # fmt: skip
def test_settings_that_cannot_be_are_refused(bench, tmp_path, arguments, words):
    done = bench("run", *arguments, *FEW, "--output", "out")
    assert_refusal(done, 2, *words)
    assert_has_remedy(done)
    assert not (tmp_path / "out").exists()


def test_an_svm_of_a_single_image_is_refused_before_anything_is_made(bench, tmp_path):
    for command in (["run", "--output", "out"], ["config", "check"]):
        for keys in (["data.train_limit=1"], ["data.validation=59999"]):
            done = bench(*command, "svm", *CPU, *keys)
            assert_refusal(done, 2, "svm.json: ", "two classes", "only 1 training image")
            assert_has_remedy(done)
    assert not (tmp_path / "out").exists()
    assert bench("run", "svm", *CPU, "data.train_limit=2", "data.test_limit=9").code == 0


def test_a_gpu_is_refused_with_the_reason(bench):
    done = bench("run", "knn", "device=cuda")
    assert_refusal(done, 2, "k-NN and SVM compute on the CPU only", "device=cpu")


def test_both_ends_of_k_work(fitted):
    assert read_result(fitted("knn", "model.k=1"))["status"] == "completed"
    assert read_result(fitted("knn", "model.k=600", output="all"))["status"] == "completed"


@pytest.mark.parametrize("model", ["knn", "svm"])
def test_a_seed_and_threads_change_nothing(bench, tmp_path, model):
    few = ("data.train_limit=600", "data.test_limit=300")
    for seed, threads in ((1, 1), (2, 3)):
        done = bench("run", model, *few, f"seed={seed}", f"threads={threads}", "--output", f"{seed}")
        assert done.code == 0, done
    one, other = (tmp_path / f"{seed}/predictions.csv" for seed in (1, 2))
    assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("model", ["knn", "svm"])
def test_evaluate_fits_again_and_finds_the_runs_own_confusion_matrix(bench, fitted, model):
    folder = fitted(model)
    done = bench("evaluate", folder, "--transform", "identity", "--transform", "shift:dx=2")
    assert done.code == 0, done
    record = parse_json((folder / "evaluations/test/identity.json").read_text())
    result = read_result(folder)
    assert record["test"]["confusion_matrix"] == result["test"]["confusion_matrix"]
    assert record["run"] == {
        "config_hash": result["config_hash"],
        "seed": 1,
        "parameters_sha256": None,
        "engine": "classical",
    }
    assert record["engine"] == "classical"
    shifted = parse_json((folder / "evaluations/test/shift~dx=2.json").read_text())
    assert shifted["test"]["accuracy"] < record["test"]["accuracy"]
    assert "2 there already" in bench(
        "evaluate", folder, "--transform", "identity", "--transform", "shift:dx=2"
    ).stderr
    assert bench("verify", folder).code == 0
    assert_refusal(bench("evaluate", folder, "--engine", "native"), 2, "which no engine computes")
    assert_refusal(bench("evaluate", folder, "--device", "cuda"), 2, "on the CPU only")


def test_predict_asks_the_model_fitted_again(bench, fitted):
    folder = fitted("knn")
    row = read_predictions(folder)[0]
    images_file = SHIPPED_MNIST / "t10k-images-idx3-ubyte.gz"
    done = bench("predict", folder, images_file, "--json")
    assert done.code == 0, done
    answer = parse_json(done.stdout)["predictions"][row["index"]]
    assert answer["class"] == row["predicted"]
    assert answer["probability"] == 1
    assert sum(answer["probabilities"]) == 1


@pytest.mark.parametrize("model, share", [("knn", "100.0"), ("svm", "20.0")])
def test_predict_calls_shares_of_votes_by_their_name(bench, fitted, model, share):
    folder = fitted(model)
    done = bench("predict", folder, SHIPPED_MNIST / "t10k-images-idx3-ubyte.gz")
    assert done.code == 0, done
    lines = done.stdout.splitlines()
    assert all(line.endswith(" % of the votes)") for line in lines)
    assert any(line.endswith(f"({share} % of the votes)") for line in lines)


@pytest.mark.parametrize("command", [
    ("inspect", "{}", "-o", "x.html"), ("export", "{}", "-o", "x.onnx"), ("bench", "--inference", "{}"),
])  # fmt: skip
def test_what_needs_a_network_says_what_to_do_instead(bench, fitted, tmp_path, command):
    folder = fitted("knn")
    done = bench(*(str(folder) if word == "{}" else word for word in command))
    assert_refusal(done, 2, 'model.type "knn"', "no network", "evaluate")
    assert not (tmp_path / "x.html").exists()
    assert not (tmp_path / "x.onnx").exists()


@pytest.mark.parametrize("arguments", [("bench", "knn"), ("bench", "--inference", "knn")])
def test_bench_refuses_a_config_without_epochs(bench, arguments):
    done = bench(*arguments, "data.train_limit=100")
    assert_refusal(done, 2, 'model.type is "knn", which is no network', "the record of its run")


def test_a_report_shows_times_of_fitting_and_says_deterministic(bench, fitted, tmp_path):
    for seed in (1, 2):
        fitted("knn", f"seed={seed}", output=f"runs/knn/seed-{seed}")
    done = bench("report", "runs")
    assert done.code == 0, done
    assert "fit [s]" in done.stdout
    assert "predict [s]" in done.stdout
    assert "s/epoch" not in done.stdout
    assert "(deterministic)" in done.stdout
    assert "±" not in done.stdout.split("knn")[1].split("(deterministic)")[0]
    assert "has no finite value" not in done.stdout + done.stderr
    assert bench("report", "runs", "-o", "report.json", "-o", "report.html").code == 0
    group = read_json(tmp_path / "report.json")["groups"][0]
    accuracy = group["statistics"]["accuracy"]
    assert (accuracy["n"], accuracy["sd"], accuracy["deterministic"]) == (2, None, True)
    assert "loss" not in group["statistics"]
    assert group["statistics"]["fit_seconds"]["n"] == 2
    assert group["model"] == {"type": "knn", "stored_bytes": 470400, "support_vectors": None}


def test_one_run_compares_with_many_seeds_of_a_network(bench, fitted, tmp_path):
    fitted("knn")
    tiny = (*FEW, "training.engine=native", "training.epochs=1", "model.hidden=[4]")
    sweep = {"configs": [str(CONFIGS / "mlp.json")], "seeds": {"from": 2, "to": 7}, "output": "nets"}
    (tmp_path / "nets.json").write_text(json.dumps(sweep))
    done = bench("sweep", "nets.json", *tiny, "-q")
    assert done.code == 0, done
    done = bench("compare", "runs/knn", "nets")
    assert done.code == 0, done
    assert "A is deterministic: it has its one value at every seed" in done.stdout
    assert "A's accuracy is higher than B's" in done.stdout
    assert "p = 0.0312" in done.stdout
    assert "n too small" not in done.stdout
    networks = sorted((tmp_path / "nets").rglob("result.json"))
    done = bench("compare", "runs/knn/seed-1", networks[0].parent)
    assert done.code == 0, done
    assert "McNemar" in done.stdout


@pytest.mark.parametrize("model, key, values", [
    ("knn", "k", [1, 3, 5]), ("svm", "C", [0.1, 10.0]), ("svm", "gamma", [None, 0.05]),
])  # fmt: skip
def test_a_sweep_keeps_one_row_for_each_value(bench, tmp_path, model, key, values):
    sweep = {
        "configs": [str(CONFIGS / f"models/{model}.json")],
        "seeds": [1],
        "grid": {f"model.{key}": values},
        "output": "sweep",
    }
    (tmp_path / "sweep.json").write_text(json.dumps(sweep))
    done = bench("sweep", "sweep.json", *FEW)
    assert done.code == 0, done
    assert bench("report", "sweep", "-o", "report.json").code == 0
    groups = read_json(tmp_path / "report.json")["groups"]
    found = [group["config"]["model"][key] for group in groups]
    assert sorted(map(str, found)) == sorted(map(str, values))
    if model == "svm":
        told = re.search(r" on 1 worker, (\d+) % of it training$", done.stderr, re.M)
        assert int(told[1]) > 0, done.stderr


def test_a_sweep_over_seeds_says_before_it_begins_that_they_change_nothing(bench, tmp_path):
    sweep = {"configs": [str(CONFIGS / "models/knn.json")], "seeds": [1, 2], "output": "sweep"}
    (tmp_path / "sweep.json").write_text(json.dumps(sweep))
    done = bench("sweep", "sweep.json", *FEW, "-q")
    assert done.code == 0, done
    assert done.stderr.count('a seed changes nothing with model.type "knn"') == 1
    done = bench("sweep", "sweep.json", *FEW, "-q")
    assert "a seed changes nothing" not in done.stderr  # nothing is left to train


def test_expectations_hold_and_fail(bench):
    assert bench(*KNN, "--expect", "accuracy>=0.5", "--output", "a").code == 0
    done = bench(*KNN, "--expect", "loss<=1", "--output", "b")
    assert_refusal(done, 2, "--expect loss: this experiment has no loss")


@pytest.mark.parametrize("change, words", [
    ({"status": "interrupted", "error": "x"}, ("fitted and tested",)),
    ({"parameters_sha256": "0" * 64}, ("parameters_sha256",)),
    ({"timing.fit_seconds": None}, ("fitted",)),
    ({"model.stored_bytes": None}, ("stored_bytes",)),
    ({"model.support_vectors": 3}, ("support_vectors",)),
    ({"test": None}, ("not fitted and tested",)),
])  # fmt: skip
def test_a_record_that_contradicts_itself_is_refused(bench, fitted, change, words):
    folder = fitted("knn")
    result = read_result(folder)
    for key, value in change.items():
        *parents, name = key.split(".")
        place = result
        for parent in parents:
            place = place[parent]
        if value is None and parents:
            del place[name]
        else:
            place[name] = value
    write_result(folder, result)
    done = bench("verify", folder)
    assert done.code == 6, done
    for word in words:
        assert word in done.stdout + done.stderr


def test_files_of_a_network_are_none_of_its(bench, fitted):
    folder = fitted("knn")
    (folder / "epochs.jsonl").write_text("")
    done = bench("verify", folder)
    assert done.code == 6, done
    assert "epochs.jsonl: is not this run's" in done.stdout + done.stderr


def test_other_training_data_are_noticed_before_a_prediction(bench, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    for file in SHIPPED_MNIST.glob("*.gz"):
        (data / file.name).write_bytes(file.read_bytes())
    own = (f"data.directory={data}", "data.dataset=own", *FEW)
    assert bench("run", "knn", *own, "--output", "own", "-q").code == 0
    name = "train-labels-idx1-ubyte"
    changed = bytearray(gzip.decompress((data / f"{name}.gz").read_bytes()))
    changed[-1] = (changed[-1] + 1) % 10
    (data / f"{name}.gz").write_bytes(gzip.compress(bytes(changed)))
    done = bench("evaluate", "own")
    assert_refusal(done, 3, "are not those that it was fitted to")


def test_ctrl_c_ends_a_fit_with_a_record_and_resume_starts_over(bench, start, tmp_path):
    folder = tmp_path / "out"
    process = start(
        *("run", "svm", *CPU, "data.train_limit=10000", "data.test_limit=50", "--output", folder)
    )
    wait_until(lambda: (folder / "config.json").exists())
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 75, errors
    result = read_result(folder)
    assert result["status"] == "interrupted"
    assert result["error"] == "interrupted while fitting"
    assert result["test"] is None
    assert "fit_seconds" not in result["timing"]
    assert temporary_files(folder) == []
    assert b"--resume" in errors
    assert bench("verify", folder).code == 0


def test_an_unfinished_run_is_fitted_from_the_start(bench, start, tmp_path):
    folder = tmp_path / "out"
    process = start("run", "knn", *CPU, "--output", folder)
    wait_until(lambda: (folder / "config.json").exists())
    process.kill()
    process.communicate()
    done = bench(*KNN, "--output", folder, "--resume")
    assert_refusal(done, 2, "data.test_limit: null → 300")
    assert {path.name for path in folder.iterdir()} <= FILES


def test_summary_and_config_know_them(bench):
    done = bench("summary", "knn", "--json")
    summary = parse_json(done.stdout)
    assert (summary["type"], summary["parameters"], summary["layers"]) == ("knn", None, [])
    assert bench("summary", "svm").stdout == "svm: no layers\n"
    assert bench("config", "check", "svm", "model.gamma=0.05").code == 0
    done = bench("config", "check", "knn", "data.train_limit=3", "model.k=4")
    assert_refusal(done, 2, "model.k is 4, but there are only 3 training images")
