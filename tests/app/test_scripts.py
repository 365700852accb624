"""scripts/sweep_seeds, scripts/equivalence, what scripts/reproduce_paper is told (test_paper.py runs
it), and what scripts/slurm_sweep.sbatch makes of an array (test_slurm.py runs it under Slurm)."""

import functools
import re
import subprocess
from pathlib import Path

import pytest
from conftest import BINARY, Finished, clean_environment, libtorch_headers
from support import CONFIGS, PROJECT, assert_has_remedy, assert_refusal, read_result, snapshot

MLP = CONFIGS / "mlp.json"
TINY = ("device=cpu", "data.train_limit=300", "data.test_limit=200", "training.epochs=1")


@pytest.fixture
def script(tmp_path):
    """script("sweep_seeds", argument, ...) runs one of scripts/ in a temporary folder."""

    def run(name, *arguments, **environment):
        done = subprocess.run(
            [PROJECT / "scripts" / name, *map(str, arguments)],
            cwd=tmp_path,
            env=clean_environment(**{"MNIST_BENCH_BINARY": BINARY, **environment}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return Finished(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def sweep_seeds(script):
    return lambda *arguments, **environment: script("sweep_seeds", *arguments, **environment)


def runs_below(folder):
    return {str(path.parent.relative_to(folder)) for path in folder.rglob("result.json")}


def test_sweep_seeds_trains_every_config_with_every_seed_and_prints_the_table(
    sweep_seeds, bench, tmp_path
):
    done = sweep_seeds(MLP, CONFIGS / "smoke.json", "--seeds", "1-3", "--jobs", 2, *TINY)
    assert done.code == 0, done
    runs = tmp_path / "runs" / "seeds"
    assert runs_below(runs) == {f"{c}/seed-{s}" for c in ("mlp", "smoke") for s in (1, 2, 3)}
    assert done.stdout == bench("report", runs).stdout
    assert re.search(r"^mlp +3 +0 ", done.stdout, re.MULTILINE)
    assert {read_result(runs / run)["provenance"]["jobs"] for run in runs_below(runs)} == {2}
    files = re.search(r"mnist-bench (report .*)", done.stderr).group(1)
    assert bench(*files.split()).code == 0
    assert (tmp_path / "report.html").stat().st_size > 0


def test_the_same_command_again_trains_nothing_and_more_seeds_join(sweep_seeds, bench, tmp_path):
    assert sweep_seeds(MLP, "--seeds=1,3", *TINY, "--output=here").code == 0
    before = {seed: snapshot(tmp_path / f"here/mlp/seed-{seed}") for seed in (1, 3)}
    again = sweep_seeds(MLP, "--seeds", "1,3", *TINY, "--output", "here")
    assert again.code == 0, again
    assert "0 of 2 runs to do" in again.stderr
    more = sweep_seeds(MLP, "--seeds", "3-5", *TINY, "--output", "here")
    assert "2 of 3 runs to do" in more.stderr
    assert re.search(r"^mlp +4 +0 ", more.stdout, re.MULTILINE), more.stdout
    assert {seed: snapshot(tmp_path / f"here/mlp/seed-{seed}") for seed in (1, 3)} == before
    # The sweep file is an ordinary one, and says how it was run.
    command = (tmp_path / "here/sweep_seeds.json").read_text().splitlines()[0]
    by_hand = bench(*command.split()[2:], "--dry-run")
    assert "0 of 3 runs to do" in by_hand.stdout, by_hand


def test_another_experiment_in_the_same_folder_is_refused(sweep_seeds, tmp_path):
    assert sweep_seeds(MLP, "--seeds", "1-2", *TINY).code == 0
    file = tmp_path / "runs/seeds/sweep_seeds.json"
    before = file.read_bytes()
    refused = sweep_seeds(MLP, "--seeds", "1-2", *TINY, "model.dropout=0.5")
    assert_refusal(refused, 2, "model.dropout: 0.2 → 0.5", "--output DIR")
    assert file.read_bytes() == before


def test_failed_runs_end_in_exit_4_after_the_table(sweep_seeds):
    done = sweep_seeds(MLP, "--seeds", "1-2", *TINY, "optimizer.learning_rate=1e30")
    assert_refusal(done, 4, "2 of 2 runs failed")
    assert re.search(r"^mlp +0 +2 ", done.stdout, re.MULTILINE), done.stdout


def test_names_with_blanks_and_quotes_are_taken_as_they_are(sweep_seeds, tmp_path):
    config = tmp_path / 'my "best" \\ mlp.json'
    config.write_text('{ "name": "best", "model": { "type": "mlp" } }')
    done = sweep_seeds(config.name, "--seeds", "7", *TINY, "--output", 'my "own" runs')
    assert done.code == 0, done
    assert "one seed" in done.stderr
    assert runs_below(tmp_path / 'my "own" runs') == {"best/seed-7"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), ["no config"]),
        ((MLP,), ["--seeds is missing", "1-10"]),
        ((MLP, "--seeds"), ["--seeds needs a value"]),
        ((MLP, "--seeds", "10-1"), ["did you mean 1-10"]),
        ((MLP, "--seeds", "1..10"), ["1..10", "1-10"]),
        ((MLP, "--seeds", "1, 2"), ["without spaces"]),
        ((MLP, "--seeds", "1,1"), ["seed 1 twice"]),
        ((MLP, "--seeds", "1", "2", "3"), ["no config 2", "--seeds 1,2,5"]),
        ((MLP, "--seeds", "1-99999999999999999999"), ["1-10"]),
        ((MLP, "--seeds", "1-2", "--job", "2"), ["--job"]),
        ((MLP, "--seeds", "1-2", "--jobs", "two"), ["--jobs"]),
        ((MLP, "--seeds", "1-2", "seed=3"), ["--seeds"]),
        ((MLP, "--seeds", "1-2", "training.epoch=3"), ["training.epochs"]),
        (("mlp", "--seeds", "1-2"), ["no config mlp", "configs/mlp.json"]),
        (("none.json", "--seeds", "1-2"), ["no config none.json", "--help"]),
    ],
    ids=lambda value: " ".join(map(str, value)).replace(str(CONFIGS) + "/", ""),
)
def test_wrong_use_is_refused_with_what_to_write_instead(sweep_seeds, tmp_path, arguments, words):
    refused = sweep_seeds(*arguments)
    assert_refusal(refused, 2, *words)
    assert_has_remedy(refused)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_build_is_named_with_how_to_build(sweep_seeds):
    refused = sweep_seeds(MLP, "--seeds", "1-2", MNIST_BENCH_BINARY="/nowhere/mnist-bench")
    assert_refusal(refused, 1, "/nowhere/mnist-bench", "cmake --build")


@pytest.fixture
def commands_of(script, tmp_path):
    """Runs a script, and gives its end and the command lines that it makes of its arguments."""
    binary = tmp_path / "mnist-bench"
    binary.write_text(f'#!/bin/sh\necho "$*" >> {tmp_path / "commands"}\n')
    binary.chmod(0o755)

    def run(name, *arguments):
        done = script(name, *arguments, MNIST_BENCH_BINARY=str(binary))
        commands = tmp_path / "commands"
        return done, commands.read_text().splitlines() if commands.exists() else []

    return run


@pytest.fixture
def reproduce_paper(commands_of):
    return functools.partial(commands_of, "reproduce_paper")


@pytest.fixture
def check_claims(commands_of):
    return functools.partial(commands_of, "check_claims")


@pytest.mark.parametrize(
    ("arguments", "engine", "output"),
    [
        ((), "libtorch", "runs/paper"),
        (("--engine", "libtorch"), "libtorch", "runs/paper"),
        (("--engine", "native"), "native", "runs/paper-native"),
        (("--output", "/tmp/try", "--engine", "native"), "native", "/tmp/try"),
    ],
    ids=str,
)
def test_reproduce_paper_keeps_the_runs_of_the_engines_apart(
    reproduce_paper, arguments, engine, output
):
    done, (plain, permuted, transforms, files, tables) = reproduce_paper(
        *arguments, "training.epochs=1"
    )
    assert done.code == 0, done
    overrides = f"--jobs 1 training.epochs=1 training.engine={engine}"
    assert plain == f"sweep configs/paper/sweep.json --output {output} {overrides}"
    assert permuted == f"sweep configs/paper/permuted.json --output {output}/permuted {overrides}"
    assert transforms == f"evaluate {output} --suite standard"
    assert files == f"report {output} --paper -o {output}/paper.html -o {output}/paper.md"
    assert tables == f"report {output} --paper"


def test_reproduce_paper_can_leave_all_but_the_tables_out(reproduce_paper):
    done, (sweep, *reports) = reproduce_paper("--tables-only")
    assert done.code == 0, done
    assert sweep.startswith("sweep configs/paper/sweep.json ")
    assert [command.split()[0] for command in reports] == ["report", "report"]


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("reproduce_paper", ("--suite",), ["--suite needs a value"]),
        ("reproduce_paper", ("--engine", "torch"), ["torch", "libtorch or native"]),
        ("reproduce_paper", ("--engine",), ["--engine needs a value"]),
        ("reproduce_paper", ("training.engine=native",), ["--engine native"]),
        ("reproduce_paper", ("--engines", "native"), ["--engines"]),
        ("check_claims", ("--seeds",), ["--seeds needs a value"]),
        ("check_claims", ("--engine", "torch"), ["torch", "libtorch or native"]),
        ("check_claims", ("training.engine=native",), ["--engine native"]),
        ("check_claims", ("--all-of-it",), ["--all-of-it"]),
        ("check_claims", ("--suite", "standrad"), ["standrad", "standard, shift, noise, quick or a file"]),
        ("check_claims", ("--jobs", "0"), ["--jobs 0", "--jobs 2"]),
        ("check_claims", ("--seeds", "6-1"), ["--seeds 6-1", "did you mean 1-6?"]),
        ("check_claims", ("--seeds", "1,,2"), ["--seeds 1,,2", "1-10 or 1,2,5"]),
        ("check_claims", ("--seeds", "1,2,1"), ["--seeds 1,2,1", "seed 1 twice"]),
        ("check_claims", ("--engine=native",), ["--engine=native", "write --engine native"]),
        ("check_claims", ("--all=yes",), ["--all=yes", "--help"]),
        ("reproduce_paper", ("--engine=native",), ["--engine=native", "write --engine native"]),
        ("reproduce_paper", ("--jobs", "two"), ["--jobs two", "--jobs 2"]),
        ("reproduce_paper", ("--suite", "standrad"), ["standrad", "standard, shift, noise, quick or a file"]),
    ],
    ids=str,
)
def test_the_papers_scripts_refuse_what_they_do_not_know(commands_of, name, arguments, words):
    refused, commands = commands_of(name, *arguments)
    assert_refusal(refused, 1, *words)
    assert_has_remedy(refused)
    assert commands == []


def test_check_claims_trains_each_experiment_and_reports_all_together(check_claims):
    done, commands = check_claims("--seeds", "1-3", "--output", "/tmp/try", "data.test_limit=300")
    assert done.code == 0, done
    *sweeps, files, tables = commands
    names = [re.fullmatch(r"sweep configs/paper/(\w+)\.json --output /tmp/try/(\w+) --jobs 2 --quiet --seeds 1-3 "
                          r"data\.test_limit=300 training\.engine=native", line).groups()
             for line in sweeps]  # fmt: skip
    assert all(sweep == folder for sweep, folder in names)
    configs = {file.stem for file in (PROJECT / "configs" / "paper").glob("*.json")}
    assert {sweep for sweep, _ in names} == configs - {"classical", "classifiers", "resnet20"}
    outputs = " ".join(f"-o /tmp/try/paper.{ending}" for ending in ("html", "md", "json"))
    assert files == f"report /tmp/try --paper {outputs}"
    assert tables == "report /tmp/try --paper"


def test_check_claims_all_trains_the_other_classifiers_each_with_the_keys_that_it_has(check_claims):
    done, commands = check_claims("--all", "training.epochs=2", "data.test_limit=300")
    assert done.code == 0, done
    others = [line for line in commands if re.match(r"sweep configs/paper/(class|resnet)", line)]
    networks = "--seeds 1-6 training.epochs=2 data.test_limit=300 training.engine=native"
    assert [line.split("--quiet ")[1] for line in others] == [networks, networks, "--seeds 1 data.test_limit=300"]


def test_check_claims_leaves_out_a_sweep_of_an_overridden_key(check_claims):
    done, commands = check_claims("data.train_limit=300", "training.epochs=2")
    assert done.code == 0, done
    left_out = re.findall(r"  configs/paper/(\w+)\.json is left out: it varies ([\w.]+)", done.stderr)
    assert left_out == [(name, "training.epochs") for name in ("normalization", "initialization", "sgd")] + [
        ("data", "data.train_limit"), ("resolution", "training.epochs")]  # fmt: skip
    assert not any("configs/paper/data.json" in line for line in commands)


@pytest.mark.parametrize("name", ["check_claims", "sweep_seeds", "reproduce_paper", "equivalence", "slurm_sweep.sbatch"])
def test_help_is_on_stdout(script, name):
    done = script(name, "--help")
    assert (done.code, done.stderr) == (0, "")
    assert "usage: " in done.stdout


@pytest.fixture
def sweep_file(tmp_path):
    path = tmp_path / "sweep.json"
    path.write_text(f'{{ "configs": ["{MLP}"], "seeds": {{ "from": 1, "to": 7 }} }}')
    return path


def array(ids):
    """The environments of an array's tasks, as Slurm sets them."""
    return [
        {
            "SLURM_ARRAY_TASK_ID": str(task),
            "SLURM_ARRAY_TASK_COUNT": str(len(ids)),
            "SLURM_ARRAY_TASK_MIN": str(min(ids)),
            "SLURM_ARRAY_TASK_MAX": str(max(ids)),
        }
        for task in ids
    ]


@pytest.mark.parametrize("ids", [[1, 2, 3], [0, 1], [0, 5, 10, 15], [4], range(1, 10)], ids=str)
def test_the_tasks_of_an_array_together_are_the_sweep(script, sweep_file, ids):
    planned = []
    for environment in array(ids):
        done = script("slurm_sweep.sbatch", sweep_file, "--dry-run", **environment)
        assert done.code == 0, done
        planned += re.findall(r"seed-(\d)", done.stdout)
    assert sorted(planned) == list("1234567")


def test_a_job_without_an_array_is_the_whole_sweep(script, sweep_file):
    done = script("slurm_sweep.sbatch", sweep_file, "--dry-run")
    assert "7 of 7 runs to do" in done.stdout, done


@pytest.mark.parametrize(
    ("options", "threads"), [((), 3), (("--jobs", 1), 1), (("--threads", 2), 2)]
)
def test_a_task_uses_its_cpus(script, sweep_file, tmp_path, options, threads):
    """With --jobs, sweep decides; with a single one, that is the config's threads."""
    overrides = (*TINY, "threads=1")
    done = script("slurm_sweep.sbatch", sweep_file, *overrides, *options,
                  **array(range(1, 8))[0], SLURM_CPUS_PER_TASK="3")  # fmt: skip
    assert done.code == 0, done
    result = read_result(tmp_path / "runs/sweep/mlp/seed-1")
    assert result["provenance"]["threads"] == threads


def test_an_array_with_gaps_is_refused(script, sweep_file):
    codes = [
        script("slurm_sweep.sbatch", sweep_file, "--dry-run", **environment).code
        for environment in array([1, 2, 5])
    ]
    assert 2 in codes
    refused = script("slurm_sweep.sbatch", sweep_file, **array([1, 2, 5])[1])
    assert_refusal(refused, 2, "1 to 5", "--array=1-8")


@pytest.mark.parametrize(
    ("name", "code", "variable"),
    [
        ("sweep_seeds", 1, "MNIST_BENCH_BINARY"),
        ("reproduce_paper", 1, "MNIST_BENCH_BINARY"),
        ("check_claims", 1, "MNIST_BENCH_BINARY"),
        ("equivalence", 1, "MNIST_BENCH_BINARY"),
        ("slurm_sweep.sbatch", 2, "MNIST_BENCH_BINARY"),
        ("setup", 1, "MNIST_BENCH_LIBTORCH"),
        ("quickstart", 1, "MNIST_BENCH_LIBTORCH"),
    ],
)
def test_an_empty_path_in_the_environment_is_an_error(script, sweep_file, name, code, variable):
    refused = script(name, sweep_file, **{variable: ""})
    assert_refusal(refused, code, f"{variable} is empty")
    assert_has_remedy(refused)


def test_an_sbatch_outside_the_project_is_refused(script, sweep_file):
    refused = script("slurm_sweep.sbatch", sweep_file, MNIST_BENCH_BINARY=None)
    assert_refusal(refused, 2, "build/release/mnist-bench", "MNIST_BENCH_BINARY")
    assert script("slurm_sweep.sbatch").code == 2


# equivalence


@pytest.fixture(scope="module", name="few_seeds")
def fixture_few_seeds(tmp_path_factory):
    """The program under test, but its sweeps train every fourth run only: of the MLP seeds 1, 5, ...
    97, of the CNN 1, 5 and 9, in both engines."""
    program = tmp_path_factory.mktemp("few") / "mnist-bench"
    program.write_text(
        f'#!/bin/sh\n[ "$1" != sweep ] || set -- "$@" --shard 1/4\nexec "{BINARY}" "$@"\n'
    )
    program.chmod(0o755)
    return program


@pytest.fixture(scope="module", name="ladder")
def fixture_ladder(few_seeds, tmp_path_factory):
    """ladder(argument, ...) runs scripts/equivalence on one folder of tiny runs."""
    home = tmp_path_factory.mktemp("equivalence")

    def run(*arguments):
        done = subprocess.run(
            [PROJECT / "scripts/equivalence", "--output", "out", *TINY, *arguments],
            cwd=home,
            env=clean_environment(MNIST_BENCH_BINARY=str(few_seeds)),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=280,
        )
        return Finished(done.returncode, done.stdout, done.stderr)

    run.home = home
    return run


def test_equivalence_trains_both_engines_and_compares_both_models(ladder):
    done = ladder("--margin", "100")
    assert done.code == 0, done
    assert "tests: skipped" in done.stderr
    assert "both models are equivalent within ± 100 points" in done.stderr
    assert done.stdout.count("differing: training.engine libtorch → native") == 2
    assert done.stdout.count("Equivalent within ± 100.00 points") == 2
    assert runs_below(ladder.home / "out") == {
        f"{model}/training.engine={engine}/seed-{seed}"
        for model, seeds in (("mlp", range(1, 101, 4)), ("cnn", range(1, 41, 4)))
        for engine in ("libtorch", "native")
        for seed in seeds
    }
    threads = {
        read_result(path.parent)["provenance"]["threads"] for path in ladder.home.rglob("result.json")
    }
    assert threads == {1}


def test_equivalence_started_again_trains_nothing_and_fails_where_it_is_not_shown(ladder):
    ladder("--margin", "100")
    done = ladder("--margin", ".0001")
    assert done.code == 1, done
    assert done.stderr.count("0 of ") == 2
    assert done.stdout.count("Not shown to be equivalent within ± 0.0001 points") == 2
    assert "error: not shown to be equivalent within ± .0001 points: mlp cnn" in done.stderr


def test_equivalence_refuses_before_it_trains(script, tmp_path):
    for margin in ("0", "100.5", "-1", "x", "0.1 points"):
        refused = script("equivalence", "--margin", margin, "--output", "out")
        assert_refusal(refused, 1, "--margin", "> 0 and ≤ 100")
    assert "unknown argument: --seeds" in script("equivalence", "--seeds").stderr
    for nothing in ((), ("",)):
        assert "--margin needs a value" in script("equivalence", "--margin", *nothing).stderr
    wrong = script("equivalence", "--output", "out", "training.epoch=1")
    assert_refusal(wrong, 2, "training.epochs")
    assert list(tmp_path.iterdir()) == []


def test_the_rungs_of_equivalence_name_tests_that_there_are():
    text = (PROJECT / "scripts/equivalence").read_text()
    rungs = re.search(r"rungs=\((.*?)\n\)", text, re.DOTALL).group(1)
    names = re.sub(r"#.*", "", rungs).split()
    assert len(names) >= 15
    sources = "".join(path.read_text() for path in (PROJECT / "tests").rglob("*_test.cpp"))
    for name in names:
        suite, _, test = name.partition(".")
        pattern = rf"\nTEST(_[FP])?\({suite}, (DISABLED_)?{test}"
        assert re.search(pattern, sources), name


def test_a_libtorch_of_ones_own_does_not_give_its_own_fmt(tmp_path):
    """LibTorch carries headers of another fmt than spdlog's, and may be where CMake looks first."""
    cache = (Path(BINARY).parent / "CMakeCache.txt").read_text(encoding="utf-8")
    generator = re.search(r"^CMAKE_GENERATOR:INTERNAL=(.*)$", cache, re.MULTILINE)[1]
    include = libtorch_headers()
    done = subprocess.run(
        ["cmake", "-S", PROJECT, "-B", tmp_path, "-G", generator, "-DBUILD_TESTING=OFF",
         f"-DCMAKE_PREFIX_PATH={include.parent}"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for library in ("fmt", "spdlog"):
        assert not (tmp_path / "system-headers" / library).resolve().is_relative_to(include)
