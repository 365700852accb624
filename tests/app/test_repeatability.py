"""The same config gives bit-identical parameters, in separate processes."""

import pytest
from support import CNN, SMOKE, read_epochs, read_predictions, read_result

SMALL = ("device=cpu", "data.train_limit=128", "data.test_limit=50", "training.epochs=1")
MLP_RUN = (SMOKE, *SMALL)
CNN_RUN = (CNN, *SMALL)


def outcome(bench, folder, *arguments):
    """Everything of a run that must repeat."""
    done = bench("run", *arguments, "--output", folder)
    assert done.code == 0, done
    result = read_result(folder)
    unrepeatable = ("train_seconds", "evaluate_seconds", "images_per_second")
    epochs = [
        {key: value for key, value in epoch.items() if key not in unrepeatable}
        for epoch in read_epochs(folder)
    ]
    return result["parameters_sha256"], epochs, result["test"], read_predictions(folder)


@pytest.mark.parametrize("run", [MLP_RUN, CNN_RUN], ids=["mlp", "cnn"])
@pytest.mark.parametrize("threads", ["threads=null", "threads=1"])
def test_same_config_gives_the_same_run(bench, tmp_path, run, threads):
    first = outcome(bench, tmp_path / "a", *run, threads)
    second = outcome(bench, tmp_path / "b", *run, threads)
    assert first == second


@pytest.mark.parametrize("run", [MLP_RUN, CNN_RUN], ids=["mlp", "cnn"])
def test_another_seed_gives_other_parameters(bench, tmp_path, run):
    first = outcome(bench, tmp_path / "a", *run, "threads=1", "seed=1")
    second = outcome(bench, tmp_path / "b", *run, "threads=1", "seed=2")
    assert first[0] != second[0]


def test_more_epochs_begin_with_the_same_epochs(bench, tmp_path):
    run = (*MLP_RUN[:-1], "threads=1")
    one = outcome(bench, tmp_path / "a", *run, "training.epochs=1")
    three = outcome(bench, tmp_path / "b", *run, "training.epochs=3")
    assert three[1][:1] == one[1]
    assert len(three[1]) == 3
