"""`compare`: two runs image by image, two groups seed by seed, and what it refuses."""

import json
import shutil

import pytest
from conftest import run_binary
from support import (
    CONFIGS,
    CPU,
    SMALL,
    SMOKE,
    assert_has_remedy,
    assert_refusal,
    parse_json,
    read_predictions,
    read_result,
    write_result,
)


@pytest.fixture(scope="module", name="home")
def fixture_home(tmp_path_factory):
    """narrow/ and wide/, each with seeds 1 and 2; wide/ also has seed 3."""
    home = tmp_path_factory.mktemp("compare")
    for name, hidden, seeds in (("narrow", "[8]", (1, 2)), ("wide", "[64]", (1, 2, 3))):
        for seed in seeds:
            done = run_binary(
                "run", SMOKE, *SMALL, f"seed={seed}", f"name={name}", f"model.hidden={hidden}",
                "--output", f"{name}/seed-{seed}", "--quiet", cwd=home,
            )  # fmt: skip
            assert done.code == 0, done
    return home


def test_a_run_without_predictions_is_refused_with_its_status(bench, finished_run, tmp_path):
    done = bench("run", SMOKE, *SMALL, "optimizer.learning_rate=1e30", "--output", "diverged")
    assert done.code == 1
    refused = bench("compare", "diverged", finished_run)
    assert_refusal(refused, 2, "diverged has no predictions", "loss is no longer finite")


def test_two_runs_are_paired_by_image(bench, home):
    done = bench("compare", "narrow/seed-1", "wide/seed-1", "--json", cwd=home)
    assert (done.code, done.stderr) == (0, "")
    found = parse_json(done.stdout)
    assert (found["schema"], found["kind"]) == ("mnist-bench.compare/1", "runs")
    right = {}
    for name in ("narrow", "wide"):
        right[name] = {
            row["index"]: row["true"] == row["predicted"]
            for row in read_predictions(home / name / "seed-1")
        }
    pairs = [(right["narrow"][index], right["wide"][index]) for index in right["narrow"]]
    assert found["images"] == {
        "total": 200,
        "both_right": pairs.count((True, True)),
        "only_a_right": pairs.count((True, False)),
        "only_b_right": pairs.count((False, True)),
        "both_wrong": pairs.count((False, False)),
    }
    text = bench("compare", "narrow/seed-1", "wide/seed-1", cwd=home).stdout
    assert text.startswith("A  narrow seed 1 (narrow/seed-1): ")
    assert "\nB  wide seed 1 (wide/seed-1): " in text
    assert "McNemar's test" in text
    assert "model.hidden [8] → [64]" in text


def test_the_other_way_round_the_difference_changes_its_sign(bench, home):
    ab = parse_json(bench("compare", "narrow/seed-1", "wide/seed-1", "--json", cwd=home).stdout)
    ba = parse_json(bench("compare", "wide/seed-1", "narrow/seed-1", "--json", cwd=home).stdout)
    assert ab["difference"]["b_minus_a"] == -ba["difference"]["b_minus_a"]
    assert ab["mcnemar"]["p"] == ba["mcnemar"]["p"]


def test_two_groups_are_paired_by_seed(bench, home):
    done = bench("compare", "narrow", "wide", "--json", cwd=home)
    assert (done.code, done.stderr) == (0, "")
    found = parse_json(done.stdout)
    assert (found["kind"], found["seeds"], found["only_in_b"]) == ("groups", [1, 2], [3])
    accuracy = {
        name: [read_result(home / name / f"seed-{seed}")["test"]["accuracy"] for seed in (1, 2)]
        for name in ("narrow", "wide")
    }
    assert found["measures"]["accuracy"]["b_minus_a_by_seed"] == pytest.approx(
        [b - a for a, b in zip(accuracy["narrow"], accuracy["wide"], strict=True)]
    )
    text = bench("compare", "narrow", "wide", cwd=home).stdout
    assert "paired by seeds 1, 2\n" in text
    assert "left out, only in B: seed 3" in text
    assert "n too small: with 2 seeds the smallest possible p is 2/2^2 = 0.5" in text


def test_one_seed_each_points_to_the_predictions(bench, home, tmp_path):
    for name in ("narrow", "wide"):
        shutil.copytree(home / name / "seed-1", tmp_path / name / "seed-1")
    done = bench("compare", "narrow", "wide")
    assert done.code == 0
    assert "One seed shows no scatter" in done.stdout


# Equivalence


@pytest.fixture(scope="module", name="engines")
def fixture_engines(tmp_path_factory):
    """The runs folder of a sweep over both engines, as configs/equivalence has it."""
    home = tmp_path_factory.mktemp("engines")
    sweep = home / "sweep.json"
    sweep.write_text(
        json.dumps(
            {
                "configs": [str(CONFIGS / "mlp.json")],
                "seeds": [1, 2, 3],
                "grid": {"training.engine": ["libtorch", "native"]},
                "output": "runs",
            }
        )
    )
    done = run_binary("sweep", sweep, *SMALL, "training.epochs=1", "--quiet", cwd=home)
    assert done.code == 0, done
    return home / "runs/mlp"


def sides(engines):
    return engines / "training.engine=libtorch", engines / "training.engine=native"


def test_engines_are_equivalent_within_a_margin_that_is_wide_enough(bench, engines):
    done = bench("compare", *sides(engines), "--equivalence", "99")
    assert (done.code, done.stderr) == (0, "")
    assert "\ndiffering: training.engine libtorch → native\n" in done.stdout
    assert "A  mlp training.engine=libtorch (" in done.stdout
    assert "\nequivalence within ± 99.00 points of accuracy" in done.stdout
    assert "Equivalent within ± 99.00 points: the 90 % interval" in done.stdout


def test_what_is_not_shown_ends_in_exit_code_1_after_the_result(bench, engines):
    done = bench("compare", *sides(engines), "--equivalence", "0.0001")
    assert_refusal(done, 1, "error: Not shown to be equivalent within ± 0.0001 points: ")
    conclusion = done.stderr.removeprefix("error: ").strip()
    assert conclusion in done.stdout


def test_json_holds_the_test_that_decides_the_exit_code(bench, engines):
    differences = [
        read_result(b / f"seed-{seed}")["test"]["accuracy"]
        - read_result(a / f"seed-{seed}")["test"]["accuracy"]
        for a, b in [sides(engines)]
        for seed in (1, 2, 3)
    ]
    mean = sum(differences) / 3
    sd = (sum((d - mean) ** 2 for d in differences) / 2) ** 0.5
    images = read_result(sides(engines)[0] / "seed-1")["test"]["samples"]
    half = 2.919985580 * sd / 3**0.5 + 0.5 / (3 * images)  # t(0.95, 2), and half an image
    for points, equivalent in (("99", True), ("1e-4", False)):
        done = bench("compare", *sides(engines), "--json", "--equivalence", points)
        assert done.code == (0 if equivalent else 1)
        test = parse_json(done.stdout)["equivalence"]
        assert test["margin"] == pytest.approx(float(points) / 100)
        assert (test["n"], test["equivalent"]) == (3, equivalent)
        assert test["ci90"] == pytest.approx([mean - half, mean + half])
        assert (test["p"] < 0.05) is equivalent
        assert (test["reason"] is None) is equivalent
    plain = parse_json(bench("compare", *sides(engines), "--json").stdout)
    assert plain["equivalence"] is None


def test_a_group_is_equivalent_to_its_copy_as_far_as_its_images_tell(bench, engines, tmp_path):
    native = sides(engines)[1]
    shutil.copytree(native, tmp_path / "copy")
    done = bench("compare", native, "copy", "--equivalence", "20")
    assert done.code == 0, done
    assert "The seeds scatter by an SD of 0.0 points, less than 200 independent" in done.stdout
    # 0.1 points are a fifth of one of the 200 images.
    assert_refusal(bench("compare", native, "copy", "--equivalence", "0.1"), 1, "Not shown")


def test_equal_accuracies_in_two_seeds_are_not_shown_to_be_equivalent(bench, engines, tmp_path):
    for name in ("one", "two"):
        for seed in (1, 2):
            shutil.copytree(sides(engines)[1] / f"seed-{seed}", tmp_path / name / f"seed-{seed}")
    done = bench("compare", "one", "two", "--equivalence", "50")
    assert_refusal(done, 1, "too few seeds, n = 2")
    assert parse_json(bench("compare", "one", "two", "--equivalence", "50", "--json").stdout)[
        "equivalence"
    ]["reason"] == "too_few_seeds"


def test_one_seed_each_is_not_shown_to_be_equivalent(bench, engines, tmp_path):
    for side in sides(engines):
        shutil.copytree(side / "seed-1", tmp_path / side.name / "seed-1")
    names = [side.name for side in sides(engines)]
    done = bench("compare", *names, "--equivalence", "100")
    assert_refusal(done, 1, "Not shown to be equivalent", "too few seeds, n = 1")
    assert "not tested, n = 1" in done.stdout


def test_equivalence_of_two_single_runs_is_refused(bench, home):
    done = bench("compare", "narrow/seed-1", "wide/seed-1", "--equivalence", "0.1", cwd=home)
    assert_refusal(done, 2, "narrow/seed-1 and wide/seed-1 are single runs")
    assert_has_remedy(done)
    assert done.stdout == ""


@pytest.mark.parametrize("margin", ["0", "-0.1", "100.1", "nan", "inf", "x", "0.1%", ""])
def test_a_margin_that_is_none_is_refused(bench, home, margin):
    for words in ([f"--equivalence={margin}"], ["--equivalence", margin]):
        done = bench("compare", "narrow", "wide", *words, cwd=home)
        assert_refusal(done, 2, "--equivalence")
        assert margin == "" or "allowed: a margin > 0 and ≤ 100" in done.stderr
        assert done.stdout == ""


# Not worse


def test_not_worse_asks_about_one_side_only(bench, home, tmp_path):
    """Of 200 images the wide network has more right: it is not worse, the narrow one not shown."""
    for name in ("narrow", "wide"):
        for seed in (1, 2, 3):
            source = home / name / f"seed-{min(seed, 2)}"
            shutil.copytree(source, tmp_path / name / f"seed-{seed}")
            if seed == 3:  # a third seed of its own
                result = read_result(tmp_path / name / "seed-3")
                result["config"]["seed"] = 3
                result["parameters_sha256"] = "3" * 64
                write_result(tmp_path / name / "seed-3", result)
    done = bench("compare", "wide", "narrow", "--not-worse", "5")
    assert (done.code, done.stderr) == (0, "")
    assert "A is not worse than B by more than 5.00 points: the one-sided 95 % upper bound of B - A, " in done.stdout
    turned = bench("compare", "narrow", "wide", "--not-worse", "5")
    assert_refusal(turned, 1, "error: A may be worse than B by more than 5.00 points: the one-sided 95 % upper bound of B - A, ")
    assert turned.stderr.removeprefix("error: ").strip() in turned.stdout
    done = bench("compare", "narrow", "wide", "--not-worse", "5", "--json")
    found = parse_json(done.stdout)
    differences = found["measures"]["accuracy"]["b_minus_a_by_seed"]
    mean = sum(differences) / 3
    sd = (sum((d - mean) ** 2 for d in differences) / 2) ** 0.5
    sd = max(sd, (0.05 * 0.95 / 200) ** 0.5)
    bound = mean + 2.919985580 * sd / 3**0.5 + 0.5 / (3 * 200)  # t(0.95, 2), and half an image
    assert (done.code, found["not_worse"]["not_worse"], found["equivalence"]) == (1, False, None)
    assert found["not_worse"]["b_minus_a_at_most"] == pytest.approx(bound)
    assert "not_worse" not in parse_json(bench("compare", "narrow", "wide", "--json").stdout)


@pytest.mark.parametrize("margin", ["0", "-1", "100.1", "nan", "x", ""])
def test_a_bound_that_is_none_is_refused(bench, home, margin):
    done = bench("compare", "narrow", "wide", f"--not-worse={margin}", cwd=home)
    assert_refusal(done, 2, "--not-worse")
    assert done.stdout == ""


def test_not_worse_is_refused_beside_equivalence_and_for_single_runs(bench, home):
    done = bench("compare", "narrow", "wide", "--not-worse", "1", "--equivalence", "1", cwd=home)
    assert_refusal(done, 2, "--not-worse", "--equivalence")
    done = bench("compare", "narrow/seed-1", "wide/seed-1", "--not-worse", "1", cwd=home)
    assert_refusal(done, 2, "--not-worse is for two groups of seeds")
    assert_has_remedy(done)


# More than two groups


def test_three_groups_are_compared_pair_by_pair(bench, home, tmp_path):
    for name in ("narrow", "wide"):
        shutil.copytree(home / name, tmp_path / name)
    for seed in (1, 2):
        done = bench("run", SMOKE, *SMALL, f"seed={seed}", "name=third", "model.hidden=[24]",
                     "--output", f"third/seed-{seed}", "--quiet")  # fmt: skip
        assert done.code == 0, done
    done = bench("compare", "narrow", "wide", "third", "--json")
    assert (done.code, done.stderr) == (0, "")
    family = parse_json(done.stdout)
    assert [group["label"] for group in family["groups"]] == ["narrow", "wide", "third"]
    p_values = {}
    for pair in family["comparisons"]:
        sides = [family["groups"]["ABC".index(pair[side]["group"])]["label"] for side in "ab"]
        alone = parse_json(bench("compare", *sides, "--json").stdout)
        assert pair["measures"] == alone["measures"]
        assert pair["sign_flip"] == alone["sign_flip"]
        p_values[tuple(sides)] = (pair["sign_flip"]["p"], pair["judgement"]["adjusted_p"])
    assert list(p_values) == [("narrow", "wide"), ("narrow", "third"), ("wide", "third")]
    least = 0
    for i, (p, adjusted) in enumerate(sorted(p_values.values())):  # Holm, step by step
        least = max(least, min(1, (3 - i) * p))
        assert adjusted == pytest.approx(least)
    text = bench("compare", "narrow", "wide", "third").stdout
    assert "C  third (third), n = 2\n" in text
    assert "left out of B - A, only in B: seed 3\n" in text
    assert "Of 3 comparisons of accuracy, 0 are shown." in text


def test_many_groups_have_no_margin_no_copy_and_no_single_run(bench, home):
    for option in ("--equivalence", "--not-worse"):
        done = bench("compare", "narrow", "wide", home / "wide/..", option, "1", cwd=home)
        assert_refusal(done, 2, f"{option} is for two groups of seeds, not for 3")
        assert_has_remedy(done)
    done = bench("compare", "narrow", "wide", "./narrow", cwd=home)
    assert_refusal(done, 2, "narrow and ./narrow are the same folder")
    done = bench("compare", "narrow", "wide", "wide/seed-1", cwd=home)
    assert_refusal(done, 2, "wide/seed-1 is a single run and narrow a folder of runs")
    runs = ("narrow/seed-1", "narrow/seed-2", "wide/seed-1")
    assert_refusal(bench("compare", *runs, cwd=home), 2, "3 single runs", "two at a time")


# Refusals


def test_refuses_a_folder_of_several_experiments_and_lists_them(bench, home):
    done = bench("compare", ".", "wide", cwd=home)
    assert_refusal(done, 2, "2 experiments", "narrow (n = 2", "wide (n = 3")
    assert_has_remedy(done)


@pytest.mark.parametrize(
    ("sides", "code", "words"),
    [
        (("wide", "wide"), 2, ["the same folder"]),
        (("wide", "./wide/../wide"), 2, ["the same folder"]),
        (("wide/seed-1", "narrow"), 2, ["wide/seed-1 is a single run"]),
        (("wide", "nowhere"), 6, ["there is no folder nowhere"]),
        (("wide",), 2, ["B is required"]),
    ],
)
def test_refuses_sides_that_are_no_pair(bench, home, sides, code, words):
    done = bench("compare", *sides, cwd=home)
    assert_refusal(done, code, *words)
    assert_has_remedy(done)


def test_refuses_other_test_images(bench, home):
    limits = ("data.train_limit=300", "data.test_limit=100")
    done = bench("run", SMOKE, *CPU, *limits, "--output", "short/seed-1", "--quiet", cwd=home)
    assert done.code == 0, done
    for sides in (("wide/seed-1", "short/seed-1"), ("wide", "short")):
        done = bench("compare", *sides, cwd=home)
        assert_refusal(done, 2, "not tested on the same images", "test_limit 200", "test_limit 100")
        assert_has_remedy(done)
    shutil.rmtree(home / "short")


def test_refuses_a_run_that_did_not_complete(bench, home, tmp_path):
    shutil.copytree(home / "wide/seed-1", tmp_path / "cut")
    result = read_result(tmp_path / "cut")
    write_result(tmp_path / "cut", {**result, "status": "failed", "error": "no space left"})
    assert_refusal(bench("compare", home / "narrow/seed-1", "cut"), 2, "cut", "failed")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda text: None, ["cannot read"]),
        (lambda text: "", ["there is no prediction"]),
        (lambda text: text[:-3], ["line 201", "cut short"]),
        (lambda text: text.replace("true", "truth", 1), ["line 1", "header"]),
        (lambda text: text + text.splitlines()[1] + "\n", ["line 202", "twice"]),
        (lambda text: text + "x,1,1,0.5\n", ["line 202", "x,1,1,0.5"]),
        (lambda text: "\n".join(text.splitlines()[:-1]) + "\n", ["confusion matrix"]),
        (lambda text: text + "99999,1,1,0.5,2,0.1\n", ["confusion matrix"]),
        (lambda text: "\0" * 1000, ["line 1"]),
    ],
)
def test_refuses_predictions_that_are_damaged(bench, home, tmp_path, damage, words):
    shutil.copytree(home / "wide/seed-1", tmp_path / "wide")
    file = tmp_path / "wide/predictions.csv"
    text = damage(file.read_text())
    if text is None:
        file.unlink()
    else:
        file.write_text(text)
    assert_refusal(bench("compare", home / "narrow/seed-1", "wide"), 6, "predictions.csv", *words)


def test_groups_do_not_need_the_predictions(bench, home, tmp_path):
    for name in ("narrow", "wide"):
        shutil.copytree(home / name, tmp_path / name)
    for file in tmp_path.glob("*/*/predictions.csv"):
        file.unlink()
    assert bench("compare", "narrow", "wide").code == 0
