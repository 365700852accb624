"""ONNX Runtime as a peer of mnist-bench: times calls of an exported model, and says how many test
images it gets right.

usage: PYTHON onnx_peer.py MODEL.onnx BATCH THREADS

A call takes BATCH images of bytes, the next ones of MNIST's test set, to their logits; it is timed
from Python, as most users call it. Warm-up, length and percentiles are those of `mnist-bench bench
--inference`.
"""

import json
import platform
import sys
import time

import numpy as np
import onnxruntime
from peer_data import read_mnist

WARM_UP_CALLS = 10
LEAST_SECONDS, LEAST_CALLS, MOST_CALLS = 0.5, 100, 5000


def nearest_rank(ascending, percent):
    return ascending[(percent * len(ascending) + 99) // 100 - 1]


def main(file, batch, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    images, labels = (np.frombuffer(part, np.uint8) for part in read_mnist("t10k"))
    images = images.reshape(-1, *session.get_inputs()[0].shape[1:])

    def logits_of(images):
        return session.run(["logits"], {"images": images.astype(np.float32)})[0]

    batches = [images[i : i + batch] for i in range(0, len(images) - batch + 1, batch)]
    for i in range(WARM_UP_CALLS):
        logits_of(batches[i % len(batches)])
    times = []
    start = time.perf_counter_ns()
    while len(times) < MOST_CALLS:
        if time.perf_counter_ns() - start > LEAST_SECONDS * 1e9 and len(times) >= LEAST_CALLS:
            break
        called = batches[(WARM_UP_CALLS + len(times)) % len(batches)]
        before = time.perf_counter_ns()
        logits_of(called)
        times.append(time.perf_counter_ns() - before)

    correct = sum(int((logits_of(images[i : i + 100]).argmax(1) == labels[i : i + 100]).sum())
                  for i in range(0, len(labels), 100))  # fmt: skip
    ascending = sorted(times)
    print(json.dumps({
        "calls": len(times),
        **{f"p{percent}_us": nearest_rank(ascending, percent) / 1e3 for percent in (50, 90, 99)},
        "images_per_second": batch * len(times) / (sum(times) / 1e9),
        "accuracy": correct / len(labels),
        "versions": {"Python": platform.python_version(), "onnxruntime": onnxruntime.__version__},
    }))  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
