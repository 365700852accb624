#!/usr/bin/env python3
"""Makes transform_oracle.json: SHA-256 of MNIST's test images after the transforms of the standard
suite and some more, which checksums_test.cpp holds the C++ transforms against.

Written from the definition (src/transform/README.md), not from the C++. Needs NumPy; takes minutes:
    python3 make_transform_oracle.py > transform_oracle.json
"""

import gzip
import hashlib
import json
import math
from pathlib import Path
from statistics import NormalDist

import numpy as np

IMAGES = Path(__file__).parents[2] / "third_party/mnist/t10k-images-idx3-ubyte.gz"
MASK = 2**64 - 1
GOLDEN = 0x9E3779B97F4A7C15


# Random numbers: in Python's integers for a single one, in NumPy's uint64 for a field of them.

def split_mix(x):
    x = (x + GOLDEN) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def fnv1a(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) & MASK
    return value


def derive_seed(seed, stream, index=0):
    return split_mix((split_mix(split_mix(seed) ^ fnv1a(stream)) + index) & MASK)


def draws(stream, seed, indices, first, end):
    """Draws first … end − 1 of each image's stream: [images, end − first]."""
    states = np.array([derive_seed(seed, stream, i) for i in indices], np.uint64)
    x = states[:, None] + np.arange(first + 1, end + 1, dtype=np.uint64) * np.uint64(GOLDEN)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def pixel_draws(stream, seed, indices, shape):
    return draws(stream, seed, indices, 0, shape[1] * shape[2]).reshape(shape)


def high(values, bits):
    return (values >> np.uint64(64 - bits)).astype(np.int64)


def mt19937_64(seed):
    """Matsumoto and Nishimura's generator of 64-bit numbers."""
    state = [seed]
    for i in range(1, 312):
        state.append((6364136223846793005 * (state[-1] ^ (state[-1] >> 62)) + i) & MASK)
    while True:
        for i in range(312):
            x = (state[i] & 0xFFFFFFFF80000000) | (state[(i + 1) % 312] & 0x7FFFFFFF)
            state[i] = state[(i + 156) % 312] ^ (x >> 1) ^ (0xB5026F5AA96619E9 if x & 1 else 0)
        for x in list(state):
            x ^= (x >> 29) & 0x5555555555555555
            x ^= (x << 17) & 0x71D67FFFEDA60000
            x ^= (x << 37) & 0xFFF7EEE000000000
            yield x ^ (x >> 43)


def permutation(size, seed):
    order = list(range(size))
    generator = mt19937_64(seed)
    for last in range(size - 1, 0, -1):
        bound = last + 1
        value = next(generator)
        while value >= MASK - MASK % bound:
            value = next(generator)
        order[last], order[value % bound] = order[value % bound], order[last]
    return order


# Geometry.

def bilinear(images, y, x, bits):
    """Values at (y, x), [rows, columns] or [images, rows, columns], in units of 2^-bits pixels."""
    one = 1 << bits
    row, column = y >> bits, x >> bits
    row_part, column_part = y - (row << bits), x - (column << bits)
    image = np.arange(len(images))[:, None, None]
    total = np.zeros((len(images),) + y.shape[-2:], np.int64)
    for i, row_weight in ((0, one - row_part), (1, row_part)):
        for j, column_weight in ((0, one - column_part), (1, column_part)):
            r, c = row + i, column + j
            inside = (r >= 0) & (r < images.shape[1]) & (c >= 0) & (c < images.shape[2])
            pixel = images[image, np.where(inside, r, 0), np.where(inside, c, 0)]
            total += np.where(inside, pixel, 0) * row_weight * column_weight
    return (total + (1 << (2 * bits - 1))) >> (2 * bits)


def affine(images, matrix, size=None, offset=(0, 0)):
    """`offset`: what is added to the positions in the input, in pixels: rows, columns."""
    rows, columns = size or images.shape[1:]
    a = [[round(entry * 2**20) for entry in line] for line in matrix]  # round() ties to even
    offset_row = (2 * np.arange(rows) - (rows - 1))[:, None]
    offset_column = (2 * np.arange(columns) - (columns - 1))[None, :]
    y = a[0][0] * offset_row + a[0][1] * offset_column + 2**20 * (images.shape[1] - 1)
    y = y + 2 * round(2**20 * offset[0])
    x = a[1][0] * offset_row + a[1][1] * offset_column + 2**20 * (images.shape[2] - 1)
    x = x + 2 * round(2**20 * offset[1])
    return bilinear(images, y, x, 21)


def shift(images, _, dx=0, dy=0):
    rows, columns = images.shape[1:]
    row, column = np.arange(rows) - dy, np.arange(columns) - dx
    inside = ((row >= 0) & (row < rows))[:, None] & ((column >= 0) & (column < columns))[None, :]
    moved = images[:, row.clip(0, rows - 1)][:, :, column.clip(0, columns - 1)]
    return np.where(inside, moved, 0)


def rotate(images, _, degrees):
    a = degrees * math.pi / 180
    return affine(images, [[math.cos(a), math.sin(a)], [-math.sin(a), math.cos(a)]])


def scale(images, _, factor):
    return affine(images, [[1 / factor, 0], [0, 1 / factor]])


def shear(images, _, factor):
    return affine(images, [[1, 0], [factor, 1]])


def resize(images, _, rows, columns):
    return affine(images, [[images.shape[1] / rows, 0], [0, images.shape[2] / columns]],
                  (rows, columns))


# Noise.

def gaussian_noise(images, indices, sigma, seed=0, stream="transform/gaussian_noise"):
    inverse = NormalDist().inv_cdf
    table = np.array([math.floor(255 * sigma * inverse((k + 0.5) / 65536) + 0.5)
                      for k in range(65536)])
    chosen = high(pixel_draws(stream, seed, indices, images.shape), 16)
    return (images + table[chosen]).clip(0, 255)


def salt_pepper(images, indices, p, seed=0):
    numbers = pixel_draws("transform/salt_pepper", seed, indices, images.shape)
    hit = high(numbers, 32) < math.floor(p * 2**32 + 0.5)
    return np.where(hit, np.where(numbers & np.uint64(1), 255, 0), images)


def shot_noise(images, indices, peak, seed=0):
    numbers = high(pixel_draws("transform/shot_noise", seed, indices, images.shape), 32)
    result = np.zeros_like(images)
    for grey in range(1, 256):
        mean = peak * grey / 255
        thresholds, distribution, term, k = [], 0.0, math.exp(-mean), 1
        while True:
            distribution += term
            threshold = math.floor(distribution * 2**32 + 0.5)
            if threshold >= 2**32:
                break
            thresholds.append(threshold)
            term = term * mean / k
            k += 1
        here = images == grey
        count = np.searchsorted(np.array(thresholds, np.int64), numbers[here], side="right")
        result[here] = np.floor(np.minimum(255.0, 255.0 * count / peak + 0.5)).astype(np.int64)
    return result


# Smoothing.

def kernel(sigma):
    radius = max(1, math.floor(3 * sigma + 0.5))
    bell = [math.exp(-k * k / (2 * sigma * sigma)) for k in range(-radius, radius + 1)]
    weights = [math.floor(65536 * value / sum(bell) + 0.5) for value in bell]
    weights[radius] += 65536 - sum(weights)
    return weights


def smooth(values, weights, axis):
    radius = len(weights) // 2
    border = [(radius, radius) if i == axis else (0, 0) for i in range(3)]
    padded = np.pad(values, border)
    size = values.shape[axis]
    total = np.zeros_like(values)
    for k, weight in enumerate(weights):
        total += weight * np.take(padded, np.arange(k, k + size), axis=axis)
    return total


def blur(images, _, sigma):
    weights = kernel(sigma)
    return (smooth(smooth(images, weights, 2), weights, 1) + 2**31) >> 32


def elastic(images, indices, alpha, sigma=4.0, seed=0, stream="transform/elastic"):
    weights = kernel(sigma)
    pixels = images.shape[1] * images.shape[2]
    gain = math.floor(16 * alpha + 0.5)
    positions = []
    for axis in (0, 1):
        numbers = draws(stream, seed, indices, axis * pixels, (axis + 1) * pixels)
        field = (2 * high(numbers, 16) + 1 - 65536).reshape(images.shape)
        field = smooth(field, weights, 2) >> 16
        field = smooth(field, weights, 1) >> 16
        positions.append((np.indices(images.shape[1:])[axis] << 20) + field * gain)
    return bilinear(images, *positions, 20)


# The rest.

def occlude(images, indices, size, value=0, seed=0):
    result = images.copy()
    corner = high(draws("transform/occlude", seed, indices, 0, 2), 32)
    for image, (row, column) in zip(result, corner.tolist()):
        top = row * (images.shape[1] - size + 1) >> 32
        left = column * (images.shape[2] - size + 1) >> 32
        image[top:top + size, left:left + size] = value
    return result


def round_half_up(p, q):
    return (2 * p + q) // (2 * q)


def contrast(images, _, factor):
    a = math.floor(65536 * factor + 0.5)
    pixels = images.shape[1] * images.shape[2]
    total = images.sum(axis=(1, 2), keepdims=True)
    return round_half_up(a * (pixels * images - total) + 65536 * total,
                         65536 * pixels).clip(0, 255)


def brightness(images, _, add):
    return (images + math.floor(255 * add + 0.5)).clip(0, 255)


def invert(images, _):
    return 255 - images


def stripe(images, _):
    result = images.copy()
    width = images.shape[2] // 4
    for columns in (slice(0, width), slice(images.shape[2] - width, None)):
        result[:, :, columns] = 255 - result[:, :, columns]
    return result


def pixelate(images, _, size):
    n, rows, columns = images.shape
    blocks = images.reshape(n, rows // size, size, columns // size, size)
    means = round_half_up(blocks.sum(axis=(2, 4)), size * size)
    return means.repeat(size, axis=1).repeat(size, axis=2)


def quantize(images, _, bits):
    levels = 2**bits - 1
    return round_half_up(255 * round_half_up(images * levels, 255), levels)


def permute_pixels(images, _, seed=0):
    order = permutation(images.shape[1] * images.shape[2], derive_seed(seed, "permute_pixels"))
    return images.reshape(len(images), -1)[:, order].reshape(images.shape)


def transpose(images, _):
    return images.transpose(0, 2, 1)


def identity(images, _):
    return images


# Augmentation.

def random_affine(images, indices, seed, stream, shift=0, rotate=0, scale=(1, 1), shear=0):
    uniform = (2 * high(draws(stream, seed, indices, 0, 5), 32) + 1 - 2**32) / 2**32
    result = np.empty_like(images)
    for i, u in enumerate(uniform.tolist()):
        a = rotate * u[2] * math.pi / 180
        f = scale[0] * (scale[1] / scale[0]) ** ((u[3] + 1) / 2)
        h = shear * u[4]
        matrix = [[(math.cos(a) + h * math.sin(a)) / f, math.sin(a) / f],
                  [(h * math.cos(a) - math.sin(a)) / f, math.cos(a) / f]]
        result[i] = affine(images[i:i + 1], matrix, offset=(-shift * u[0], -shift * u[1]))[0]
    return result


def augmented(images, indices, entries, run_seed, epoch):
    """What training sees of images that have these indices in the training file."""
    seed = split_mix(derive_seed(run_seed, "augment", epoch))
    kinds = {"affine": random_affine, "elastic": elastic, "gaussian_noise": gaussian_noise}
    for place, entry in enumerate(entries):
        settings = {key: value for key, value in entry.items() if key != "type"}
        stream = f"augment/{place}/{entry['type']}"
        images = kinds[entry["type"]](images, indices, seed=seed, stream=stream, **settings)
    return images


def transformed(spec, images, indices):
    for part in spec.split("+"):
        name, _, settings = part.partition(":")
        keys = dict(setting.split("=") for setting in settings.split(",") if setting)
        values = {key: int(text) if text.lstrip("-").isdigit() else float(text)
                  for key, text in keys.items()}
        images = globals()[name](images, indices, **values)
    return images


def digits(spec, images):
    """The first 16 of the SHA-256."""
    sha = hashlib.sha256()
    for first in range(0, len(images), 1000):
        part = images[first:first + 1000].astype(np.int64)
        result = transformed(spec, part, range(first, first + len(part)))
        assert result.min() >= 0 and result.max() <= 255
        sha.update(np.ascontiguousarray(result.astype(np.uint8)).tobytes())
    return sha.hexdigest()[:16]


def standard_suite():
    yield "identity"
    for d in (1, 2, 3, 4):
        for dx, dy in ((d, 0), (d, d), (0, d), (-d, d), (-d, 0), (-d, -d), (0, -d), (d, -d)):
            yield "shift:" + ",".join(f"{k}={v}" for k, v in (("dx", dx), ("dy", dy)) if v)
    for name, key, values in (
            ("rotate", "degrees", "10 -10 15 -15 20 -20 30 -30 45 -45"),
            ("scale", "factor", "0.5 0.6 0.7 0.8 0.9 1.1 1.2 1.3 1.4"),
            ("shear", "factor", "0.2 -0.2 0.4 -0.4 0.6 -0.6"),
            ("gaussian_noise", "sigma", "0.1 0.2 0.3 0.4 0.5"),
            ("salt_pepper", "p", "0.05 0.1 0.2 0.3"),
            ("shot_noise", "peak", "60 25 12 5 3"),
            ("blur", "sigma", "0.5 1 1.5 2"),
            ("occlude", "size", "4 8 12 16"),
            ("contrast", "factor", "0.6 0.4 0.2 0.1"),
            ("brightness", "add", "0.1 0.2 0.3 0.4 0.5")):
        for value in values.split():
            yield f"{name}:{key}={value}"
    yield "invert"
    yield "stripe"
    for name, key, values in (("pixelate", "size", "2 4 7"), ("quantize", "bits", "1 2"),
                              ("elastic", "alpha", "8 16 24 34")):
        for value in values.split():
            yield f"{name}:{key}={value}"


OTHERS = """
    shift:dx=27,dy=-3 rotate:degrees=90 rotate:degrees=-123.4 scale:factor=0.1 scale:factor=10
    shear:factor=1.7 shear:factor=-2 gaussian_noise:sigma=0.2,seed=7 gaussian_noise:sigma=2
    salt_pepper:p=0.1,seed=1 salt_pepper:p=1 shot_noise:peak=12,seed=2 shot_noise:peak=700
    shot_noise:peak=0.25 blur:sigma=0.1 blur:sigma=10 occlude:size=8,value=255
    occlude:size=28 occlude:size=8,seed=9223372036854775807 contrast:factor=0 contrast:factor=2
    contrast:factor=4 brightness:add=-0.1 brightness:add=1 pixelate:size=14 pixelate:size=28
    quantize:bits=3 quantize:bits=7 elastic:alpha=16,sigma=2,seed=3 elastic:alpha=100,sigma=0.5
    elastic:alpha=100,sigma=10 permute_pixels permute_pixels:seed=1 transpose
    resize:rows=14,columns=14 resize:rows=56,columns=56 resize:rows=20,columns=31
    rotate:degrees=15+gaussian_noise:sigma=0.1 gaussian_noise:sigma=0.1+gaussian_noise:sigma=0.1
    gaussian_noise:sigma=0.1+gaussian_noise:sigma=0.1,seed=1 shift:dx=2+permute_pixels:seed=1
    resize:rows=20,columns=31+transpose+stripe+elastic:alpha=8 invert+blur:sigma=1+contrast:factor=0.5
    resize:rows=32,columns=24+occlude:size=8+permute_pixels:seed=2 resize:rows=1,columns=1
""".split()


def main():
    data = gzip.decompress(IMAGES.read_bytes())
    images = np.frombuffer(data, np.uint8, offset=16).reshape(-1, 28, 28)
    oracle = {"standard": {spec: digits(spec, images) for spec in standard_suite()},
              "others": {spec: digits(spec, images) for spec in OTHERS}}
    assert len(oracle["standard"]) == 100
    print(json.dumps(oracle, indent=1))


if __name__ == "__main__":
    main()
