"""The checks of scripts/check_gpu: they drive the real program and read what it records."""

import datetime
import glob
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

SCHEMA = "mnist-bench.check_gpu/1"
MODELS = ("mlp", "cnn")
PASSED, FAILED, NOT_RUN = "passed", "FAILED", "not run"
LIMIT_SECONDS = 475  # all checks together: under 8 minutes

# Test accuracy in percent of single runs on the CPU, engine libtorch, all images, 5 epochs: mean,
# sample standard deviation and n of configs/equivalence/README.md, and Student's t of
# 99.95 % for n - 1. One further run is within mean ± t · SD · sqrt(1 + 1/n) in 99.9 % of cases.
CPU_ACCURACY = {"mlp": (97.63, 0.20, 100, 3.391), "cnn": (99.05, 0.08, 40, 3.558)}
# Needs some 660 GB for the result of its first layer alone, and next to nothing before.
TOO_LARGE = ("model.conv1_channels=4096", "training.batch_size=60000", "training.epochs=1")


class Stop(Exception):
    """Ends the script: what is wrong, what to do about it, and the exit code."""

    def __init__(self, what, remedy="", code=1):
        super().__init__(what)
        self.what, self.remedy, self.code = what, remedy, code


class Failure(Exception):
    """What a check found instead of what it wants."""


class Skip(Exception):
    """Why a check says nothing here."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def nvidia_gpus():
    """The system's word, not the program's: that is what is checked."""
    return sorted(glob.glob("/dev/nvidia[0-9]*"))


def accuracy_range(model):
    mean, sd, n, quantile = CPU_ACCURACY[model]
    half = quantile * sd * (1 + 1 / n) ** 0.5
    return round(mean - half, 2), round(mean + half, 2)


def require(condition, what):
    if not condition:
        raise Failure(what)


def last_line(text):
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


def error_of(text):
    """The program's error line, or the last of whatever it said."""
    found = re.search(r"^error: (.*)", text, re.MULTILINE)
    return found[1] if found else last_line(text)


def gibibytes(count):
    return f"{count / 2**30:.2f} GiB"


class Checker:
    def __init__(self, binary, gradients, data, environment, arguments):
        self.binary, self.gradients, self.data = binary, gradients, data
        self.environment = {**os.environ, **environment}
        self.device, self.quick = arguments.device, arguments.quick
        self.on_gpu = self.device != "cpu"
        self.folder = arguments.output.resolve()
        self.runs = self.folder / "runs"
        self.start = time.monotonic()
        self.rows, self.machine, self.trained = [], {}, {}
        self.program_works = True

    def run(self):
        self.runs.mkdir(parents=True, exist_ok=True)
        started = datetime.datetime.now(datetime.timezone.utc)
        for model in MODELS:
            config = {"name": model, "model": {"type": model}}
            (self.folder / f"{model}.json").write_text(json.dumps(config) + "\n", encoding="utf-8")
        self.check("program", "", "starts, names the device", self.check_program)
        self.program_works = self.rows[0]["verdict"] == PASSED
        for model in MODELS:
            self.check("gradients", model, "", self.check_gradients, model)
        for model in MODELS:
            self.check("training", model, "completes on the device", self.check_training, model)
            low, high = accuracy_range(model)
            self.check("accuracy", model, f"{low:.2f} to {high:.2f} %", self.check_accuracy, model)
        same = "continues after the interruption"
        self.check("resume", "mlp", same if self.on_gpu else same + ", same bits", self.check_resume)
        self.check("sweep, 2 jobs", "both", "both complete on the device", self.check_sweep)
        self.check("out of memory", "cnn", "an error that says so", self.check_out_of_memory)
        return {
            "schema": SCHEMA,
            "started_at": started.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "device": self.device,
            "quick": self.quick,
            "proves_cuda": self.on_gpu and all(row["verdict"] == PASSED for row in self.rows),
            "passed": not any(row["verdict"] == FAILED for row in self.rows),
            "seconds": round(time.monotonic() - self.start, 1),
            "machine": self.machine,
            "checks": self.rows,
        }

    def check(self, name, model, wanted, function, *arguments):
        say(f"[{time.monotonic() - self.start:5.1f} s] {name}{' ' + model if model else ''}")
        row = {"check": name, "model": model, "wanted": wanted, "numbers": {}}
        self.rows.append(row)
        try:
            if not self.program_works:
                raise Skip("the program does not work")
            row["found"] = function(row, *arguments)
            row["verdict"] = PASSED
        except Skip as skip:
            row["verdict"], row["found"] = NOT_RUN, str(skip)
        except Failure as failure:
            row["verdict"], row["found"] = FAILED, str(failure)
        except subprocess.TimeoutExpired:
            row["verdict"] = FAILED
            row["found"] = f"the {LIMIT_SECONDS} s for all checks were over"
        except (OSError, ValueError, KeyError, TypeError) as error:
            row["verdict"], row["found"] = FAILED, f"{type(error).__name__}: {error}"

    # What the checks run

    def start_program(self, *words, program=None, **environment):
        if self.seconds_left() <= 0:
            raise subprocess.TimeoutExpired(str(self.binary), 0)
        return subprocess.Popen(
            [str(program or self.binary), *map(str, words)],
            cwd=self.folder,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def end_of(self, process):
        """Exit code, stdout and stderr; killed where the time for all checks is over."""
        try:
            out, err = process.communicate(timeout=max(self.seconds_left(), 0.1))
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise
        return process.returncode, out, err

    def call(self, *words, **options):
        return self.end_of(self.start_program(*words, **options))

    def seconds_left(self):
        return LIMIT_SECONDS - (time.monotonic() - self.start)

    def overrides(self):
        words = [f"device={self.device}"]
        if self.data:
            words.append(f"data.directory={self.data}")
        if self.quick:  # one thread: several are very slow where other programs run
            words += ["data.train_limit=1000", "data.test_limit=500", "threads=1"]
        return words

    def run_words(self, model, name, *overrides):
        return ["run", f"{model}.json", "--output", f"runs/{name}", *self.overrides(), *overrides]

    def record(self, name, status="completed"):
        record = json.loads((self.runs / name / "result.json").read_text(encoding="utf-8"))
        require(record["status"] == status, f"{record['status']}: {record['error']}")
        device = record["provenance"]["device"]
        wanted = "cuda:0" if self.device == "cuda" else self.device
        require(device == wanted, f"ran on {device}")
        require(record["provenance"].get("tf32") is not True, "float32 products are rounded to TF32")
        return record

    # The checks: each returns what it found, or raises Failure or Skip

    def check_program(self, row):
        code, out, err = self.call("doctor", "--json")
        require(code in (0, 3), error_of(err))  # 3: no data where the bundle was built
        answer = json.loads(out)
        findings = answer["findings"] if isinstance(answer, dict) else answer
        found = {finding["what"]: finding["found"] for finding in findings}
        row["numbers"] = {"doctor": found}
        self.machine = {"CPU": found["CPU"], "CUDA": found["CUDA"], "LibTorch": found["LibTorch"]}
        self.machine["mnist-bench"] = found["mnist-bench"]
        if self.on_gpu:
            wanted = self.device if ":" in self.device else "cuda:0"
            require(wanted in found["CUDA"], f"no {wanted}: {found['CUDA']}")
            self.machine["NVIDIA driver's word"] = nvidia_smi()
        return found["CUDA"] if self.on_gpu else found["CPU"]

    def check_gradients(self, row, model):
        report = self.folder / f"gradients-{model}.json"
        report.unlink(missing_ok=True)
        name = f"DeviceGradient.OfThe{model.capitalize()}IsTheCpus"
        environment = {"MNIST_BENCH_TEST_DEVICE": self.device}
        if self.data:
            environment["MNIST_BENCH_TEST_DATA"] = str(self.data)
        code, out, err = self.call(
            f"--gtest_filter={name}", f"--gtest_output=json:{report}",
            program=self.gradients, **environment,
        )  # fmt: skip
        require(report.exists(), last_line(err or out))
        tests = [
            test
            for suite in json.loads(report.read_text(encoding="utf-8"))["testsuites"]
            for test in suite["testsuite"]
        ]
        require(len(tests) == 1, f"{len(tests)} tests {name}")
        test = tests[0]
        failures = test.get("failures", [])
        require("median" in test, last_line(failures[0]["failure"] if failures else out))
        wanted = "cuda:0" if self.device == "cuda" else self.device
        require(test["device"] == wanted, f"computed on {test['device']}")
        numbers = {name: float(test[name]) for name in ("bound", "least", "median", "greatest")}
        row["wanted"] = f"relative difference ≤ {numbers['bound']:.0e}"
        row["numbers"] = {**numbers, "tensor": test["tensor"], "starts": int(test["starts"])}
        found = (
            f"{numbers['median']:.1e} ({numbers['least']:.1e} to {numbers['greatest']:.1e}, "
            f"n = {test['starts']} starts)"
        )
        require(code == 0 and not failures and numbers["median"] <= numbers["bound"], found)
        return found

    def check_training(self, row, model):
        epochs = 2 if self.quick else 5
        code, _, err = self.call(
            *self.run_words(model, model, f"training.epochs={epochs}", "--force")
        )
        require(code == 0, f"exit code {code}: {error_of(err)}")
        record = self.record(model)
        self.trained[model] = record
        seconds = [epoch["train_seconds"] for epoch in record["epochs"]]
        require(len(seconds) == epochs, f"{len(seconds)} epochs")
        where, timing = record["provenance"], record["timing"]
        self.machine.update(
            (title, where[key])
            for title, key in (("device", "device_name"), ("driver", "driver"), ("CUDA of LibTorch", "cuda"),
                               ("cuDNN", "cudnn"), ("TF32", "tf32"), ("LibTorch", "libtorch"))
            if where.get(key) is not None
        )  # fmt: skip
        row["numbers"] = {
            "train_seconds": seconds,
            "evaluate_seconds": [epoch["evaluate_seconds"] for epoch in record["epochs"]],
            "peak_device_bytes": timing.get("peak_device_bytes"),
            "peak_rss_bytes": timing["peak_rss_bytes"],
        }
        found = (
            f"{statistics.median(seconds):.3f} s/epoch "
            f"({min(seconds):.3f} to {max(seconds):.3f}, n = {len(seconds)} epochs of one run)"
        )
        memory = timing.get("peak_device_bytes")
        return found if memory is None else f"{found}, {gibibytes(memory)} of the device"

    def check_accuracy(self, row, model):
        if model not in self.trained:
            raise Failure("no run to judge")
        accuracy = 100 * self.trained[model]["test"]["accuracy"]
        row["numbers"] = {"accuracy_percent": accuracy, "range_percent": accuracy_range(model)}
        if self.quick:
            raise Skip(f"{accuracy:.2f} %; the range is of all images")
        low, high = accuracy_range(model)
        require(low <= accuracy <= high, f"{accuracy:.2f} %")
        return f"{accuracy:.2f} %"

    def check_resume(self, row):
        epochs = 30 if self.quick else 5
        words = self.run_words("mlp", "resumed", f"training.epochs={epochs}")
        lines = self.runs / "resumed" / "epochs.jsonl"
        lines.unlink(missing_ok=True)
        process = self.start_program(*words, "--force")
        while process.poll() is None and self.seconds_left() > 0:
            if lines.exists() and lines.read_bytes().count(b"\n") > 0:
                process.send_signal(signal.SIGTERM)
                break
            time.sleep(0.002)
        code, _, err = self.end_of(process)
        require(code == 75, f"exit code {code} after SIGTERM, not 75: {error_of(err)}")
        before = self.record("resumed", "interrupted")["epochs"]
        require(0 < len(before) < epochs, f"{len(before)} epochs before the interruption")
        code, _, err = self.call(*words, "--resume")
        require(code == 0, f"exit code {code} of --resume: {error_of(err)}")
        record = self.record("resumed")
        require(record["provenance"]["resumed_after"] == [len(before)], "it did not resume")
        require(record["epochs"][: len(before)] == before, "the epochs before were changed")
        require(len(record["epochs"]) == epochs, f"{len(record['epochs'])} epochs")
        return f"interrupted after epoch {len(before)}, {self.compared(row, record, epochs)}"

    def compared(self, row, record, epochs):
        """A resumed run compared with the same run without interruption."""
        whole = self.trained.get("mlp")
        if whole is None or len(whole["epochs"]) != epochs:
            code, _, err = self.call(*self.run_words("mlp", "whole", f"training.epochs={epochs}", "--force"))
            require(code == 0, f"exit code {code}: {error_of(err)}")
            whole = self.record("whole")
        equal = record["parameters_sha256"] == whole["parameters_sha256"]
        accuracies = [100 * run["test"]["accuracy"] for run in (record, whole)]
        row["numbers"] = {"equal_bits": equal, "accuracy_percent": accuracies}
        if not self.on_gpu:  # src/record/README.md promises it there
            require(equal, "other parameters than the uninterrupted run")
        if not self.quick:
            low, high = accuracy_range("mlp")
            require(low <= accuracies[0] <= high, f"accuracy {accuracies[0]:.2f} %")
        return (
            f"{accuracies[0]:.2f} %, uninterrupted {accuracies[1]:.2f} %, "
            f"parameters {'bit-identical' if equal else 'not bit-identical'}"
        )

    def check_sweep(self, row):
        sweep = {"name": "sweep", "configs": [f"{m}.json" for m in MODELS], "seeds": [2]}
        (self.folder / "sweep.json").write_text(json.dumps(sweep) + "\n", encoding="utf-8")
        words = [word for word in self.overrides() if not word.startswith("threads=")]
        words.append(f"training.epochs={1 if self.quick else 2}")
        code, _, err = self.call(
            "sweep", "sweep.json", "--jobs", 2, "--output", "runs/sweep", "--force", *words
        )
        require(code == 0, f"exit code {code}: {error_of(err)}")
        records = {model: self.record(f"sweep/{model}/seed-2") for model in MODELS}
        jobs = {record["provenance"]["jobs"] for record in records.values()}
        require(jobs == {2}, f"trained by {jobs} jobs")
        accuracies = {m: 100 * record["test"]["accuracy"] for m, record in records.items()}
        row["numbers"] = {"accuracy_percent": accuracies}
        return ", ".join(f"{model} {value:.2f} %" for model, value in accuracies.items())

    def check_out_of_memory(self, row):
        if not self.on_gpu:
            raise Skip("of the GPU's memory")
        words = [word for word in self.overrides() if "_limit=" not in word]
        code, _, err = self.call(
            "run", "cnn.json", "--output", "runs/too-large", "--force", *words, *TOO_LARGE
        )
        error = error_of(err)
        row["numbers"] = {"exit_code": code, "stderr": err[-2000:]}
        require(code == 1, f"exit code {code}: {error}")
        require("memory" in error, error)
        record = self.record("too-large", "failed")
        require("memory" in record["error"], f"the record says: {record['error']}")
        return error


def nvidia_smi():
    """Name, memory and driver as the driver's own program gives them; None where it is not there."""
    try:
        done = subprocess.run(
            ["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"],
            capture_output=True, text=True, timeout=20, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip().replace("\n", "; ")
