"""Every README.md says what the program does: links exist, commands run, tables are the program's.

With MNIST_BENCH_WRITE_PAGES=1 in the environment what is marked as generated is written anew.
"""

import gzip
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import BINARY, Finished, clean_environment, run_binary
from support import CONFIGS, PROJECT, SHIPPED_MNIST, read_predictions

LARGEST_FRONT_PAGE = 13_000  # bytes
LONGEST_PAGE = 250  # lines, besides those that are generated
OUTSIDE = {"build", "runs", ".git", "libtorch", "python", ".downloads"}
PAGES = sorted(
    page.relative_to(PROJECT)
    for page in PROJECT.rglob("README.md")
    if not OUTSIDE & set(page.relative_to(PROJECT).parts)
)
FRONT = Path("README.md")

# What the pages show and no test can run here, and where it is run instead.
NOT_RUN = {
    ".ci/run": "is what runs these tests",
    "DIR/check_gpu": "is made by check_gpu --bundle",
    "build/fuzz/tests/fuzz/fuzz": "is built by scripts/fuzz",
    "cmake": "is what built this; presets and install are tried by .ci/run",
    "ctest": "is what runs this",
    "export": "changes the reader's shell",
    "parallel": "test_slurm.py runs it",
    "sbatch": "test_slurm.py runs it",
    "scripts/bench_peers": "installs 5 GB; test_bench_peers.py runs it with peers of its own",
    "scripts/check_all": "takes hours",
    "scripts/check_claims": "trains for a quarter of an hour; test_paper.py runs it on few images",
    "scripts/check_gpu": "test_check_gpu.py runs it",
    "scripts/equivalence": "trains 280 networks; test_scripts.py runs it with a few",
    "scripts/fuzz": ".ci/run runs it",
    "scripts/quickstart": "installs, builds and trains for minutes",
    "scripts/reproduce_paper": "trains for half an hour; test_paper.py runs it on few images",
    "scripts/setup": "installs",
    "scripts/test": "runs these tests",
    "scripts/test_neon": "installs a cross compiler; check_all runs it",
}
# What a reader may have photographed: a 7, dark on light.
SEVEN = b"""<svg xmlns="http://www.w3.org/2000/svg" width="120" height="160">
<rect width="120" height="160" fill="#f4f1ea"/>
<path d="M30 40 Q60 34 92 36 Q70 80 56 130 M44 84 L84 80" stroke="#223" stroke-width="10"
fill="none" stroke-linecap="round"/></svg>"""
# Keys that make a command short, instead of the page's own.
FEW_IMAGES = {"data.train_limit": "300", "data.test_limit": "200", "training.epochs": "1"}


def text_of(page):
    return (PROJECT / page).read_text(encoding="utf-8")


def without_blocks(text):
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def shell_lines(page):
    """The words of each command in the page's sh blocks, without comments and environment."""
    for block in re.findall(r"^```sh\n(.*?)^```", text_of(page), re.MULTILINE | re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            for command in line.split(" && "):
                words = shlex.split(command, comments=True)
                while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
                    del words[0]
                if words:
                    yield words


def named_commands(page):
    """The words of each `mnist-bench ...` in the page's running text."""
    for code in re.findall(r"`(mnist-bench [^`]+)`", without_blocks(text_of(page))):
        yield shlex.split(code)


COMMANDS = [(page, words) for page in PAGES for words in shell_lines(page)]
MENTIONS = [(page, words) for page in PAGES for words in named_commands(page)]
# Each once, also if a page shows several parts of a command's output.
MARKED = list(
    dict.fromkeys(
        (page, kind, command)
        for page in PAGES
        for kind, command in re.findall(r"^<!-- (generated|sample|picture): (.+) -->$", text_of(page), re.MULTILINE)
    )
)


def named(case):
    return " ".join(map(str, case)) if isinstance(case, (tuple, list)) else str(case)


# What is run


@pytest.fixture(scope="module", name="models")
def fixture_models(tmp_path_factory):
    """A folder with two seeds of both models: mlp/seed-1, ..., cnn/seed-2."""
    home = tmp_path_factory.mktemp("models")
    few = [f"{key}={value}" for key, value in FEW_IMAGES.items()]
    for model in ("mlp", "cnn"):
        for seed in (1, 2):
            done = run_binary(
                *("run", CONFIGS / f"{model}.json", f"seed={seed}", *few),
                *("device=cpu", "threads=1", "training.engine=native"),
                *("--output", f"{model}/seed-{seed}"),
                cwd=home,
            )
            assert done.code == 0, done
    return home


class Reader:
    """Types a page's commands into a folder of its own, which has configs/ and, where a command
    names runs that no earlier one has made, runs of both models."""

    def __init__(self, home, models):
        self.home, self.models, self.outputs = home, models, 0
        (home / "configs").symlink_to(CONFIGS)
        for name in ("rates", "small"):  # files that the page on configs shows
            shown = re.search(rf"^```json\n(\{{\n *\"name\": \"{name}\".*?)^```", text_of("configs/README.md"),
                              re.MULTILINE | re.DOTALL)  # fmt: skip
            (home / f"{name}.json").write_text(shown.group(1))
        subprocess.run(["rsvg-convert", "-o", home / "seven.png"], input=SEVEN, check=True)

    def provide(self, path):
        folder = self.home / path
        if folder.exists():
            return
        if folder.name == "latency.json":  # as scripts/reproduce_paper leaves it
            runs = sorted(folder.parent.glob("*/seed-1"))
            done = run_binary("bench", "--inference", *runs, "--rounds", 1, "-o", folder, cwd=self.home)
            assert done.code == 0, done
            return
        if folder.name == "rates":  # as the sweep of configs/README.md leaves it
            few = [f"{key}={value}" for key, value in FEW_IMAGES.items()]
            keys = (*few, "device=cpu", "threads=1", "training.engine=native", "-q")
            done = run_binary("sweep", "rates.json", *keys, cwd=self.home, timeout=300)
            assert done.code == 0, done
            return
        model = "cnn" if {"cnn", "new"} & set(Path(path).parts) else "mlp"
        if folder.name.startswith("seed-"):
            shutil.copytree(self.models / model / folder.name, folder)
        elif folder.name in ("mlp", "cnn", "old", "new", "wide", "small"):
            shutil.copytree(self.models / model, folder)
        else:
            shutil.copytree(self.models, folder)

    def new_output(self):
        self.outputs += 1
        return f"out-{self.outputs}"

    def shortened(self, words):
        """The command for few images, with an output of its own."""
        command, rest = words[0], list(words[1:])
        keys, options = dict(FEW_IMAGES), {"--output": self.new_output()}
        if command == "bench":
            del keys["training.epochs"]
            keys["data.train_limit"] = "64"
            options = {"--rounds": "1", "--epochs": "1"}
            if "--inference" in rest:
                del options["--epochs"]
            if not any(word.startswith("configs/") for word in rest):
                rest = ["configs/mlp.json", "configs/cnn.json", *rest]  # its default
        elif command == "sweep" and "--dry-run" not in rest:
            options["--shard"] = "1/6"
        if command not in ("run", "bench"):
            keys["training.engine"] = "native"
        if {"knn", "svm"} & {Path(word).stem for word in rest}:  # they have none
            del keys["training.epochs"]
        if any(word.startswith("training.steps=") for word in rest):
            keys["training.steps"] = "20"  # in place of the epochs
        for option in options:
            if option in rest:
                del rest[rest.index(option) : rest.index(option) + 2]
        rest = [word for word in rest if word.split("=")[0] not in keys]
        rest += [word for pair in options.items() for word in pair]
        return [command, *rest, *(f"{key}={value}" for key, value in keys.items()), "device=cpu"]

    def type(self, words):
        for word in words:
            if re.match(r"runs(/|$)", word):
                self.provide(word)
        if words[0] == "scripts/sweep_seeds":
            done = subprocess.run(
                [PROJECT / words[0], *self.shortened(words)[1:]],
                cwd=self.home,
                env=clean_environment(MNIST_BENCH_BINARY=BINARY),
                capture_output=True,
                text=True,
                timeout=300,
            )
            return Finished(done.returncode, done.stdout, done.stderr)
        words = words[1:]
        if words[0] in ("run", "sweep", "bench"):
            words = self.shortened(words)
        return run_binary(*words, cwd=self.home, timeout=300)


@pytest.fixture(scope="module", name="reader_of")
def fixture_reader_of(models, tmp_path_factory):
    readers = {}

    def reader_of(page):
        if page not in readers:
            readers[page] = Reader(tmp_path_factory.mktemp("reader"), models)
        return readers[page]

    return reader_of


def require_simd(words, bench):
    if "--simd" in words and words[words.index("--simd") + 1] not in bench("doctor").stdout:
        pytest.skip("this machine does not have these instructions")


@pytest.mark.parametrize(("page", "words"), COMMANDS, ids=named)
def test_command_of_a_page_runs(reader_of, bench, page, words):
    if words[0] in NOT_RUN:
        script = PROJECT / words[0]
        assert not words[0].startswith("scripts/") or script.is_file()
        options = [word for word in words[1:] if word.startswith("--")]
        if words[0].startswith("scripts/") and options:
            shown = subprocess.run([script, "--help"], capture_output=True, text=True, check=True)
            for option in options:
                assert re.search(rf"{re.escape(option)}\b", shown.stdout), option
        return
    require_simd(words, bench)
    done = reader_of(page).type(words)
    may_miss = {"--expect", "--equivalence", "--not-worse"} & set(words)
    assert done.code in ((0, 1) if may_miss else (0,)), done


def test_pages_show_commands():
    assert len(COMMANDS) >= 40


def test_what_is_not_run_is_on_a_page():
    shown = {words[0] for _, words in COMMANDS}
    assert set(NOT_RUN) - shown <= {"ctest", "build/fuzz/tests/fuzz/fuzz", "scripts/fuzz", "scripts/test_neon"}


@pytest.mark.parametrize(("page", "words"), MENTIONS, ids=named)
def test_command_named_in_a_page_exists(bench, page, words):
    depth = 2 if words[1] in ("config", "data", "completion") else 1
    shown = bench(*words[1 : 1 + depth], "--help")
    assert shown.code == 0, shown
    for option in (word.split("=")[0] for word in words[1 + depth :] if word.startswith("-")):
        assert re.search(rf"(^|[ ,]){re.escape(option)}\b", shown.stdout, re.MULTILINE), option
    for config in (word for word in words if word.startswith("configs/")):
        assert (PROJECT / config).exists(), config


def test_front_page_lists_every_command(bench):
    commands = re.search(r"Subcommands:\n(.*?)\n\n", bench("--help").stdout, re.DOTALL).group(1)
    for command in re.findall(r"^  (\w+)", commands, re.MULTILINE):
        assert f"| `mnist-bench {command}" in text_of(FRONT), command


# What is the program's own text


def fields(line):
    return " ".join(line.split())


@pytest.mark.parametrize(("page", "kind", "command"), MARKED, ids=named)
def test_marked_text_is_the_programs(reader_of, bench, page, kind, command):
    words = shlex.split(command)
    require_simd(words, bench)
    marker = f"<!-- {kind}: {command} -->\n"
    text = text_of(page)
    done = reader_of(page).type(words)
    assert done.code == 0, done
    if kind == "picture":
        name = words[words.index("-o") + 1]
        assert f"]({name})" in text.split(marker)[1].splitlines()[0]
        drawn, shipped = (reader_of(page).home / name).read_bytes(), PROJECT / Path(page).parent / name
        if os.environ.get("MNIST_BENCH_WRITE_PAGES"):
            shipped.write_bytes(drawn)
            return
        # Alike, not equal: pytest would print the difference of two pictures in base64.
        alike = drawn == shipped.read_bytes()
        assert alike, f"{name} is not what '{command}' writes; MNIST_BENCH_WRITE_PAGES=1 writes it"
        return
    if kind == "generated":
        start = text.index(marker) + len(marker)
        end = text.index("<!-- end -->", start)
        fences = ("```\n", "```\n") if text.startswith("```\n", start) else ("", "")
        wanted = done.stdout.rstrip("\n") + "\n"
        if os.environ.get("MNIST_BENCH_WRITE_PAGES"):
            new = text[:start] + fences[0] + wanted + fences[1] + text[end:]
            (PROJECT / page).write_text(new, encoding="utf-8")
            return
        assert text[start:end] == fences[0] + wanted + fences[1]
        return
    printed = [fields(line) for line in done.stdout.splitlines()]
    for sample in text.split(marker)[1:]:
        block = re.match(r"```\n(.*?)^```", sample, re.MULTILINE | re.DOTALL).group(1).splitlines()
        heads = [fields(block[i - 1]) for i, line in enumerate(block) if re.fullmatch("-{10,}", line)]
        assert heads
        for head in heads:
            assert head in printed


def test_front_page_has_a_config_that_is_valid(bench, tmp_path):
    config = re.search(r"^```json\n(.*?)^```", text_of(FRONT), re.MULTILINE | re.DOTALL).group(1)
    (tmp_path / "example.json").write_text(config)
    assert bench("config", "check", "example.json").code == 0


def test_every_exit_code_is_explained():
    rows = re.findall(r"^\| (\d+) \| ", text_of("src/record/README.md"), re.MULTILINE)
    assert rows == ["0", "1", "2", "3", "4", "5", "6", "75", "130"]


def test_every_metric_of_expect_is_named(bench):
    metrics = re.search(r"metrics: ([a-z0-9_, ]+)", bench("run", "--help").stdout).group(1).strip()
    for metric in metrics.split(", "):
        assert f"`{metric}`" in text_of("src/record/README.md"), metric


def test_every_format_of_report_is_named(bench):
    endings = re.findall(r"(\w*\.(?:html|md|csv|json|tex|svg)) \(", bench("report", "--help").stdout)
    assert len(endings) >= 10
    for ending in endings:
        assert f"`{ending}`" in text_of("src/report/README.md"), ending


def test_front_page_has_the_numbers_of_the_other_pages():
    def cells(title):
        section = re.search(rf"^## {title}\n(.*?)^## ", text_of(FRONT), re.MULTILINE | re.DOTALL)
        rows = re.findall(r"^\| ([^-].*) \|$", section.group(1), re.MULTILINE)[1:]
        return [cell for row in rows for cell in row.split(" | ")[1:]]

    for title, page in (("Results", "configs/paper/README.md"), ("Speed", "src/native/README.md")):
        assert len(cells(title)) >= 16
        for cell in cells(title):
            assert cell in text_of(page), cell


# What Python reads


def test_front_page_python_gives_the_predictions_of_the_run(bench, models, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(PROJECT / "third_party" / "python")
    try:
        import safetensors.numpy  # noqa: F401
    except ImportError as error:
        pytest.skip(f"{error}; scripts/setup installs the library into third_party/python")
    shutil.copytree(models / "mlp", tmp_path / "runs/mlp")
    monkeypatch.chdir(tmp_path)
    code = re.search(r"^```python\n(.*?)^```", text_of(FRONT), re.MULTILINE | re.DOTALL).group(1)
    names = {}
    exec(compile(code, "README.md", "exec"), names)  # the page's own, of this repository
    numpy = names["np"]
    pixels = gzip.decompress((SHIPPED_MNIST / "t10k-images-idx3-ubyte.gz").read_bytes())[16:]
    images = numpy.frombuffer(pixels, dtype=numpy.uint8).reshape(-1, 784)
    rows = read_predictions(tmp_path / "runs/mlp/seed-1")
    predicted = names["logits"](images[[row["index"] for row in rows]]).argmax(axis=1)
    assert predicted.tolist() == [row["predicted"] for row in rows]


# What can be seen without the program


def anchors(page):
    """As GitHub makes them of headings."""
    titles = re.findall(r"^#+ (.+)$", without_blocks(text_of(page)), re.MULTILINE)
    plain = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).replace("`", "") for title in titles)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in plain}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_of_a_page_lead_somewhere(page):
    text = without_blocks(text_of(page))
    links = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r"(?:src|srcset)=\"([^\"]+)\"", text)
    for link in links:
        if re.match(r"https?://", link):
            continue
        path, _, anchor = link.partition("#")
        target = (PROJECT / page).parent / path if path else PROJECT / page
        assert target.exists(), link
        if anchor:
            file = target / "README.md" if target.is_dir() else target
            assert anchor in anchors(file.resolve().relative_to(PROJECT)), link


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_scripts_named_in_a_page_exist(page):
    for script in re.findall(r"`(scripts/[\w.]+)", text_of(page)):
        assert (PROJECT / script).exists(), script


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_a_page_is_short(page):
    written = re.sub(r"^<!-- generated: .*?^<!-- end -->\n", "", text_of(page), flags=re.DOTALL | re.MULTILINE)
    assert len(written.splitlines()) <= LONGEST_PAGE


def test_front_page_is_short():
    assert len(text_of(FRONT).encode()) <= LARGEST_FRONT_PAGE


def test_every_page_is_linked():
    linked = {
        ((PROJECT / page).parent / link.partition("#")[0]).resolve()
        for page in PAGES
        for link in re.findall(r"\]\(([^)\s:]+)\)", without_blocks(text_of(page)))
    }
    assert [page for page in PAGES if page != FRONT and (PROJECT / page).resolve() not in linked] == []


def test_every_script_is_described():
    page = text_of("scripts/README.md")
    for script in (PROJECT / "scripts").iterdir():
        if script.is_file() and script.name != "README.md":
            assert f"`{script.name}`" in page, script.name


def test_every_preset_is_described():
    presets = (PROJECT / "CMakePresets.json").read_text(encoding="utf-8")
    shown = re.findall(r'"name": "(\w+)",\n\s+"displayName": "[^"]+",\n\s+"inherits"', presets)
    assert len(shown) >= 5
    for preset in shown:
        assert f"| `{preset}` |" in text_of("tests/README.md"), preset


def test_every_peer_is_described():
    script = (PROJECT / "scripts/bench_peers").read_text(encoding="utf-8")
    *trained, onnx = re.findall(r'^    "[\w-]+": \("([^"]+)", ', script, re.MULTILINE)
    training, inference = text_of("scripts/peers/README.md").split("\n## Inference\n")
    assert len(trained) >= 8
    for title in trained:
        assert training.count(f"| {title} |") == 1 + 4, title  # its meaning; models × threads
    for title in (onnx, *trained[-2:]):
        assert inference.count(f"| {title} |") == 4, title  # models × batches


def test_folders_are_those_of_the_build_lowest_first():
    lines = (PROJECT / "src/CMakeLists.txt").read_text(encoding="utf-8")
    built = re.findall(r"^add_subdirectory\((\w+)\)", lines, re.MULTILINE)
    assert re.findall(r"^\| `(\w+)` \|", text_of("src/README.md"), re.MULTILINE) == built


def test_pages_have_no_placeholders():
    for page in PAGES:
        assert re.findall(r"@@\w+@@|\bTODO\b|\bTBD\b|_RESULT\b", text_of(page)) == [], page
