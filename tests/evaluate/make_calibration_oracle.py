#!/usr/bin/env python3
"""Makes calibration_oracle.json, which calibration_test.cpp holds the C++ calibration against.

Needs NumPy and scikit-learn 1.7 or later (Brier's score of several classes, log loss). Bins are
found by fractions, without rounding:
    python3 make_calibration_oracle.py > calibration_oracle.json
"""

import json
import math
from fractions import Fraction

import numpy as np
import sklearn
from sklearn.metrics import brier_score_loss, log_loss

SEED = 20261129
UNIT = 1024  # probabilities are multiples of 1 / UNIT: exact as float32, and rows sum to 1
BINS = 15


def numerators(generator, count, classes, sharpness):
    """[count, classes] whole numbers that sum to UNIT in each row, none 0 (a log loss of 0)."""
    logits = generator.normal(size=(count, classes)) * sharpness
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    rows = np.maximum(1, np.floor(shares * UNIT).astype(int))
    rows[np.arange(count), rows.argmax(axis=1)] += UNIT - rows.sum(axis=1)
    return rows


def calibration_case(name, generator, count, classes, sharpness, error_rate):
    rows = numerators(generator, count, classes, sharpness)
    predicted = rows.argmax(axis=1)
    random = generator.integers(0, classes, size=count)
    truth = np.where(generator.random(count) < error_rate, random, predicted)
    confidence = [Fraction(int(row.max()), UNIT) for row in rows]
    right = truth == predicted

    bins = []
    for j in range(BINS):
        inside = [i for i in range(count)
                  if Fraction(j, BINS) <= confidence[i] < Fraction(j + 1, BINS)
                  or (j == BINS - 1 and confidence[i] == 1)]  # fmt: skip
        n = len(inside)
        bins.append({
            "samples": n,
            "confidence": float(sum(confidence[i] for i in inside) / n) if n else None,
            "accuracy": float(Fraction(int(right[inside].sum()), n)) if n else None,
        })  # fmt: skip
    gaps = [(abs(b["accuracy"] - b["confidence"]), b["samples"]) for b in bins if b["samples"]]
    largest = max(gaps, key=lambda gap: gap[0])

    order = np.lexsort((np.arange(count), -rows.max(axis=1)))
    coverage = []
    for tenths in range(1, 11):
        kept = order[: math.ceil(Fraction(tenths * count, 10))]
        coverage.append({
            "coverage": len(kept) / count,
            "threshold": float(confidence[kept[-1]]),
            "accuracy": float(right[kept].mean()),
        })  # fmt: skip

    probabilities = rows / UNIT
    labels = list(range(classes))
    return {
        "name": name,
        "classes": classes,
        "truth": truth.tolist(),
        "predicted": predicted.tolist(),
        "numerators": rows.ravel().tolist(),
        "ece": sum(gap * n for gap, n in gaps) / count,
        "mce": largest[0],
        "mce_samples": largest[1],
        "brier": float(brier_score_loss(truth, probabilities, labels=labels, scale_by_half=False)),
        "log_loss": float(log_loss(truth, probabilities, labels=labels)),
        "bins": bins,
        "coverage": coverage,
    }


def main():
    generator = np.random.default_rng(SEED)
    cases = [calibration_case(name, generator, *rest) for name, *rest in [
        ("two classes", 50, 2, 1.0, 0.3),
        ("three classes, unsure", 97, 3, 0.5, 0.5),
        ("ten classes, as good as MNIST", 300, 10, 6.0, 0.05),
        ("ten classes, too sure", 201, 10, 8.0, 0.8),
        ("ten classes, hardly trained", 133, 10, 0.1, 0.8),
        ("one image", 1, 4, 1.0, 0.0),
    ]]  # fmt: skip
    versions = {module.__name__: module.__version__ for module in (np, sklearn)}
    oracle = {"versions": versions, "seed": SEED, "unit": UNIT, "cases": cases}
    print(json.dumps(oracle, separators=(",", ":")))


if __name__ == "__main__":
    main()
