"""sweep: many runs on worker processes, idempotent whatever happens to them."""

import gzip
import json
import os
import re
import shutil
import signal
import time
from resource import RLIMIT_FSIZE, setrlimit

import pytest
from support import (
    CNN,
    CONFIGS,
    ENDLESS,
    SHIPPED_MNIST,
    Terminal,
    assert_has_remedy,
    assert_refusal,
    checkpoint_metadata,
    read_epochs,
    read_result,
    snapshot,
    wait_for_line,
    wait_until,
    workers_of,
)

TINY = ("device=cpu", "data.train_limit=300", "data.test_limit=200", "training.epochs=2")


@pytest.fixture
def write_sweep(tmp_path):
    def write(name="sweep.json", **content):
        content = {"configs": [str(CONFIGS / "mlp.json")], "seeds": [1, 2, 3], **content}
        path = tmp_path / name
        path.write_text(json.dumps(content), encoding="utf-8")
        return path

    return write


def runs_below(folder):
    return sorted(path.parent for path in folder.rglob("result.json"))


def fingerprints(folder):
    """What must not depend on how the runs of a sweep came about."""
    found = {}
    for run in runs_below(folder):
        result = read_result(run)
        predictions = run / "predictions.csv"
        found[str(run.relative_to(folder))] = (
            result["status"],
            result["data"],
            result["parameters_sha256"],
            [(epoch["train_loss"], epoch["test"]) for epoch in result["epochs"]],
            result["test"],
            predictions.exists() and predictions.read_bytes(),
        )
    return found


@pytest.fixture
def one_by_one(bench, tmp_path):
    """The fingerprints of seeds 1 to 3, each trained by a `run` of its own."""
    for seed in (1, 2, 3):
        done = bench(
            "run", CONFIGS / "mlp.json", *TINY, "threads=1", f"seed={seed}",
            "--output", f"alone/mlp/seed-{seed}", "-q",
        )  # fmt: skip
        assert done.code == 0, done
    return fingerprints(tmp_path / "alone")


def test_a_sweep_gives_the_very_runs_that_run_gives(bench, write_sweep, tmp_path, one_by_one):
    for jobs in (1, 2):
        done = bench("sweep", write_sweep(), *TINY, "--jobs", jobs, "--threads", 1,
                     "--output", f"swept-{jobs}")  # fmt: skip
        assert done.code == 0, done
        assert fingerprints(tmp_path / f"swept-{jobs}") == one_by_one
        assert re.search(r"^mlp +3 ", done.stdout, re.MULTILINE), done.stdout
        for run in runs_below(tmp_path / f"swept-{jobs}"):
            provenance = read_result(run)["provenance"]
            assert provenance["jobs"] == jobs
            assert provenance["threads"] == 1
            assert "sweep" in provenance["command"]


def data_reading(run):
    """Whether a run read its data, and not only looked whether what is held is still theirs."""
    log = (run / "log.txt").read_text(encoding="utf-8")
    read, kept = "data read from files" in log, "data already in memory" in log
    assert read != kept, log
    return read


def test_a_sweep_reads_the_data_of_its_runs_once(bench, write_sweep, tmp_path):
    full = ("device=cpu", "training.epochs=1", "training.engine=native")
    done = bench("sweep", write_sweep(), *full, "--threads", 1)
    assert done.code == 0, done
    alone = bench("run", CONFIGS / "mlp.json", *full, "threads=1", "--output", "alone")
    assert alone.code == 0, alone
    runs = runs_below(tmp_path / "runs")
    assert [data_reading(run) for run in [*runs, tmp_path / "alone"]] == [False] * 3 + [True]
    timing = read_result(tmp_path / "alone")["timing"]
    for run in runs:  # nothing is held twice, and nothing piles up
        assert read_result(run)["timing"]["load_seconds"] < timing["load_seconds"] / 10
        assert read_result(run)["timing"]["peak_rss_bytes"] < 1.1 * timing["peak_rss_bytes"]


def test_runs_of_one_worker_on_various_data_are_those_that_run_gives(bench, write_sweep, tmp_path):
    """What a worker keeps from run to run never shows in a number."""
    grid = {
        "data.normalization": ["standardize", "unit"],
        "data.train_limit": [300, 200],
        "training.engine": ["libtorch", "native"],
    }
    tiny = [value for value in TINY if "train_limit" not in value]
    done = bench("sweep", write_sweep(seeds=[1, 2], grid=grid), *tiny, "--threads", 1)
    assert done.code == 0, done
    swept = tmp_path / "runs/sweep"
    assert len(runs_below(swept)) == 16
    assert {data_reading(run) for run in runs_below(swept)} == {True, False}
    for run in runs_below(swept):
        output = f"alone/{run.relative_to(swept)}"
        alone = bench("run", run / "config.json", "--output", output, "-q")
        assert alone.code == 0, alone
    assert fingerprints(swept) == fingerprints(tmp_path / "alone")


def test_the_same_command_again_runs_only_what_is_missing(bench, write_sweep, tmp_path):
    sweep = write_sweep()
    assert bench("sweep", sweep, *TINY).code == 0
    folders = runs_below(tmp_path / "runs")
    for file in folders[1].iterdir():
        file.unlink()
    before = {folder: snapshot(folder) for folder in folders if folder != folders[1]}
    again = bench("sweep", sweep, *TINY)
    assert again.code == 0, again
    assert "1 of 3 runs to do" in again.stderr
    assert {folder: snapshot(folder) for folder in before} == before
    assert read_result(folders[1])["status"] == "completed"


def test_dry_run_lists_every_run_with_its_state_and_does_nothing(bench, write_sweep, tmp_path):
    sweep = write_sweep(grid={"model.dropout": [0.0, 0.5]}, seeds={"from": 1, "to": 2})
    done = bench("sweep", sweep, *TINY, "--dry-run")
    assert done.code == 0, done
    assert done.stdout.count("missing") == 4
    assert "runs/sweep/mlp/model.dropout=0.5/seed-2" in done.stdout
    assert not (tmp_path / "runs").exists()
    assert bench("sweep", sweep, *TINY, "--shard", "2/4").code == 0
    listed = bench("sweep", sweep, *TINY, "--dry-run").stdout
    assert listed.count("completed") == 1
    assert "3 of 4 runs to do" in listed


def test_one_job_has_all_cores_and_several_have_one_thread_each(bench, write_sweep, tmp_path):
    for jobs, threads in ((1, len(os.sched_getaffinity(0))), (2, 1)):
        output = tmp_path / str(jobs)
        assert bench("sweep", write_sweep(), *TINY, "--jobs", jobs, "--output", output).code == 0
        for run in runs_below(output):
            provenance = read_result(run)["provenance"]
            assert (provenance["threads"], provenance["jobs"]) == (threads, jobs)


def test_shards_together_are_the_sweep(bench, write_sweep, tmp_path, one_by_one):
    sweep = write_sweep()
    for shard in ("1/2", "2/2"):
        assert bench("sweep", sweep, *TINY, "--threads", 1, "--shard", shard).code == 0
    assert fingerprints(tmp_path / "runs" / "sweep") == one_by_one


@pytest.mark.parametrize("moment", [0.3, 0.9, 1.3])
def test_killed_at_any_moment_it_ends_as_if_uninterrupted(
    bench, start, write_sweep, tmp_path, one_by_one, moment
):
    sweep = write_sweep()
    process = start("sweep", sweep, *TINY, "--jobs", 2)
    time.sleep(moment)
    workers = workers_of(process)
    process.kill()
    process.wait()
    # The workers end with it and release their folders.
    wait_until(lambda: not any(os.path.exists(f"/proc/{pid}/exe") for pid in workers))
    again = bench("sweep", sweep, *TINY, "--jobs", 2)
    assert again.code == 0, again
    assert fingerprints(tmp_path / "runs" / "sweep") == one_by_one
    assert not [path for path in (tmp_path / "runs").rglob("*.tmp-*")]


def test_it_reports_the_share_of_training(bench, write_sweep, tmp_path):
    started = time.monotonic()
    done = bench("sweep", write_sweep(), *TINY, "--jobs", 2)
    seconds = time.monotonic() - started
    assert done.code == 0, done
    told = re.search(r"^3 runs in ([\d.]+) s on 2 workers, (\d+) % of it training$", done.stderr, re.M)
    assert told, done.stderr
    assert float(told[1]) <= seconds + 0.05
    trained = sum(read_result(run)["timing"]["train_seconds"] for run in runs_below(tmp_path))
    # Of the seconds as they are printed.
    assert abs(int(told[2]) - 100 * trained / (2 * float(told[1]))) < 0.5 + 100 * 0.05 / float(told[1])
    again = bench("sweep", write_sweep(), *TINY, "--jobs", 2)
    assert "training" not in again.stderr


def test_an_announced_epoch_is_on_disk(start, write_sweep, tmp_path):
    """A sweep writes it while the next one is trained, and tells it afterwards."""
    small = [value for value in TINY if not value.startswith("training")]
    process = start("sweep", write_sweep(seeds=[1]), *small, "training.epochs=100000", "-v")
    for epoch in (2, 5, 9):
        told = wait_for_line(process, f"epoch {epoch}/")
    last = max(int(number) for number in re.findall(r"epoch (\d+)/100000: train loss", told))
    process.kill()
    run = tmp_path / "runs/sweep/mlp/seed-1"
    assert int(checkpoint_metadata(run)["epoch"]) >= last
    assert len(read_epochs(run)) >= last


def test_a_file_that_cannot_be_written_fails_its_run_alone(start, write_sweep, tmp_path):
    sweep = write_sweep(seeds=[1], grid={"model.hidden": [[256, 128], [8]]})
    process = start(
        "sweep", sweep, *TINY, preexec_fn=lambda: setrlimit(RLIMIT_FSIZE, (10**6, 10**6))
    )
    assert process.wait(60) == 4
    large, small = (read_result(run) for run in runs_below(tmp_path / "runs"))
    assert large["status"] == "failed"
    assert "checkpoint.safetensors: writing failed: File too large" in large["error"]
    assert small["status"] == "completed"


def test_a_killed_worker_is_one_failed_run(start, bench, write_sweep, tmp_path):
    sweep = write_sweep(seeds=[1, 2], grid={"training.epochs": [1, 100000]})
    small = [value for value in TINY if not value.startswith("training")]
    process = start("sweep", sweep, *small)
    endless = tmp_path / "runs/sweep/mlp/training.epochs=100000"
    for seed in (1, 2):
        wait_until((endless / f"seed-{seed}" / "checkpoint.safetensors").exists)
        os.kill(workers_of(process)[0], signal.SIGKILL)
    assert process.wait(60) == 4
    for seed in (1, 2):
        result = read_result(endless / f"seed-{seed}")
        assert result["status"] == "failed"
        assert "killed by signal 9" in result["error"]
        done = read_result(tmp_path / f"runs/sweep/mlp/training.epochs=1/seed-{seed}")
        assert done["status"] == "completed"
    report = bench("report", tmp_path / "runs")
    assert report.code == 0, report


def test_a_worker_that_is_told_to_end_between_two_runs_is_replaced(start, write_sweep, tmp_path):
    process = start("sweep", write_sweep(seeds=[1, 2]), *TINY)
    first = tmp_path / "runs/sweep/mlp/seed-1"
    wait_until((first / "config.json").exists)
    process.send_signal(signal.SIGSTOP)  # so that it hands out nothing
    wait_until((first / "result.json").exists)
    (worker,) = workers_of(process)
    os.kill(worker, signal.SIGTERM)
    process.send_signal(signal.SIGCONT)
    assert process.wait(60) == 0
    statuses = [read_result(run)["status"] for run in runs_below(tmp_path / "runs")]
    assert statuses == ["completed", "completed"]


def test_runs_that_leave_no_record_are_failures_too(bench, write_sweep, tmp_path):
    (tmp_path / "in the way").touch()
    done = bench("sweep", write_sweep(seeds=[1, 2]), *TINY, "--output", "in the way")
    assert_refusal(done, 4, "2 of 2 runs failed")
    assert done.stderr.count("no record of it") == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1], ids=lambda number: number.name)
@pytest.mark.parametrize("quiet", [[], ["--quiet"]], ids=["", "quiet"])
def test_a_worker_that_is_told_to_end_interrupts_its_run_alone(
    start, write_sweep, tmp_path, number, quiet
):
    sweep = write_sweep(seeds=[1], grid={"training.epochs": [100000, 2, 3]})
    small = [value for value in TINY if not value.startswith("training")]
    process = start("sweep", sweep, *small, *quiet)
    runs = tmp_path / "runs/sweep/mlp"
    wait_until((runs / "training.epochs=100000/seed-1/checkpoint.safetensors").exists)
    os.kill(workers_of(process)[0], number)
    stdout, stderr = (text.decode() for text in process.communicate(timeout=60))
    assert process.returncode == 75, stderr
    error = next(line for line in stderr.splitlines() if line.startswith("error: "))
    assert "1 of 3 runs interrupted" in error
    assert "runs/sweep/mlp/training.epochs=100000/seed-1" in error
    assert "failed" not in stderr
    assert "failed:" not in stdout
    # experiment, n, failed
    assert bool(quiet) or re.search(r"^mlp training.epochs=100000 +0 +0 ", stdout, re.MULTILINE), stdout
    statuses = [read_result(runs / f"training.epochs={n}/seed-1")["status"] for n in (100000, 2, 3)]
    assert statuses == ["interrupted", "completed", "completed"]


def test_fail_fast_says_what_it_left(bench, write_sweep):
    sweep = write_sweep(seeds=[1, 2], grid={"optimizer.learning_rate": [1e30, 0.001]})
    done = bench("sweep", sweep, *TINY, "--fail-fast")
    assert_refusal(done, 4, "1 of 4 runs failed", "3 were not started")


def test_a_damaged_record_is_named_with_every_way_out(bench, write_sweep, tmp_path):
    sweep = write_sweep(seeds=[1, 2])
    assert bench("sweep", sweep, *TINY).code == 0
    record = tmp_path / "runs/sweep/mlp/seed-1/result.json"
    record.write_text("{")
    refused = bench("sweep", sweep, *TINY)
    assert_refusal(refused, 6, str(record.relative_to(tmp_path)), "move that run", "--force")
    report = bench("report", "runs")
    assert report.code == 0, report
    assert "warning: a record cannot be read" in report.stdout
    assert "seed-1/result.json" in report.stdout


def test_failed_and_diverged_runs_are_shown_and_end_in_exit_4(bench, write_sweep, tmp_path):
    sweep = write_sweep(seeds=[1], grid={"optimizer.learning_rate": [1e30, 0.001]})
    done = bench("sweep", sweep, *TINY)
    assert_refusal(done, 4, "1 of 2 runs failed")
    assert_has_remedy(done)
    assert "diverged" in done.stdout
    statuses = [read_result(run)["status"] for run in runs_below(tmp_path / "runs")]
    assert sorted(statuses) == ["completed", "diverged"]
    # A diverged run would only diverge again: it stays, and stays visible.
    again = bench("sweep", sweep, *TINY)
    assert again.code == 4
    assert "0 of 2 runs to do" in again.stderr
    assert_refusal(bench("sweep", sweep, *TINY, "--quiet"), 4, "1 of 2 runs failed")


def test_a_run_that_cannot_start_leaves_a_record_too(bench, write_sweep, tmp_path):
    sweep = write_sweep(seeds=[1], grid={"data.train_limit": [70000, 300]})
    tiny = [value for value in TINY if "train_limit" not in value]
    done = bench("sweep", sweep, *tiny)
    assert done.code == 4, done
    failed = [r for r in map(read_result, runs_below(tmp_path / "runs")) if r["status"] == "failed"]
    assert len(failed) == 1
    assert "60000 images" in failed[0]["error"]
    assert failed[0]["data"] is None
    assert bench("report", tmp_path / "runs").code == 0


def remove_nothing(folder):
    """There is no data in it."""


def change_a_file(folder, name, change):
    for file in SHIPPED_MNIST.glob("*.gz"):
        content = file.read_bytes()
        (folder / file.name).write_bytes(change(content) if name in file.name else content)


def empty_a_file(folder):
    change_a_file(folder, "t10k-labels", lambda content: b"")


def truncate_a_file(folder):
    change_a_file(folder, "train-images", lambda content: content[:-1000])


def flip_a_byte(folder):
    change_a_file(folder, "train-images", lambda c: c[:5000] + bytes([c[5000] ^ 1]) + c[5001:])


def spoil_a_header(folder):
    change_a_file(folder, "t10k-images", lambda c: gzip.compress(b"\1" + gzip.decompress(c)[1:]))


@pytest.mark.parametrize(
    "spoil", [remove_nothing, empty_a_file, truncate_a_file, flip_a_byte, spoil_a_header]
)
def test_data_that_are_not_sound_end_a_sweep_before_the_first_run(bench, write_sweep, tmp_path, spoil):
    (tmp_path / "nothing").mkdir()
    spoil(tmp_path / "nothing")
    sweep = write_sweep(seeds=[1], grid={"data.directory": [None, "nothing"]})
    for flags in ([], ["--dry-run"], ["--quiet"]):
        done = bench("sweep", sweep, *TINY, *flags)
        assert_refusal(done, 3, "nothing")
        assert not (tmp_path / "runs").exists()
    assert done.stdout == ""
    # Of runs that are done already nothing is asked.
    assert bench("sweep", sweep, *TINY, "--shard", "1/2").code == 0
    assert bench("sweep", sweep, *TINY, "--shard", "1/2").code == 0


def test_quiet_keeps_the_causes(bench, write_sweep, tmp_path):
    sweep = write_sweep(seeds=[1], grid={"data.train_limit": [70000, 300]})
    tiny = [value for value in TINY if "train_limit" not in value]
    (tmp_path / "runs/sweep/mlp/data.train_limit=300").mkdir(parents=True)
    (tmp_path / "runs/sweep/mlp/data.train_limit=300/seed-1").touch()
    done = bench("sweep", sweep, *tiny, "--quiet")
    assert_refusal(done, 4, "2 of 2 runs failed", "60000 images", "a file of that name is in the way")
    diverging = write_sweep("diverging.json", seeds=[1])
    for _ in range(2):  # the second only finds it
        done = bench("sweep", diverging, *TINY, "optimizer.learning_rate=1e30", "--quiet")
        assert_refusal(done, 4, "1 of 1 runs failed", "loss is no longer finite")


def test_a_grid_of_millions_is_refused_at_once(bench, write_sweep, tmp_path):
    """Nothing is made of it: it would not fit into the memory that this leaves."""
    keys = ("optimizer.learning_rate", "optimizer.epsilon", "optimizer.weight_decay",
            "training.epochs", "training.batch_size")  # fmt: skip
    sweep = write_sweep(seeds=[1], grid={key: list(range(1, 33)) for key in keys})
    assert sweep.stat().st_size < 3600
    done = bench("sweep", sweep, timeout=30)
    assert_refusal(done, 2, "sweep.json", "more than 100000 runs", "training.epochs: 32")
    assert_has_remedy(done)


def test_fail_fast_starts_no_further_run(bench, write_sweep, tmp_path):
    sweep = write_sweep(seeds=[1, 2, 3], grid={"optimizer.learning_rate": [1e30]})
    assert bench("sweep", sweep, *TINY, "--fail-fast").code == 4
    assert len(runs_below(tmp_path / "runs")) == 1


def test_ctrl_c_ends_the_runs_in_progress_with_a_record(start, bench, write_sweep, tmp_path):
    sweep = write_sweep(seeds=[1, 2, 3])
    endless = [*TINY[:-1], "training.epochs=100000"]
    process = start("sweep", sweep, *endless, "--jobs", 2)
    for seed in (1, 2):
        wait_until((tmp_path / f"runs/sweep/mlp/seed-{seed}/checkpoint.safetensors").exists)
    # Its workers are forks of it: a thread that it had would be missing there.
    assert len(os.listdir(f"/proc/{process.pid}/task")) == 1
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 75
    statuses = [read_result(run)["status"] for run in runs_below(tmp_path / "runs")]
    assert statuses == ["interrupted", "interrupted"]


def test_a_signal_to_the_workers_as_well_interrupts_like_one_to_the_sweep(
    start, write_sweep, tmp_path
):
    """As Slurm does, which signals every process of a job. Steps are long: it comes within one."""
    process = start("sweep", write_sweep(seeds=[1, 2]), "device=cpu", "data.train_limit=20000",
                    "training.batch_size=20000", "training.epochs=1000", "--jobs", 2)  # fmt: skip
    for seed in (1, 2):
        wait_until((tmp_path / f"runs/sweep/mlp/seed-{seed}/checkpoint.safetensors").exists)
    for pid in (*workers_of(process), process.pid):
        os.kill(pid, signal.SIGTERM)
    assert process.wait(60) == 75
    statuses = [read_result(run)["status"] for run in runs_below(tmp_path / "runs")]
    assert statuses == ["interrupted", "interrupted"]


def test_two_sweeps_on_one_folder_share_the_work(start, write_sweep, tmp_path, one_by_one):
    sweep = write_sweep()
    both = [start("sweep", sweep, *TINY, "--threads", 1) for _ in range(2)]
    for process in both:
        assert process.wait(120) == 0, process.stderr.read()
    assert fingerprints(tmp_path / "runs" / "sweep") == one_by_one


def test_a_changed_config_is_refused_with_the_difference(bench, write_sweep, tmp_path):
    sweep = write_sweep()
    assert bench("sweep", sweep, *TINY, "--shard", "1/3").code == 0
    before = snapshot(runs_below(tmp_path / "runs")[0])
    refused = bench("sweep", sweep, *TINY, "optimizer.learning_rate=0.01")
    assert_refusal(refused, 2, "optimizer.learning_rate: 0.001 → 0.01")
    assert_has_remedy(refused)
    assert snapshot(runs_below(tmp_path / "runs")[0]) == before
    forced = bench("sweep", sweep, *TINY, "optimizer.learning_rate=0.01", "--force")
    assert forced.code == 0, forced
    assert len(runs_below(tmp_path / "runs")) == 3


def test_wrong_use_is_refused(bench, write_sweep):
    assert_refusal(bench("sweep", "none.json"), 2, "none.json")
    assert_refusal(bench("sweep", write_sweep(seeds=[]), *TINY), 2, "/seeds")
    assert_refusal(bench("sweep", write_sweep(), "--shard", "3/2"), 2, "--shard", "1 to N")
    assert_refusal(bench("sweep", write_sweep(), "--shard", "3"), 2, "--shard", "1/4")
    assert_refusal(bench("sweep", write_sweep(grid={"threads": [1, 2]})), 2, "/grid/threads")
    assert_refusal(bench("sweep", write_sweep(configs=["no.json"])), 2, "sweep.json", "no.json")
    assert_refusal(
        bench("sweep", write_sweep(grid={"optimizer.learning_rate": [-1]})), 2, "sweep.json", "-1"
    )
    assert_refusal(bench("sweep", write_sweep(), "--jobs", "0"), 2, "--jobs")
    assert_refusal(bench("sweep", write_sweep(), "seed=3"), 2, "seeds")
    assert_refusal(bench("sweep", CNN), 2, "experiment config", "mnist-bench run")
    assert_refusal(bench("sweep", "knn"), 2, "experiment config", "mnist-bench run knn")
    assert_refusal(bench("run", write_sweep()), 2, "a sweep", "mnist-bench sweep")


def test_status_lines_on_a_terminal_are_one_per_worker(start, write_sweep):
    terminal = Terminal(columns=200)
    drawn = re.compile(rb"of 2 done\r?\n[^\n]*seed-1: epoch [^\n]*\r?\n[^\n]*seed-2: epoch")
    try:
        process = start("sweep", write_sweep(seeds=[1, 2]), *ENDLESS, "--jobs", 2,
                        stderr=terminal.slave, environment={"TERM": "xterm"})  # fmt: skip
        wait_until(lambda: drawn.search(terminal.received))
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 75  # interrupted
    finally:
        terminal.text()


def test_the_table_of_a_resumed_sweep_is_that_of_an_uninterrupted_one(
    start, bench, write_sweep, tmp_path
):
    sweep = write_sweep(configs=[str(CONFIGS / "mlp.json"), str(CNN)], seeds=[1])
    assert bench("sweep", sweep, *TINY, "--output", "whole", "--jobs", 2).code == 0
    process = start("sweep", sweep, *TINY, "--output", "parts", "--jobs", 2)
    wait_until(lambda: list((tmp_path / "parts").rglob("checkpoint.safetensors")))
    process.kill()
    process.wait()
    time.sleep(0.3)
    assert bench("sweep", sweep, *TINY, "--output", "parts", "--jobs", 2).code == 0
    assert fingerprints(tmp_path / "parts") == fingerprints(tmp_path / "whole")


def test_a_run_that_is_left_over_is_computed_as_beside_the_others(bench, write_sweep, tmp_path):
    sweep = write_sweep(configs=[str(CONFIGS / "mlp.json"), str(CNN)], seeds=[1])
    arguments = ("sweep", sweep, *TINY, "--output", "runs", "--jobs", 2)
    assert bench(*arguments).code == 0
    whole = fingerprints(tmp_path / "runs")
    shutil.rmtree(tmp_path / "runs/cnn")
    assert bench(*arguments).code == 0
    assert fingerprints(tmp_path / "runs") == whole
    threads = {read_result(run)["provenance"]["threads"] for run in runs_below(tmp_path / "runs")}
    assert threads == {1}


def test_report_warns_of_times_taken_side_by_side(bench, write_sweep, tmp_path):
    assert bench("sweep", write_sweep(), *TINY, "--jobs", 2).code == 0
    assert "warning: times were taken with several runs side by side" in (
        bench("report", tmp_path / "runs").stdout
    )
