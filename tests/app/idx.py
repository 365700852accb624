"""Data sets made for a test."""

import struct


def write_idx(folder, images, labels):
    """The four files of a data set, whose training and test images are the same: `images`, a list
    of lists of rows of bytes, and `labels`."""
    folder.mkdir()
    rows, columns = len(images[0]), len(images[0][0])
    pixels = b"".join(bytes(row) for image in images for row in image)
    for split in ("train", "t10k"):
        (folder / f"{split}-images-idx3-ubyte").write_bytes(
            struct.pack(">IIII", 0x803, len(images), rows, columns) + pixels
        )
        (folder / f"{split}-labels-idx1-ubyte").write_bytes(
            struct.pack(">II", 0x801, len(labels)) + bytes(labels)
        )
