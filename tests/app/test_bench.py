"""`bench`: times of both engines, as tables and in Google Benchmark's JSON."""

import importlib.util
import subprocess
from pathlib import Path

import pytest
from support import CNN, CONFIGS, assert_refusal, parse_json, read_json

MLP = CONFIGS / "mlp.json"
COMPARE = Path("/usr/share/benchmark/compare.py")
SHORT = (MLP, "data.train_limit=640", "--threads", "1")


@pytest.fixture
def finished(bench, tmp_path):
    done = bench("bench", *SHORT, "--rounds", "2", "--output", "bench.json")
    assert done.code == 0, done
    return done, tmp_path / "bench.json"


def test_times_both_engines_in_turn(finished):
    done, file = finished
    assert [line.split(":")[0] for line in done.stderr.splitlines() if "round" in line] == [
        "round 1 of 2", "round 1 of 2", "round 2 of 2", "round 2 of 2",
    ]  # fmt: skip
    json = read_json(file)
    iterations = [line for line in json["benchmarks"] if line["run_type"] == "iteration"]
    assert [line["name"] for line in iterations] == [
        *2 * ["mlp/libtorch/threads:1"],
        *2 * ["mlp/native/threads:1"],
    ]
    for line in iterations:
        assert line["real_time"] > 0
        assert line["cpu_time"] > 0
        assert line["items_per_second"] == pytest.approx(640 / (line["real_time"] / 1000))
    assert json["context"]["json_schema_version"] == 1


def test_says_what_the_machine_can_do_and_where_the_time_goes(finished):
    done, file = finished
    own = read_json(file)["mnist_bench"]
    assert own["schema"] == "mnist-bench.bench/1"
    assert len(own["probes"][0]["fma_flop_per_second"]) == 2
    # 2 · (3 · 234,752 − 200,704)
    assert {series["dense_flop_per_image"] for series in own["series"]} == {1_007_104}
    for series in own["series"]:
        assert sum(phase["seconds"] for phase in series["phases"]) > 0
    for heading in ("training [s/epoch]", "FMA peak [GFLOP/s]", "phase of a step"):
        assert heading in done.stdout


def test_times_the_mean_of_several_epochs_on_request(bench):
    done = bench("bench", *SHORT, "--engines", "native", "--rounds", "2", "--epochs", "3", "--json")
    assert done.code == 0, done
    lines = [line for line in parse_json(done.stdout)["benchmarks"]
             if line["run_type"] == "iteration"]  # fmt: skip
    assert [line["iterations"] for line in lines] == [3, 3]
    assert {line["name"] for line in lines} == {"mlp/native/threads:1/epochs:3"}
    for line in lines:
        assert line["items_per_second"] == pytest.approx(640 / (line["real_time"] / 1000))


def test_prints_json_on_request(bench):
    done = bench("bench", *SHORT, "--engines", "native", "--rounds", "1", "--json", "--quiet")
    assert done.code == 0, done
    assert parse_json(done.stdout)["benchmarks"][0]["name"] == "mlp/native/threads:1"


def test_keeps_both_engines_to_the_instructions_that_are_named(bench):
    findings = parse_json(bench("doctor", "--json").stdout)["findings"]
    simd = next(item["found"] for item in findings if item["what"] == "SIMD in native")
    if "AVX2" not in simd:
        pytest.skip("no AVX2 here")
    done = bench("bench", *SHORT, "--rounds", "1", "--simd", "avx2", "--json")
    assert done.code == 0, done
    labels = [line.get("label") for line in parse_json(done.stdout)["benchmarks"]]
    assert {label for label in labels if label} == {"AVX2"}


def test_refuses_what_it_cannot_time(bench, tmp_path):
    assert_refusal(bench("bench", "--simd", "avx9"), 2, "avx9")
    assert_refusal(bench("bench", "seed=3"), 2, "seed=3", "configs/mlp.json")
    assert_refusal(bench("bench", CNN, "--threads", "0"), 2, "--threads")
    assert_refusal(bench("bench", CNN, "--engines", "jax"), 2, "jax")
    assert_refusal(bench("bench", CNN, "training.batch=3"), 2, "training.batch")
    assert_refusal(bench("bench", CNN, "-o", "no/such/folder.json"), 6, "no/such")
    assert_refusal(bench("bench", MLP, "data.train_limit=60001"), 3, "60001")
    assert_refusal(bench("bench", MLP, "device=cuda"), 2, "CPU", "device=cpu")
    lenet5 = bench("bench", CNN, "lenet5")
    assert_refusal(lenet5, 2, "lenet5: the native engine trains", "--engines libtorch")
    assert "warm-up" not in lenet5.stderr
    for key, option in {"threads=7": "--threads", "training.epochs=9": "--epochs",
                        "training.engine=native": "--engines"}.items():  # fmt: skip
        assert_refusal(bench("bench", MLP, key), 2, key.split("=")[0], option)


def test_names_every_phase_where_the_first_thread_has_no_images(bench):
    done = bench("bench", CNN, "data.train_limit=40", "training.batch_size=2", "--engines", "native",
                 "--threads", "16", "--rounds", "1")  # fmt: skip
    assert done.code == 0, done
    assert "convolutions forward" in done.stdout


@pytest.mark.skipif(
    not COMPARE.exists() or importlib.util.find_spec("scipy") is None,
    reason="Google Benchmark's tools (libbenchmark-tools) and SciPy are not installed",
)
def test_google_benchmarks_compare_reads_the_file(finished):
    _, file = finished
    done = subprocess.run(
        ["/usr/bin/python3", COMPARE, "--no-color", "benchmarks", file, file],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "mlp/native/threads:1_median" in done.stdout
