"""CUDA, found and used: with a driver and a CUDA library that have no GPU behind them."""

import os
from pathlib import Path

import pytest
from conftest import BINARY
from support import (
    CONFIGS,
    MACHINE_HAS_GPU,
    SMOKE,
    assert_has_remedy,
    assert_refusal,
    parse_json,
    read_json,
    read_result,
    wait_for_line,
)

STUBS = Path(BINARY).parent / "tests" / "cuda_stub"
# Two steps, the second of a partial batch.
TINY = ("threads=1", "data.train_limit=100", "data.test_limit=50", "training.epochs=1")


@pytest.fixture(name="cuda")
def fixture_cuda(bench, start, tmp_path):
    """cuda(...) is bench(...) on a machine with three devices, for which the keywords say more."""
    log = tmp_path / "stub-log"

    class Cuda:
        """`without` names what this machine lacks: "driver" or "library"."""

        def environment(self, without=(), **settings):
            folders = []
            for part, folder, name in [
                ("driver", "driver", "libcuda.so.1"),
                ("library", "libtorch", "libtorch_cuda.so"),
            ]:
                if part in without:  # what is found first cannot be loaded
                    broken = tmp_path / f"no-{part}"
                    broken.mkdir(exist_ok=True)
                    (broken / name).write_text("no library")
                    folders.append(broken)
                else:
                    folders.append(STUBS / folder)
            inherited = os.environ.get("LD_LIBRARY_PATH", "").split(":")
            return {
                "LD_LIBRARY_PATH": ":".join([*map(str, folders), *filter(None, inherited)]),
                "MNIST_BENCH_STUB_LOG": str(log),
                # Of the thread in which LibTorch computes a device's gradients, on the CPU here.
                "OMP_NUM_THREADS": "1",
                **{f"MNIST_BENCH_STUB_{key.upper()}": str(value) for key, value in settings.items()},
            }

        def __call__(self, *arguments, **settings):
            return bench(*arguments, environment=self.environment(**settings))

        def start(self, *arguments, **settings):
            return start(*arguments, environment=self.environment(**settings))

        def processes(self, what):
            """The processes that did this to the stubs."""
            lines = log.read_text().splitlines() if log.exists() else []
            return {int(line.split()[1]) for line in lines if line.split()[0] == what}

    return Cuda()


def doctor(cuda, **settings):
    done = cuda("doctor", "--json", **settings)
    assert (done.code, done.stderr) == (0, "")
    return parse_json(done.stdout)


def finding(report, what):
    return next(each["found"] for each in report["findings"] if each["what"] == what)


# What there is


def test_doctor_lists_the_devices_and_what_auto_would_take(cuda):
    report = doctor(cuda)
    assert report["schema"] == "mnist-bench.doctor/1"
    assert report["devices"] == [
        {"device": "cuda:0", "name": "Stub GPU"},
        {"device": "cuda:1", "name": "Stub GPU"},
        {"device": "cuda:2", "name": "Other Stub GPU"},
    ]
    assert report["auto"] == "cuda:0"
    text = cuda("doctor").stdout
    for word in ("cuda:0 Stub GPU, cuda:1 Stub GPU, cuda:2 Other Stub GPU", "CUDA 13.2", "9.13.5"):
        assert word in text


@pytest.mark.parametrize(
    ("lacking", "words"),
    [
        ({"without": ["driver"]}, ["no NVIDIA driver", "libcuda.so.1"]),
        ({"without": ["library"]}, ["LibTorch's CUDA libraries", "scripts/setup --cuda"]),
        ({"devices": 0}, ["the NVIDIA driver reports no CUDA device"]),
        ({"driver_error": 803}, ["the NVIDIA driver does not start", "803"]),
        ({"libtorch_devices": 0}, ["no CUDA device", "CUDA 13.2", "CUDA 13.0", "has 3"]),
    ],
    ids=["no driver", "no library", "no device", "driver that fails", "driver too old"],
)
def test_each_thing_that_is_lacking_is_named(cuda, tmp_path, lacking, words):
    report = doctor(cuda, **lacking)
    assert (report["devices"], report["auto"]) == ([], "cpu")
    refused = cuda("run", SMOKE, "device=cuda", "--output", "out", **lacking)
    assert_refusal(refused, 5, "'cuda'", "device=cpu", *words)
    for word in words:
        assert word in finding(report, "CUDA")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("lacking", "mark"),
    [({"without": ["driver"]}, "ok"), ({"devices": 0}, "ok"), ({"without": ["library"]}, "warn"),
     ({"driver_error": 803}, "warn"), ({"libtorch_devices": 0}, "warn"), ({}, "ok")],
)  # fmt: skip
def test_doctor_marks_a_gpu_that_cannot_be_used(cuda, lacking, mark):
    rows = cuda("doctor", **lacking).stdout.splitlines()
    assert [row.split()[0] for row in rows if row.split()[1:2] == ["CUDA"]] == [mark]
    (found,) = [each for each in doctor(cuda, **lacking)["findings"] if each["what"] == "CUDA"]
    assert (found["ok"], found["warning"]) == (True, mark == "warn")


def test_hidden_devices_are_explained(bench, cuda):
    environment = {**cuda.environment(devices=0), "CUDA_VISIBLE_DEVICES": ""}
    refused = bench("run", SMOKE, "device=cuda", environment=environment)
    assert_refusal(refused, 5, "CUDA_VISIBLE_DEVICES")


@pytest.mark.parametrize(
    "command", [["run", SMOKE], ["sweep", "sweep.json"], ["sweep", "sweep.json", "--dry-run"]]
)
def test_device_beyond_the_last_is_5_and_says_what_there_is(cuda, tmp_path, command):
    (tmp_path / "sweep.json").write_text(
        '{"configs": ["%s"], "seeds": [1, 2], "output": "out"}' % SMOKE
    )
    refused = cuda(*command, "device=cuda:7", "--output", "out")
    assert_refusal(refused, 5, "'cuda:7'", "3 CUDA devices", "cuda:0 to cuda:2")
    assert_has_remedy(refused)
    assert not (tmp_path / "out").exists()


# auto


@pytest.mark.parametrize("lacking", [{"without": ["library"]}, {"libtorch_devices": 0}])
def test_auto_warns_where_a_gpu_cannot_be_used(cuda, tmp_path, lacking):
    done = cuda("run", SMOKE, *TINY, "--output", "out", **lacking)
    assert done.code == 0, done
    (warning,) = [line for line in done.stderr.splitlines() if "device=auto" in line]
    assert "warning" in warning
    assert ("scripts/setup --cuda" in warning) == ("without" in lacking)
    assert read_result(tmp_path / "out")["provenance"]["device"] == "cpu"


@pytest.mark.parametrize("lacking", [{"without": ["driver"]}, {"devices": 0}])
def test_auto_says_nothing_where_there_is_no_gpu(cuda, tmp_path, lacking):
    done = cuda("run", SMOKE, *TINY, "--output", "out", **lacking)
    assert done.code == 0, done
    assert "warning" not in done.stderr
    assert read_result(tmp_path / "out")["provenance"]["device"] == "cpu"


def test_native_engine_leaves_the_devices_alone(cuda, tmp_path):
    done = cuda("run", SMOKE, *TINY, "training.engine=native", "--output", "out")
    assert done.code == 0, done
    assert read_result(tmp_path / "out")["provenance"]["device"] == "cpu"
    assert not cuda.processes("cuInit") | cuda.processes("load") | cuda.processes("count")


# Training


@pytest.mark.parametrize("model", ["mlp", "cnn"])
def test_a_run_on_a_device_is_recorded_as_such(cuda, tmp_path, model):
    done = cuda("run", CONFIGS / f"{model}.json", *TINY, "device=cuda:1", "--output", "out")
    assert done.code == 0, done
    result = read_result(tmp_path / "out")
    provenance = result["provenance"]
    assert (provenance["device"], provenance["device_name"]) == ("cuda:1", "Stub GPU")
    assert (provenance["cuda"], provenance["cudnn"]) == ("13.2", "9.13.5")
    assert provenance["driver"].endswith("CUDA 13.0")
    assert provenance["tf32"] is False
    images = (100 + 50) * 28 * 28 * 4
    assert images < result["timing"]["peak_device_bytes"] < 1e9
    assert result["test"]["samples"] == 50


def test_float32_stays_float32_whatever_the_environment_says(bench, cuda, tmp_path):
    environment = {**cuda.environment(), "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE": "1"}
    done = bench("run", SMOKE, *TINY, "--output", "out", environment=environment)
    assert done.code == 0, done
    assert read_result(tmp_path / "out")["provenance"]["tf32"] is False


def test_a_run_on_the_cpu_has_nothing_of_cuda_in_its_record(cuda, tmp_path):
    assert cuda("run", SMOKE, *TINY, "device=cpu", "--output", "out").code == 0
    result = read_result(tmp_path / "out")
    for key in ("cuda", "cudnn", "driver", "tf32"):
        assert result["provenance"][key] is None
    assert result["timing"]["peak_device_bytes"] is None
    assert not cuda.processes("cuInit") | cuda.processes("load")


def test_an_unfinished_run_resumes_on_its_device(cuda, tmp_path):
    run = ["run", SMOKE, *TINY[:-1], "training.epochs=2", "--output"]
    whole = cuda(*run, "whole")
    assert whole.code == 0, whole
    process = cuda.start(*run, "parts")
    wait_for_line(process, "epoch 1/2")
    process.terminate()
    assert process.wait(timeout=60) in (0, 75)
    resumed = cuda(*run, "parts", "--resume")
    assert resumed.code == 0, resumed
    hashes = {read_result(tmp_path / each)["parameters_sha256"] for each in ("whole", "parts")}
    assert len(hashes) == 1


@pytest.mark.parametrize("memory", [100_000, 2_500_000])
def test_a_full_device_has_its_own_message(cuda, tmp_path, memory):
    """Without memory for the images, and without memory for a step."""
    done = cuda("run", SMOKE, *TINY, "--output", "out", memory=memory)
    assert_refusal(done, 1, "GPU's memory is full", "Tried to allocate", f"{memory} bytes")
    assert "training.batch_size" in done.stderr
    assert "nvidia-smi" in done.stderr
    assert "LibTorch gave up" not in done.stderr
    assert "PYTORCH_CUDA_ALLOC_CONF" not in done.stderr
    result = read_result(tmp_path / "out")
    assert result["status"] == "failed"
    assert f"error: {result['error']}\n" in done.stderr


# Sweeps


def write_sweep(tmp_path, *configs, seeds=(1, 2)):
    (tmp_path / "sweep.json").write_text(
        '{"configs": [%s], "seeds": %s, "output": "out"}'
        % (", ".join(f'"{config}"' for config in configs), list(seeds))
    )
    return "sweep.json"


def test_a_sweep_never_initializes_cuda_itself(cuda, tmp_path):
    sweep = write_sweep(tmp_path, SMOKE, seeds=(1, 2, 3))
    process = cuda.start("sweep", sweep, *TINY[1:], "device=cuda", "--jobs", "2")
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == 0, stderr
    for what in ("cuInit", "load", "count"):
        processes = cuda.processes(what)
        assert process.pid not in processes
        assert len(processes) == 3  # two workers, and the one that asked for the sweep
    devices = {
        read_result(path.parent)["provenance"]["device"]
        for path in (tmp_path / "out").rglob("result.json")
    }
    assert devices == {"cuda:0"}


def test_a_sweep_warns_once_of_a_gpu_that_cannot_be_used(cuda, tmp_path):
    sweep = write_sweep(tmp_path, SMOKE, seeds=(1, 2, 3, 4))
    done = cuda("sweep", sweep, *TINY, "--jobs", "2", without=["library"])
    assert done.code == 0, done
    assert done.stderr.count("device=auto uses the CPU") == 1


def test_a_worker_trains_on_cuda_after_it_trained_on_the_cpu(cuda, write_config, tmp_path):
    model = '"model": {"type": "mlp", "hidden": [4]}'
    write_config('{"name": "first", "device": "cpu", %s}' % model, "first.json")
    write_config('{"name": "second", "device": "cuda", %s}' % model, "second.json")
    done = cuda("sweep", write_sweep(tmp_path, "first.json", "second.json", seeds=[1]), *TINY)
    assert done.code == 0, done
    devices = [
        read_result(path.parent)["provenance"]["device"]
        for path in sorted((tmp_path / "out").rglob("result.json"))
    ]
    assert devices == ["cpu", "cuda:0"]


# Reports


def test_runs_on_cpu_and_on_cuda_share_no_mean(cuda, bench, tmp_path):
    for device, folder in [("cpu", "c"), ("cuda:0", "g/1"), ("cuda:1", "g/2")]:
        seed = f"seed={folder[-1]}" if folder != "c" else "seed=1"
        done = cuda("run", SMOKE, *TINY, seed, f"device={device}", "--output", f"runs/{folder}")
        assert done.code == 0, done
    assert bench("report", "runs", "-o", "report.json").code == 0
    groups = read_json(tmp_path / "report.json")["groups"]
    found = {group["label"]: group["n"] for group in groups}
    assert found == {"smoke on CPU": 1, "smoke on CUDA (Stub GPU)": 2}
    compared = bench("compare", "runs/c", "runs/g/1")
    assert compared.code == 0, compared
    assert "CPU" in compared.stdout
    assert "CUDA (Stub GPU)" in compared.stdout
    mixed = bench("compare", "runs", "runs/g")
    assert_refusal(mixed, 2, "smoke on CPU", "smoke on CUDA (Stub GPU)")


# The machine's own


@pytest.mark.skipif(not MACHINE_HAS_GPU, reason="no GPU")
def test_cuda_trains_where_there_is_a_gpu(bench, tmp_path):
    done = bench("run", SMOKE, "data.train_limit=300", "device=cuda", "--output", "out")
    assert done.code == 0, done
    assert read_result(tmp_path / "out")["provenance"]["device"] == "cuda:0"


@pytest.mark.skipif(MACHINE_HAS_GPU, reason="there is a GPU")
def test_cuda_without_a_gpu_is_5_and_never_falls_back(bench, tmp_path):
    done = bench("run", SMOKE, *TINY, "device=cuda", "--output", "out")
    assert_refusal(done, 5, "'cuda'", "device=cpu")
    assert_has_remedy(done)
    assert not (tmp_path / "out").exists()
