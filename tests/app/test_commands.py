"""Every command besides `run`: what it prints, and that its text and its JSON agree."""

import gzip
import re
import shutil

import pytest
from support import CNN, CONFIGS, SHIPPED_MNIST, SMOKE, assert_refusal, parse_json

COMMANDS = [
    "run",
    "evaluate",
    "predict",
    "export",
    "inspect",
    "report",
    "compare",
    "summary",
    "bench",
    "config",
    "config show",
    "config check",
    "config schema",
    "config reference",
    "data",
    "data verify",
    "data info",
    "data export",
    "data sheet",
    "doctor",
    "completion",
    "completion bash",
    "completion zsh",
]
OPTIONS = {
    "run": [
        *("--output", "--resume", "--force", "--expect", "--quiet", "--verbose", "--log-format"),
        "--save-probabilities",
    ],
    "evaluate": [
        *("--transform", "--suite", "--data", "--split", "--engine", "--device", "--baseline", "--expect"),
        *("--json", "--force", "--save-probabilities"),
    ],
    "predict": ["--raw", "--json"],
    "export": ["-o,--output"],
    "inspect": ["--image", "-o,--output", "--json"],
    "report": ["-o,--output", "--latency", "--paper"],
    "compare": ["--json"],
    "summary": ["--json"],
    "bench": ["--inference", "--batch", "--engines", "--threads", "--rounds", "--simd", "--output", "--json"],
    "data sheet": ["-o,--output", "--suite", "--transform", "--images", "--data"],
    "doctor": ["--json"],
}


def with_commas(number):
    return f"{number:,}"


# Help and version


def test_help_lists_every_command_and_the_exit_codes(bench):
    done = bench("--help")
    assert (done.code, done.stderr) == (0, "")
    for command in COMMANDS:
        assert re.search(rf"^  {command.split()[0]}  ", done.stdout, re.MULTILINE), command
    for code in ("0", "1", "2", "3", "5", "6", "75", "130"):
        assert re.search(rf"\b{code} [a-z]", done.stdout.split("exit codes:")[1]), code
    assert "--version" in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_each_command_shows_its_own_usage_options_and_an_example(bench, command):
    done = bench(*command.split(), "--help")
    assert (done.code, done.stderr) == (0, "")
    assert f"Usage: mnist-bench {command} " in done.stdout
    for option in ["--help", *OPTIONS.get(command, [])]:
        assert option in done.stdout
    examples = re.findall(r"^ +(mnist-bench .*)", done.stdout, re.MULTILINE)
    assert any(example.startswith(f"mnist-bench {command}") for example in examples), examples


def test_help_of_a_run_shows_its_defaults(bench):
    text = bench("run", "--help").stdout
    assert "runs/{name}/seed-{seed}" in text
    assert re.search(r"--log-format.*text", text)


def test_help_works_without_the_required_arguments_of_the_command(bench):
    assert bench("run", "--help").code == 0
    assert bench("summary", "-h").code == 0


def test_version_names_revision_build_and_libtorch(bench):
    done = bench("--version")
    assert (done.code, done.stderr) == (0, "")
    assert re.fullmatch(r"mnist-bench \d+\.\d+\.\d+ \(git .+, .+, .+, LibTorch \d.*\)\n", done.stdout)


# summary


@pytest.mark.parametrize(
    ("config", "parameters", "macs"),
    [("mlp.json", 235146, 234752), ("cnn.json", 421642, 4241152)],
)
def test_summary_has_the_papers_numbers_in_text_and_json(bench, config, parameters, macs):
    text = bench("summary", CONFIGS / config)
    done = bench("summary", CONFIGS / config, "--json")
    assert (text.code, done.code, text.stderr, done.stderr) == (0, 0, "", "")
    model = parse_json(done.stdout)
    assert (model["parameters"], model["macs"]) == (parameters, macs)
    assert sum(layer["parameters"] for layer in model["layers"]) == parameters
    assert sum(layer["macs"] for layer in model["layers"]) == macs

    lines = [line.split() for line in text.stdout.splitlines()]
    total = next(words for words in lines if words and words[0] == "total")
    assert total[1:] == [with_commas(parameters), with_commas(macs)]
    for layer in model["layers"]:
        line = next(words for words in lines if words and words[0] == layer["name"])
        assert line[1] == layer["type"]
        assert line[-2] == (with_commas(layer["parameters"]) if layer["parameters"] else "–")
        assert line[-1] == (with_commas(layer["macs"]) if layer["macs"] else "–")


def test_summary_obeys_overrides(bench):
    done = bench("summary", SMOKE, "model.hidden=[10]", "--json")
    assert parse_json(done.stdout)["parameters"] == 785 * 10 + 11 * 10


def test_summary_of_the_papers_cnn_has_its_layers_in_order(bench):
    types = [layer["type"] for layer in parse_json(bench("summary", CNN, "--json").stdout)["layers"]]
    assert types == [
        "Conv2d", "MaxPool2d", "ReLU", "Conv2d", "Dropout2d", "MaxPool2d", "ReLU", "Flatten",
        "Linear", "ReLU", "Dropout", "Linear",
    ]  # fmt: skip


# config


def test_config_show_is_a_config_that_shows_itself(bench, write_config):
    first = bench("config", "show", CNN, "seed=4")
    assert (first.code, first.stderr) == (0, "")
    assert parse_json(first.stdout)["seed"] == 4
    second = bench("config", "show", write_config(first.stdout))
    assert second.stdout == first.stdout


def test_config_hash_leaves_out_seed_output_threads_and_device(bench):
    def hash_of(*overrides):
        done = bench("config", "check", SMOKE, *overrides)
        assert done.code == 0, done
        return re.search(r"[0-9a-f]{64}", done.stdout)[0]

    assert hash_of() == hash_of("seed=9", "output=x", "threads=1", "device=cpu")
    assert hash_of() != hash_of("training.epochs=2")


@pytest.mark.parametrize(
    "keys",
    [
        ("mlp", "data.validation=60000"),
        ("mlp", "data.train_limit=50000", "data.validation=10001"),
        ("mlp", "data.train_limit=60001"),
        ("mlp", "data.test_limit=10001"),
        ("mlp", 'data.transform=[{"type": "occlude", "size": 29}]'),
        ("knn", "device=cuda"),
    ],
    ids=" ".join,
)
def test_config_check_refuses_what_run_refuses(bench, tmp_path, keys):
    checked = bench("config", "check", *keys)
    done = bench("run", *keys, "--output", "out")
    assert_refusal(checked, done.code)
    assert done.code in (2, 3)
    assert "warning" not in checked.stderr
    assert done.stderr.split("error: ")[1].split(": ")[-1] in checked.stderr
    assert not (tmp_path / "out").exists()


def test_config_check_says_ok(bench):
    done = bench("config", "check", SMOKE)
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{SMOKE}: ok")


def test_config_schema_and_reference_know_the_same_keys(bench):
    schema = parse_json(bench("config", "schema").stdout)
    reference = bench("config", "reference")
    assert (reference.code, reference.stderr) == (0, "")
    sections = schema["properties"]
    for name in ("seed", "device", "threads", "output"):
        assert name in sections
        assert f"`{name}`" in reference.stdout
    for section in ("data", "optimizer", "training"):
        for alternative in sections[section].get("oneOf", [sections[section]]):
            for key in alternative["properties"]:
                assert f"`{section}.{key}`" in reference.stdout


# data


def test_data_verify_recognizes_the_shipped_mnist(bench):
    done = bench("data", "verify")
    assert (done.code, done.stderr) == (0, "")
    assert "mnist, all four checksums match" in done.stdout
    assert len(re.findall(r"\b[0-9a-f]{64}\b", done.stdout)) == 4


@pytest.fixture(scope="module", name="raw_copy")
def fixture_raw_copy(tmp_path_factory):
    """The shipped data, decompressed."""
    folder = tmp_path_factory.mktemp("raw")
    for file in SHIPPED_MNIST.glob("*.gz"):
        (folder / file.stem).write_bytes(gzip.decompress(file.read_bytes()))
    return folder


def test_data_verify_recognizes_decompressed_files_too(bench, raw_copy):
    done = bench("data", "verify", raw_copy)
    assert (done.code, done.stderr) == (0, "")
    assert "mnist, all four checksums match" in done.stdout
    sizes = {file.name: with_commas(file.stat().st_size) for file in raw_copy.iterdir()}
    for name, size in sizes.items():
        assert re.search(rf"^{name} +{size} ", done.stdout, re.MULTILINE)


def test_data_verify_finds_one_flipped_bit(bench, raw_copy, tmp_path):
    folder = tmp_path / "flipped"
    shutil.copytree(raw_copy, folder)
    file = folder / "t10k-images-idx3-ubyte"
    content = bytearray(file.read_bytes())
    content[5000] ^= 1
    file.write_bytes(content)
    done = bench("data", "verify", folder)
    assert_refusal(done, 3, str(folder))
    row = next(line for line in done.stdout.splitlines() if line.startswith(file.name))
    assert row.split()[-1] == "unknown"
    assert done.stdout.count(" mnist\n") == 3


def test_data_verify_finds_a_flipped_byte_in_a_gz_file(bench, tmp_path):
    folder = tmp_path / "flipped"
    shutil.copytree(SHIPPED_MNIST, folder)
    file = folder / "train-images-idx3-ubyte.gz"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)
    assert_refusal(bench("data", "verify", folder), 3, str(file))


def test_data_info_counts_the_images_of_each_class(bench):
    done = bench("data", "info")
    assert (done.code, done.stderr) == (0, "")
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ["train", "60,000", "28", "×", "28", "0.1307", "0.3081", "0", "to", "255"] in rows
    assert ["test", "10,000", "28", "×", "28", "0.1325", "0.3105", "0", "to", "255"] in rows
    assert ["0", "5,923", "980"] in rows
    assert ["9", "5,949", "1,009"] in rows


# doctor


def test_doctor_looks_at_everything_in_text_and_json(bench):
    text = bench("doctor")
    done = bench("doctor", "--json")
    assert (text.code, done.code, text.stderr, done.stderr) == (0, 0, "", "")
    report = parse_json(done.stdout)
    assert report["schema"] == "mnist-bench.doctor/1"
    findings = report["findings"]
    assert all(finding["ok"] is True for finding in findings)
    looked_at = {finding["what"] for finding in findings}
    assert {"LibTorch", "CPU", "threads", "allocator", "CUDA", "data", "output"} <= looked_at
    for finding in findings:
        assert finding["what"] in text.stdout
        assert finding["found"] in text.stdout


def test_doctor_leaves_nothing_behind(bench, tmp_path):
    assert bench("doctor").code == 0
    assert list(tmp_path.iterdir()) == []


def test_doctor_fails_as_a_run_would_where_nothing_can_be_written(bench):
    done = bench("doctor", "--json", cwd="/proc")
    assert_refusal(done, 6, "output")
    output = next(
        finding
        for finding in parse_json(done.stdout)["findings"]
        if finding["what"] == "output"
    )
    assert output["ok"] is False
