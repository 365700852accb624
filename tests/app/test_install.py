"""`cmake --install` makes a tree that may be moved and needs neither the sources nor the build."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import BINARY, Finished, clean_environment
from support import CONFIGS, PROJECT, SHIPPED_MNIST, SMALL, assert_has_remedy, assert_refusal, read_result

BUILD = Path(BINARY).parent
TINY = (*SMALL, "training.epochs=1")
# Empty folders are mounted over these, for the program alone.
HIDDEN = [path for path in (BUILD, (PROJECT / "third_party/libtorch").resolve(), PROJECT) if path.exists()]
MAY_MOUNT = subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="module", name="tree")
def fixture_tree(tmp_path_factory):
    """An installed tree, moved after it was installed."""
    home = tmp_path_factory.mktemp("install")
    done = subprocess.run(
        ["cmake", "--install", BUILD, "--prefix", home / "prefix"], capture_output=True, text=True
    )
    assert done.returncode == 0, done
    (home / "prefix").rename(home / "moved")
    yield home / "moved"
    shutil.rmtree(home)  # half a gigabyte


@pytest.fixture(name="installed")
def fixture_installed(tree, tmp_path):
    """installed("run", ...) runs the installed program, from which sources and build are hidden."""

    def run(*arguments, binary=tree / "bin/mnist-bench", **environment):
        words = [str(binary), *map(str, arguments)]
        if MAY_MOUNT:
            mounts = " && ".join(f"mount -t tmpfs none '{path}'" for path in HIDDEN)
            words = ["unshare", "-rm", "sh", "-c", f'{mounts} && exec "$@"', "sh", *words]
        done = subprocess.run(
            words, cwd=tmp_path, env=clean_environment(**{"MNIST_BENCH_DATA": None, **environment}),
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        return Finished(done.returncode, done.stdout, done.stderr)

    return run


def test_the_tree_holds_the_program_and_what_ships_with_it(tree):
    shared = tree / "share/mnist-bench"
    for source, copy in ((CONFIGS, shared / "configs"), (SHIPPED_MNIST, shared / "mnist")):
        files = {path.relative_to(source) for path in source.rglob("*") if path.is_file()}
        assert files == {path.relative_to(copy) for path in copy.rglob("*") if path.is_file()}
        assert all((source / file).read_bytes() == (copy / file).read_bytes() for file in files)
    assert (tree / "share/doc/mnist-bench/LICENSE").read_text() == (PROJECT / "LICENSE").read_text()
    bash = tree / "share/bash-completion/completions/mnist-bench"
    zsh = tree / "share/zsh/site-functions/_mnist-bench"
    assert "mnist-bench completion bash" in bash.read_text()
    assert zsh.read_text().startswith("#compdef mnist-bench\n")
    assert not [path for path in tree.rglob("*") if path.is_symlink()]


def test_sources_and_build_are_hidden_from_what_runs(installed):
    if MAY_MOUNT:
        assert installed("README.md", binary="cat").code != 0
        for folder, file in ((PROJECT, "README.md"), (BUILD, "mnist-bench")):
            assert (folder / file).exists()
            assert file not in installed(folder, binary="ls").stdout.split()


def test_it_runs_where_the_sources_and_the_build_are_gone(installed, tree, tmp_path):
    assert installed("--version").stdout.startswith("mnist-bench ")
    doctor = installed("doctor")
    assert doctor.code == 0, doctor
    assert f"{tree}/share/mnist-bench/mnist: MNIST, checksums verified" in doctor.stdout
    for name in ("smoke", "mlp"):
        done = installed("run", name, *TINY)
        assert done.code == 0, done
    result = read_result(tmp_path / "runs/mlp/seed-1")
    folders = {Path(file["path"]).parent for file in result["data"]["files"]}
    assert folders == {tree / "share/mnist-bench/mnist"}
    report = installed("report", "runs", "-o", "report.html")
    assert report.code == 0, report
    assert installed("verify", "runs").code == 0


def test_the_installed_program_trains_to_the_bits_of_the_built_one(installed, bench, tmp_path):
    for run, output in ((installed, "installed"), (bench, "built")):
        assert run("run", "smoke", *TINY, "--output", output).code == 0
    results = [read_result(tmp_path / output) for output in ("installed", "built")]
    assert results[0]["parameters_sha256"] == results[1]["parameters_sha256"]


def test_mnist_bench_data_replaces_what_is_missing_next_to_the_program(
    installed, tree, tmp_path
):
    alone = tmp_path / "alone" / "bin" / "mnist-bench"
    alone.parent.mkdir(parents=True)
    shutil.copy(tree / "bin/mnist-bench", alone)
    libraries = {"LD_LIBRARY_PATH": str(tree / "lib/mnist-bench/torch/lib")}
    missing = installed("data", "verify", binary=alone, **libraries)
    assert_refusal(missing, 3, str(alone.parent.parent / "share/mnist-bench"), "MNIST_BENCH_DATA")
    assert_has_remedy(missing)
    assert_refusal(installed("run", "mlp", binary=alone, **libraries), 2, "mlp", "MNIST_BENCH_DATA")
    doctor = installed("doctor", binary=alone, **libraries)
    assert_refusal(doctor, 3, "data")

    def named(*arguments, data=tree / "share/mnist-bench"):
        return installed(*arguments, binary=alone, **libraries, MNIST_BENCH_DATA=str(data))

    assert named("data", "verify").code == 0
    assert named("run", "mlp", *TINY).code == 0
    assert_refusal(named("data", "verify", data=tmp_path / "nowhere"), 3, str(tmp_path / "nowhere"))


def test_files_next_to_the_program_come_before_mnist_bench_data(bench, tmp_path):
    shutil.copytree(SHIPPED_MNIST, tmp_path / "data/mnist")
    (tmp_path / "data/mnist/train-labels-idx1-ubyte.gz").write_bytes(b"damaged")
    verified = bench("data", "verify", environment={"MNIST_BENCH_DATA": str(tmp_path / "data")})
    assert verified.code == 0, verified
    assert verified.stdout.splitlines()[-1].startswith(f"{SHIPPED_MNIST}: ")


def test_an_empty_mnist_bench_data_is_an_error(bench):
    for command in (("data", "verify"), ("run", "mlp", *TINY)):
        refused = bench(*command, environment={"MNIST_BENCH_DATA": ""})
        assert_refusal(refused, 2, "MNIST_BENCH_DATA is empty")
        assert_has_remedy(refused)
    assert bench("doctor", environment={"MNIST_BENCH_DATA": ""}).code == 2


# Names of shipped configs


@pytest.mark.parametrize("command", [("config", "check"), ("config", "show"), ("summary",)])
@pytest.mark.parametrize("name", ["mlp", "cnn", "smoke"])
def test_a_shipped_config_goes_by_its_name(bench, command, name):
    by_name = bench(*command, name, "seed=3")
    assert by_name.code == 0, by_name
    by_path = bench(*command, CONFIGS / f"{name}.json", "seed=3")
    assert by_name.stdout == by_path.stdout.replace(str(CONFIGS / f"{name}.json"), name)


def test_an_existing_path_comes_before_a_name(bench, tmp_path):
    (tmp_path / "mlp").write_text('{"name": "own", "model": {"type": "cnn"}}')
    shown = bench("config", "show", "mlp")
    assert '"name": "own"' in shown.stdout, shown


@pytest.mark.parametrize("word", ["./mlp", "mlp.json", "configs/mlp"])
def test_what_looks_like_a_path_is_one(bench, word):
    assert_refusal(bench("config", "check", word), 2, word, "No such file")


def test_an_unknown_name_gets_the_nearest_one(bench):
    near = bench("run", "smokey")
    assert_refusal(near, 2, "smokey", "did you mean 'smoke'?")
    far = bench("run", "transformer")
    assert_refusal(far, 2, "transformer", "logistic, mlp, resnet20")
    assert_has_remedy(far)


def rpath_of(binary):
    read = subprocess.run(["readelf", "-d", binary], capture_output=True, text=True, check=True)
    return read.stdout.split("runpath: [")[1].split("]")[0]


def test_rpaths_are_relative_and_never_lead_to_the_current_folder(tree):
    """An empty entry, as CMake leaves one in build folders, would."""
    pinned = PROJECT / "third_party/libtorch/torch/lib"
    if not (tree / "lib").exists():
        pytest.skip("built with a LibTorch of the user's own")
    inside = PROJECT in BUILD.parents
    assert rpath_of(BINARY) == (f"$ORIGIN/{os.path.relpath(pinned, BUILD)}" if inside else str(pinned))
    assert rpath_of(tree / "bin/mnist-bench") == "$ORIGIN/../lib/mnist-bench/torch/lib"
