"""A program started with another LibTorch than it was built with says so and does nothing else.

A second LibTorch takes gigabytes: a small library, preloaded, answers in its place."""

import re
from pathlib import Path

import pytest
from conftest import BINARY, libtorch_headers
from support import SMALL, SMOKE, assert_has_remedy, assert_refusal

OTHER = Path(BINARY).parent / "tests" / "app" / "libother_libtorch.so"


@pytest.fixture(scope="module", name="version_of_the_build")
def fixture_version_of_the_build():
    include = libtorch_headers()
    header = include / "torch/headeronly/version.h"
    if not header.exists():
        header = include / "torch/csrc/api/include/torch/version.h"
    numbers = re.findall(
        r"#define TORCH_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", header.read_text(encoding="utf-8")
    )
    return ".".join(numbers)


def preload(version):
    assert OTHER.exists(), "build the target other_libtorch"
    # In LD_PRELOAD a space ends a path.
    environment = {"LD_PRELOAD": OTHER.name, "LD_LIBRARY_PATH": str(OTHER.parent)}
    return environment if version is None else {**environment, "OTHER_LIBTORCH_VERSION": version}


@pytest.mark.parametrize("command", [("--version",), ("doctor", "--json"), ("run", SMOKE, *SMALL)])
@pytest.mark.parametrize("version", ["1.13.1", "99.0.0"])
def test_another_libtorch_is_refused_by_every_command(
    bench, tmp_path, version_of_the_build, command, version
):
    refused = bench(*command, environment=preload(version))
    assert_refusal(refused, 2, f"LibTorch {version_of_the_build} ", f"LibTorch {version} ", str(OTHER))
    assert_has_remedy(refused)
    assert refused.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_another_patch_release_is_another_libtorch(bench, version_of_the_build):
    other = version_of_the_build + "1"  # 2.15.0 and 2.15.01: 2.15.10 would begin with 2.15.1
    assert_refusal(bench("--version", environment=preload(other)), 2, version_of_the_build, other)


def test_a_libtorch_that_does_not_say_its_version_is_refused(bench, version_of_the_build):
    refused = bench("--version", environment=preload(None))
    assert_refusal(refused, 2, version_of_the_build, "does not say its version")


def test_the_version_of_the_build_is_accepted(bench, version_of_the_build):
    accepted = bench("--version", environment=preload(version_of_the_build))
    assert (accepted.code, accepted.stderr) == (0, "")
    assert f"LibTorch {version_of_the_build})" in accepted.stdout


def test_functions_of_libtorch_are_bound_when_first_called():
    """Else the dynamic linker ends the program before it can say which LibTorch it found."""
    with open(BINARY, "rb") as file:
        content = file.read()
    assert not bound_at_once(content)


def bound_at_once(content):
    """Whether a 64-bit little-endian ELF file asks the dynamic linker to bind all at its start."""
    assert content[:6] == b"\x7fELF\x02\x01"
    number = lambda offset, size: int.from_bytes(content[offset : offset + size], "little")  # noqa: E731
    headers, size, count = number(32, 8), number(54, 2), number(56, 2)
    for header in range(headers, headers + size * count, size):
        if number(header, 4) == 2:  # PT_DYNAMIC
            start, length = number(header + 8, 8), number(header + 32, 8)
            entries = {number(at, 8): number(at + 8, 8) for at in range(start, start + length, 16)}
            flags, flags_1 = entries.get(30, 0), entries.get(0x6FFFFFFB, 0)
            return 24 in entries or bool(flags & 8) or bool(flags_1 & 1)
    raise AssertionError("no dynamic section")
