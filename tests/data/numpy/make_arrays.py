#!/usr/bin/env python3
"""Makes the .npy files of this folder, which npy_test.cpp and mnist_c_test.cpp read.

Needs NumPy:  python3 make_arrays.py
"""

from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent


def save(name, array, version=None):
    path = FOLDER / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        np.lib.format.write_array(file, array, version=version)


def main():
    for dtype in ("|u1", "|i1", "<u2", ">u2", "<i2", ">i2", "<u4", ">u4", "<i4", ">i4", "<u8", ">u8",
                  "<i8", ">i8"):  # fmt: skip
        order = {"|": "", "<": "little-", ">": "big-"}[dtype[0]]
        save(f"{order}{dtype[1:]}.npy", np.array([3, 0, 9], dtype=dtype))
    save("bytes-2x3x2.npy", np.arange(12, dtype=np.uint8).reshape(2, 3, 2))
    save("version-2.npy", np.array([3, 0, 9], dtype=np.uint8), (2, 0))
    save("fortran.npy", np.asfortranarray(np.arange(6, dtype=np.uint8).reshape(2, 3)))
    save("records.npy", np.zeros(1, dtype=[("a", "u1")]))
    save("float32-2x3.npy", np.array([[0, 1, 0.5], [1e-30, np.nan, -np.inf]], dtype="<f4"))
    save("float32-1000x10.header", np.zeros((1000, 10), dtype="<f4"))
    path = FOLDER / "float32-1000x10.header"
    path.write_bytes(path.read_bytes()[:128])
    # MNIST-C's layout, with one image.
    image = np.arange(784, dtype=np.uint32).reshape(1, 28, 28, 1) % 251
    save("mnist_c/fog/test_images.npy", image.astype(np.uint8))
    save("mnist_c/fog/test_labels.npy", np.array([7]))


if __name__ == "__main__":
    main()
