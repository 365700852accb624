"""KEY=VALUE after the config, seen through `config show` and in a real run."""

import pytest
from conftest import run_binary
from support import SMALL, SMOKE, assert_has_remedy, assert_refusal, parse_json, read_result


def shown(bench, *overrides):
    done = bench("config", "show", SMOKE, *overrides)
    assert done.code == 0, done
    return parse_json(done.stdout)


@pytest.fixture(scope="module", name="plain")
def fixture_plain(tmp_path_factory):
    return parse_json(run_binary("config", "show", SMOKE, cwd=tmp_path_factory.mktemp("plain")).stdout)


@pytest.mark.parametrize(
    ("override", "section", "key", "value"),
    [
        ("training.epochs=3", "training", "epochs", 3),
        ("optimizer.learning_rate=5e-4", "optimizer", "learning_rate", 5e-4),
        ("data.normalization=unit", "data", "normalization", "unit"),
        ('data.normalization="unit"', "data", "normalization", "unit"),
        ("model.hidden=[64, 32]", "model", "hidden", [64, 32]),
        ("data.train_limit=null", "data", "train_limit", None),
    ],
    ids=["integer", "real", "bare string", "quoted string", "list", "null"],
)
def test_override_of_each_form_sets_its_key_alone(bench, plain, override, section, key, value):
    changed = shown(bench, override)
    assert changed[section][key] == value
    changed[section][key] = plain[section][key]
    assert changed == plain


def test_overrides_reach_the_run(bench, tmp_path):
    overrides = ("seed=7", "training.batch_size=50", "model.hidden=[16]", "optimizer.beta1=0.5")
    done = bench("run", SMOKE, *SMALL, *overrides, "--output", "out")
    assert done.code == 0, done
    result = read_result(tmp_path / "out")
    assert result["config"]["seed"] == 7
    assert result["config"]["training"]["batch_size"] == 50
    assert result["model"]["parameters"] == 785 * 16 + 17 * 10
    assert result["config"]["optimizer"]["beta1"] == 0.5
    assert result["provenance"]["threads"] == 1


def test_overrides_may_stand_after_options(bench, tmp_path):
    done = bench("run", SMOKE, "--output", "out", "--expect", "accuracy>=0", *SMALL, "seed=9")
    assert done.code == 0, done
    assert read_result(tmp_path / "out")["config"]["seed"] == 9


def test_same_option_as_key_and_flag_is_one_override_too_many(bench):
    done = bench("run", SMOKE, *SMALL, "output=a", "--output", "b")
    assert_refusal(done, 2, "output", "twice")


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("trainig.epochs=1", ["trainig.epochs=1", "training.epochs"]),
        ("training.epochs=0", ["/training/epochs", "0", "1"]),
        ("training.epochs=1.5", ["/training/epochs", "1.5", "integer"]),
        ("device=gpu", ["/device", "gpu", "cuda"]),
        ("optimizer.learning_rate=1e400", ["/optimizer/learning_rate", "1e400"]),
        ("name=../x", ["/name", "../x"]),
        ("seed", ["seed", "KEY=VALUE"]),
        (".seed=1", [".seed", "dot"]),
        ("training..epochs=1", ["training..epochs", "dot"]),
        ("seed=3 // three", ["/seed", "integer"]),
    ],
)
def test_wrong_override_is_refused_naming_it_and_what_is_allowed(bench, tmp_path, override, words):
    done = bench("run", SMOKE, override)
    assert_refusal(done, 2, *words)
    assert_has_remedy(done)
    assert done.stdout == ""
    assert not (tmp_path / "runs").exists()
