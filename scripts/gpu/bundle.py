"""scripts/check_gpu --bundle: a folder that checks a GPU on a machine without network."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from gpu.checks import Stop, say

LIMIT_BYTES = 60 * 2**20
TARGETS = ("mnist-bench", "libtorch_test")
SCRIPTS = ("check_gpu", "gpu/checks.py", "gpu/report.py")
# What every system has of its own, and must: a process has one C library and one C++ library, and
# the target's LibTorch and driver may need later ones than ours.
OF_THE_SYSTEM = re.compile(
    r"(ld-linux.*|lib(c|m|dl|rt|pthread|util|gcc_s|stdc\+\+))\.so.*|linux-vdso\.so.*"
)
README = """# mnist-bench, checked on a GPU

    ./check_gpu                       # with the torch of this Python
    ./check_gpu --libtorch FOLDER     # with another one

needs Linux on {machine}, Python 3.8 or newer, LibTorch {libtorch} (PyTorch's wheel has it) with its
CUDA libraries, glibc {glibc} and a libstdc++ with GLIBCXX_{glibcxx} or newer; no network. It ends
within 8 minutes, its own limit, and writes its table to runs/check_gpu/check_gpu.md and .json.
"""


def make_bundle(folder, root, project, libraries_of):
    if folder.exists() and any(folder.iterdir()) and not (folder / "bundle.json").exists():
        raise Stop(f"{folder} exists and is not a bundle", "name a new folder", 2)
    build = project / "build/bundle"
    # The programs look for libraries next to themselves; the launcher sets LibTorch's folder.
    searched = ":".join([*map(str, libraries_of(root)), os.environ.get("LD_LIBRARY_PATH", "")])
    environment = {**os.environ, "LD_LIBRARY_PATH": searched.rstrip(":")}
    compile_programs(project, build, root, environment)

    say(f"bundle: {folder}")
    for name in ("bin", "lib", "gpu", "mnist"):  # of an earlier bundle
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir(parents=True)
    programs = [build / "mnist-bench", build / "tests/libtorch/libtorch_test"]
    of_libtorch = {path.resolve() for path in libraries_of(root)}
    own_libraries = [
        library
        for library in linked_libraries(programs, environment)
        if library.parent.resolve() not in of_libtorch
    ]
    for file, target in [(p, "bin") for p in programs] + [(l, "lib") for l in own_libraries]:
        shutil.copy(file, folder / target / file.name)
        run(["strip", "--strip-unneeded", folder / target / file.name])
    for script in SCRIPTS:
        shutil.copy(project / "scripts" / script, folder / script)
    for file in sorted((project / "third_party/mnist").iterdir()):
        shutil.copy(file, folder / "mnist" / file.name)
    shutil.copy(project / "LICENSE", folder / "LICENSE")
    describe(folder, environment)
    refuse_too_large(folder)


def run(words, **options):
    try:
        return subprocess.run(list(map(str, words)), check=True, text=True, **options)
    except FileNotFoundError:
        raise Stop(f"{words[0]} is not installed", "scripts/setup installs what a build needs") from None
    except subprocess.CalledProcessError as error:
        raise Stop(f"{words[0]} failed with {error.returncode}; what it said is above") from None


def compile_programs(project, build, root, environment):
    """In a build folder of its own, whose cache keeps the LibTorch of the first time."""
    say(f"building against {root} in {build}")
    cache = build / "CMakeCache.txt"
    if cache.exists() and f"={root}\n" not in cache.read_text(encoding="utf-8"):
        shutil.rmtree(build)
    run(
        ["cmake", "--preset", "release", "-B", build, f"-DCMAKE_PREFIX_PATH={root}",
         "-DCMAKE_SKIP_RPATH=ON",
         # An RPATH, as old dynamic linkers know it: unlike a RUNPATH it holds for what our
         # libraries link as well, and has precedence over the target's LD_LIBRARY_PATH.
         "-DCMAKE_EXE_LINKER_FLAGS=-Wl,--disable-new-dtags,-rpath,\\$ORIGIN/../lib"],
        cwd=project, env=environment, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    run(["cmake", "--build", build, "--target", *TARGETS], cwd=project, env=environment)


def linked_libraries(programs, environment):
    """All that the dynamic linker loads, less what every system has."""
    found = {}
    for program in programs:
        out = run(["ldd", program], env=environment, stdout=subprocess.PIPE).stdout
        for name, path in re.findall(r"^\s*(\S+)(?: => (.*?))?(?: \(0x[0-9a-f]+\))?$", out, re.MULTILINE):
            if OF_THE_SYSTEM.fullmatch(Path(name).name):
                continue
            if path in ("", "not found"):
                raise Stop(f"{program} needs {name}, and ldd does not find it")
            found[name] = Path(path).parent / name
    return sorted(found.values())


def describe(folder, environment):
    """What the target must have: the versions of symbols that our files ask the system for."""
    asked = "".join(
        run(["objdump", "-T", file], stdout=subprocess.PIPE).stdout
        for file in sorted([*(folder / "bin").iterdir(), *(folder / "lib").iterdir()])
    )
    version = [folder / "bin/mnist-bench", "--version"]
    program = run(version, env=environment, stdout=subprocess.PIPE).stdout.strip()
    about = {
        "schema": "mnist-bench.bundle/1",
        "program": program,
        "libtorch": re.search(r"LibTorch (\d+(?:\.\d+)+)", program)[1],
        "machine": os.uname().machine,
        "glibc": latest_version(r"\bGLIBC_(\d+(?:\.\d+)+)", asked),
        "glibcxx": latest_version(r"\bGLIBCXX_(\d+(?:\.\d+)+)", asked),
    }
    (folder / "bundle.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(README.format(**about), encoding="utf-8")
    say(f"for LibTorch {about['libtorch']}, glibc >= {about['glibc']}, GLIBCXX >= {about['glibcxx']}")


def latest_version(pattern, text):
    return max(re.findall(pattern, text), key=lambda version: [int(n) for n in version.split(".")])


def refuse_too_large(folder):
    total = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    say(f"{total / 2**20:.1f} MiB")
    if total > LIMIT_BYTES:
        raise Stop(f"{folder} has {total / 2**20:.1f} MiB, more than {LIMIT_BYTES >> 20}")
