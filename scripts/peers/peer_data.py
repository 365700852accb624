"""What the peers share: MNIST as the project ships it, and the line by which a peer reports."""

import gzip
import json
import platform
from pathlib import Path

MNIST = Path(__file__).resolve().parents[2] / "third_party/mnist"
MEAN, STD = 0.1307, 0.3081
BATCH = 64


def read_mnist(split):
    """The pixels and the labels of "train" or "t10k" as bytes, row-major."""
    with gzip.open(MNIST / f"{split}-images-idx3-ubyte.gz") as file:
        images = file.read()[16:]
    with gzip.open(MNIST / f"{split}-labels-idx1-ubyte.gz") as file:
        return images, file.read()[8:]


def report(seconds, compile_seconds, accuracy, versions):
    """The last line of stdout. `seconds` holds the training of each epoch and nothing else."""
    print(json.dumps({"seconds": seconds, "compile_seconds": compile_seconds, "accuracy": accuracy,
                      "versions": {"Python": platform.python_version(), **versions}}))  # fmt: skip
