"""training.engine: both engines train the same networks, and each continues the other's runs."""

import pytest
from support import (
    CONFIGS,
    assert_has_remedy,
    assert_refusal,
    read_epochs,
    read_predictions,
    read_result,
)

MODELS = ("mlp", "cnn")
# Enough for both models to beat guessing by far; a second or two in either engine.
SHORT = ("device=cpu", "data.train_limit=2000", "data.test_limit=500", "training.epochs=2")
ENDLESS = ("threads=1", *SHORT[:-1], "training.epochs=100000")
NO_DROPOUT = {"mlp": ("model.dropout=0",), "cnn": ("model.dropout=0", "model.dropout2d=0"),
              "models/logistic": (), "models/lenet5": ()}
OTHERS = ("models/logistic", "models/lenet5", "models/resnet8")


@pytest.fixture
def train(bench, tmp_path):
    def run(model, engine, output, *arguments, threads=1):
        done = bench(
            *("run", CONFIGS / f"{model}.json", *SHORT, f"training.engine={engine}", *arguments),
            *(f"threads={threads}", "--output", output),
        )
        assert done.code == 0, done
        return tmp_path / output

    return run


# Not of ResNet-8: after 64 steps its running statistics make of a rounding some percent of the loss.
@pytest.mark.parametrize("model", NO_DROPOUT)
def test_the_engines_agree_where_nothing_is_left_to_chance(train, model):
    folders = [train(model, engine, engine, *NO_DROPOUT[model]) for engine in ("libtorch", "native")]
    libtorch, native = map(read_epochs, folders)
    for ours, reference in zip(native, libtorch, strict=True):
        assert ours["train_loss"] == pytest.approx(reference["train_loss"], rel=2e-3)
        assert ours["test"]["loss"] == pytest.approx(reference["test"]["loss"], rel=1e-2)
    same = [
        a["predicted"] == b["predicted"] for a, b in zip(*map(read_predictions, folders), strict=True)
    ]
    assert sum(same) >= 0.98 * len(same)


@pytest.mark.parametrize("model", MODELS)
def test_the_record_names_engine_and_instructions(train, model):
    result = read_result(train(model, "native", "out"))
    assert result["config"]["training"]["engine"] == "native"
    assert {epoch["engine"] for epoch in result["epochs"]} == {"native"}
    assert result["provenance"]["simd"]
    assert result["test"]["accuracy"] > 0.7


@pytest.mark.parametrize("model", MODELS)
def test_a_native_run_on_all_of_mnist_stays_below_350_megabytes(
    bench, finished_run, tmp_path, model
):
    """Everything included: LibTorch's libraries are loaded for the initial parameters."""
    if read_result(finished_run)["provenance"]["build_type"] != "Release":
        pytest.skip("a sanitizer has memory of its own")
    done = bench(
        *("run", CONFIGS / f"{model}.json", "training.engine=native", "training.epochs=1"),
        *("device=cpu", "threads=2", "--output", "out"),
        timeout=240,
    )
    assert done.code == 0, done
    result = read_result(tmp_path / "out")
    assert result["data"]["train"]["samples"] == 60000
    assert 0 < result["timing"]["peak_rss_bytes"] <= 350e6


@pytest.mark.parametrize("model", [*MODELS, *OTHERS])
def test_native_runs_are_bit_identical_on_any_number_of_threads(train, model):
    results = [
        read_result(train(model, "native", name, threads=threads))
        for name, threads in (("one", 1), ("again", 1), ("two", 2), ("many", 5))
    ]
    assert len({result["parameters_sha256"] for result in results}) == 1
    assert len({str(result["test"]["confusion_matrix"]) for result in results}) == 1


@pytest.mark.parametrize("model", [*MODELS, "models/resnet8"])
@pytest.mark.parametrize(("first", "second"), [("libtorch", "native"), ("native", "libtorch")])
def test_a_checkpoint_of_one_engine_resumes_in_the_other(
    start, train, bench, tmp_path, model, first, second
):
    endless = ("run", CONFIGS / f"{model}.json", *ENDLESS, "--output", "out")
    process = start(*endless, f"training.engine={first}")
    while not (tmp_path / "out/checkpoint.safetensors").exists():
        assert process.poll() is None
    process.terminate()
    assert process.wait() == 75
    done = len(read_epochs(tmp_path / "out"))
    second_leg = start(*endless, f"training.engine={second}", "--resume")
    while len(read_epochs(tmp_path / "out")) == done:
        assert second_leg.poll() is None
    second_leg.terminate()
    assert second_leg.wait() == 75
    result = read_result(tmp_path / "out")
    assert result["provenance"]["resumed_after"] == [done]
    engines = [epoch["engine"] for epoch in result["epochs"]]
    assert engines == [first] * done + [second] * (len(engines) - done)
    assert len(engines) > done
    # It continues from there rather than from the start.
    assert result["epochs"][done]["train_loss"] < result["epochs"][0]["train_loss"]


def test_a_finished_run_of_one_engine_is_not_taken_for_the_others(train, bench, tmp_path):
    train("mlp", "native", "out")
    refused = bench(
        "run", CONFIGS / "mlp.json", *SHORT, "threads=1", "--output", "out", "--resume"
    )
    assert_refusal(refused, 2, "training.engine", "native", "libtorch")


def test_the_native_engine_refuses_other_devices(bench):
    refused = bench("run", CONFIGS / "mlp.json", "device=cuda", "training.engine=native")
    assert_refusal(refused, 2, "native", "'cuda'", "device=cpu")


def test_a_dropout_next_to_one_and_a_tiny_epsilon_train(bench):
    for number, keys in enumerate([("model.dropout=0.99999999999",), ("optimizer.epsilon=1e-40",)]):
        done = bench("run", CONFIGS / "mlp.json", *SHORT, "training.engine=native", *keys,
                     "--output", f"out-{number}")  # fmt: skip
        assert done.code == 0, done
