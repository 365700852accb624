"""`bench`: times of both engines, as tables and in Google Benchmark's JSON; latencies of predictions."""

import html
import importlib.util
import json
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from support import (
    CNN,
    CONFIGS,
    SMOKE,
    assert_has_remedy,
    assert_refusal,
    config_hash,
    parse_json,
    read_json,
    read_result,
    wait_for_line,
)

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


# bench --inference

QUICK = ("--inference", "--threads", "1", "--rounds", "1")


def by_setting(series):
    return {(one["name"], one["engine"], one["batch"], one["threads"]): one for one in series}


def test_inference_times_both_engines_on_one_image_and_on_batches(bench, tmp_path):
    done = bench("bench", MLP, *QUICK, "-o", "latency.json")
    assert done.code == 0, done
    tables = [line for line in done.stdout.splitlines() if not line.startswith("warning: ")]
    assert max(map(len, tables)) <= 80
    json = read_json(tmp_path / "latency.json")
    assert json["schema"] == "mnist-bench.bench-inference/1"
    assert json["context"]["num_cpus"] >= 1
    series = by_setting(json["series"])
    assert list(series) == [
        ("mlp", engine, batch, 1) for batch in (1, 64) for engine in ("libtorch", "native")
    ]
    config = parse_json(bench("config", "show", MLP).stdout)
    for one in series.values():
        assert one["calls"] >= 20
        assert 0 < one["p50_us"] <= one["p90_us"] <= one["p99_us"]
        # A rate is that of the mean call; half of the calls take no longer than the median.
        assert 0 < one["images_per_second"] < 2e6 * one["batch"] / one["p50_us"]
        assert one["parameter_bytes"] == 4 * 235_146
        assert one["activation_bytes"] == 4 * (784 + 256)
        assert one["config_hash"] == config_hash(config)
        assert one["seed"] is None
        assert one["simd"] in done.stdout


def test_inference_of_a_run_uses_its_parameters_and_names_its_seed(bench, finished_run):
    done = bench("bench", finished_run, *QUICK, "--engines", "native", "--batch", "3", "--json")
    assert done.code == 0, done
    (one,) = parse_json(done.stdout)["series"]
    result = read_result(finished_run)
    assert (one["seed"], one["batch"]) == (result["config"]["seed"], 3)
    assert one["name"] == result["config"]["name"]
    assert one["config_hash"] == result["config_hash"]


def test_inference_times_any_network_in_both_engines(bench):
    done = bench("bench", "lenet5", "resnet8", *QUICK, "--batch", "1", "--json")
    assert done.code == 0, done
    assert [(one["name"], one["engine"]) for one in parse_json(done.stdout)["series"]] == [
        (model, engine) for model in ("lenet5", "resnet8") for engine in ("libtorch", "native")
    ]


def test_inference_refuses_what_it_cannot_time(bench, finished_run, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    unfinished = tmp_path / "unfinished"
    shutil.copytree(finished_run, unfinished)
    (unfinished / "result.json").unlink()
    damaged = tmp_path / "damaged"
    shutil.copytree(finished_run, damaged)
    model = bytearray((damaged / "model.safetensors").read_bytes())
    model[-1] ^= 1
    (damaged / "model.safetensors").write_bytes(model)
    for arguments, code, words in [
        ((MLP, "--inference", "--epochs", "2"), 2, ["--epochs"]),
        ((MLP, "--batch", "2"), 2, ["--batch", "--inference"]),
        ((finished_run,), 2, ["is a folder", "--inference"]),
        ((MLP, *QUICK, "--batch", "0"), 2, ["--batch"]),
        ((MLP, *QUICK, "--batch", "10001"), 2, ["10001", "10000 images"]),
        ((finished_run, *QUICK, "--batch", "201"), 2, ["201", "200 images"]),
        ((finished_run, *QUICK, "seed=2"), 2, ["seed=2", "no config"]),
        ((MLP, *QUICK, "training.engine=native"), 2, ["training.engine", "--engines"]),
        ((empty, *QUICK), 6, ["empty is not the folder of a run"]),
        ((unfinished, *QUICK), 6, ["unfinished", "--resume"]),
        ((damaged, *QUICK), 6, ["model.safetensors", "parameters_sha256"]),
        (("no/such/folder", *QUICK), 2, ["no/such/folder"]),
    ]:
        refused = bench("bench", *arguments)
        assert_refusal(refused, code, *words)
        assert_has_remedy(refused)


def test_an_existing_folder_wins_over_a_shipped_name(bench, finished_run, tmp_path):
    shutil.copytree(finished_run, tmp_path / "cnn")
    done = bench("bench", "cnn", *QUICK, "--engines", "native", "--batch", "1", "--json")
    assert done.code == 0, done
    assert parse_json(done.stdout)["series"][0]["name"] == read_result(finished_run)["config"]["name"]


def test_an_interrupt_ends_inference_with_the_rounds_done_in_the_file(start, tmp_path):
    process = start("bench", SMOKE, "--inference", "--threads", "1", "--rounds", "1000", "-o", "a.json")
    wait_for_line(process, "round 1 of 1000")
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 75
    assert len(read_json(tmp_path / "a.json")["series"]) == 4


# report --latency


@pytest.fixture(name="two_models")
def fixture_two_models(bench, tmp_path):
    """runs/mlp and runs/wide, and latency.json of both."""
    for name, hidden in (("mlp", "[8]"), ("wide", "[32]")):
        done = bench("run", SMOKE, f"name={name}", "model.type=mlp", f"model.hidden={hidden}",
                     "training.engine=native", "data.train_limit=300", "data.test_limit=200",
                     "threads=1", "--output", f"runs/{name}")  # fmt: skip
        assert done.code == 0, done
    done = bench("bench", "runs/mlp", "runs/wide", *QUICK, "-o", "latency.json")
    assert done.code == 0, done
    return tmp_path


def efficiency_of(bench, folder, *arguments):
    done = bench("report", "runs", "-o", "report.json", *arguments)
    assert done.code == 0, done
    return done, read_json(folder / "report.json")["efficiency"]


def test_latencies_are_shown_where_they_were_asked_for_or_refused(bench, two_models):
    latency = ("--latency", "latency.json")
    shown = bench("report", "runs", *latency, cwd=two_models)
    assert shown.code == 0 and "latency [µs]" in shown.stdout, shown
    assert "latency [µs]" in bench("report", "runs/mlp", *latency, cwd=two_models).stdout
    assert "Efficiency" not in bench("report", "runs", cwd=two_models).stdout
    refused = bench("report", "runs", *latency, "-o", "runs.csv", cwd=two_models)
    assert_refusal(refused, 2, "--latency: none of these files shows it: runs.csv", ".json")
    assert bench("report", "runs", *latency, "-o", "efficiency.svg", cwd=two_models).code == 0
    refused = bench("report", "runs", "--paper", "-o", "efficiency.svg", cwd=two_models)
    assert_refusal(refused, 2, "--paper: none of these files shows it")


def test_runs_that_share_name_and_seed_are_told_apart(bench, two_models):
    for name in ("a", "b"):
        shutil.copytree(two_models / "runs/mlp", two_models / "copies" / name)
    done = bench("bench", "copies/a", "copies/b", *QUICK, "--engines", "native", cwd=two_models)
    assert done.code == 0, done.stderr
    assert " in copies/a, seed 1 " in done.stdout and " in copies/b, seed 1 " in done.stdout


def test_report_joins_latencies_to_the_runs_that_they_are_of(bench, two_models):
    done, rows = efficiency_of(bench, two_models, "--latency", "latency.json", "-o", "report.html")
    said = read_json(two_models / "latency.json")
    measured = by_setting(said["series"])
    cores = said["context"]["num_cpus"]
    machine = f"{said['context']['cpu']}, {cores} core{'s' if cores > 1 else ''}"
    for row in rows:
        one = measured[row["experiment"], "native", 1, 1]
        (shown,) = row["latencies"]
        assert shown.pop("machine") == machine and shown.pop("warnings") == said["warnings"]
        assert shown == one
        assert row["latency_p50_us"]["mean"] == one["p50_us"]
        assert row["activation_bytes"]["mean"] == one["activation_bytes"]
    page = (two_models / "report.html").read_text(encoding="utf-8")
    for text in ("latency [µs]", "Accuracy against latency", "--inference: native, 1 thread", f"; on {machine}."):
        assert html.escape(text) in page
    for warning in said["warnings"]:
        assert html.escape(f"with care: {warning}") in page
    assert "latenc" not in done.stderr

    _, rows = efficiency_of(bench, two_models)
    assert {row["latency_p50_us"]["mean"] for row in rows} == {None}


def test_report_leaves_out_a_network_whose_latency_is_lacking(bench, two_models):
    file = two_models / "latency.json"
    content = read_json(file)
    content["series"] = [one for one in content["series"] if one["name"] == "mlp"]
    content["series"].append({**content["series"][0], "name": "other", "config_hash": 64 * "0"})
    file.write_text(json.dumps(content))
    done, rows = efficiency_of(bench, two_models, "--latency", file)
    assert "left out: other" in done.stderr
    assert [(row["experiment"], row["latency_p50_us"]["n"]) for row in rows] == [("mlp", 1)]


def test_a_refused_command_leaves_an_earlier_file_alone(bench, tmp_path):
    (tmp_path / "latency.json").write_text("of before")
    refused = bench("bench", MLP, "--inference", "--batch", "20000", "-o", "latency.json")
    assert_refusal(refused, 2, "20000")
    assert (tmp_path / "latency.json").read_text() == "of before"


def test_report_refuses_a_file_without_latencies(bench, two_models):
    file = two_models / "latency.json"
    sound = file.read_text()
    for content, word in [
        ("{}", "schema"),
        (sound.replace("bench-inference/1", "bench-inference/2"), "bench-inference/2"),
        (sound.replace('"p50_us": ', '"p50_us": -'), "series[0].p50_us"),
        (sound[:-20], "line"),
    ]:
        file.write_text(content)
        refused = bench("report", "runs", "--latency", file)
        assert_refusal(refused, 6, "latency.json", word)
        assert_has_remedy(refused)
    assert_refusal(bench("report", "runs", "--latency", "no/such.json"), 6, "no/such.json")
