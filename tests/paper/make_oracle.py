#!/usr/bin/env python3
"""Makes oracle.json, which the tests here hold the arithmetic of the paper's check against.

Nothing here uses the formulas of the program: ranges come from a linear-programming solver,
deviations from a least-norm solution, counts from going through every output of a layer, shares
from confusion matrices, in exact fractions where that is possible.

Needs SciPy: python3 make_oracle.py > oracle.json
"""

import json
from decimal import Decimal, getcontext
from fractions import Fraction

import numpy as np
import scipy
from scipy import stats
from scipy.optimize import linprog

SEED = 20260611
MNIST = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
getcontext().prec = 50


def extreme_macro_recall(sizes, accuracy, sign):
    """The least (sign 1) or greatest (sign -1) mean of recalls in [0, 1] with that weighted mean."""
    classes = len(sizes)
    weights = np.array(sizes) / sum(sizes)
    solved = linprog(sign * np.ones(classes) / classes, A_eq=[weights], b_eq=[accuracy],
                     bounds=[(0, 1)] * classes, method="highs")
    assert solved.success, solved.message
    return float(sign * solved.fun)


def range_case(sizes, accuracy):
    return {"sizes": sizes, "accuracy": accuracy,
            "low": extreme_macro_recall(sizes, accuracy, 1),
            "high": extreme_macro_recall(sizes, accuracy, -1)}


def deviation_case(sizes, accuracy, macro_recall):
    """The recalls nearest to their mean that have both means, by the pseudo-inverse."""
    classes = len(sizes)
    weights = np.array(sizes) / sum(sizes)
    constraints = np.array([weights, np.ones(classes) / classes])
    # Recalls less the macro recall: weighted mean is the difference, plain mean is 0.
    nearest = np.linalg.pinv(constraints) @ np.array([accuracy - macro_recall, 0.0])
    return {"sizes": sizes, "accuracy": accuracy, "macro_recall": macro_recall,
            "sd": float(np.std(nearest, ddof=1))}


def smallest_class_case(accuracy, macro_recall, classes=10):
    """By bisection on the share of the smallest class, the others sharing the rest."""
    low, high = 1e-6, 1 / classes
    for _ in range(60):
        share = (low + high) / 2
        sizes = [share] + [(1 - share) / (classes - 1)] * (classes - 1)
        possible = extreme_macro_recall(sizes, accuracy, 1) <= macro_recall
        low, high = (share, high) if possible else (low, share)
    return {"accuracy": accuracy, "macro_recall": macro_recall, "classes": classes, "share": low}


def two_class_case(generator, classes):
    """The mean over the classes of (TP + TN)/N, one class against the rest."""
    counts = generator.integers(0, 6, (classes, classes)) + np.diag(generator.integers(0, 60, classes))
    images = int(counts.sum())
    mean = Fraction(0)
    for k in range(classes):
        right = int(counts[k, k]) + int(np.delete(np.delete(counts, k, 0), k, 1).sum())
        mean += Fraction(right, images) / classes
    return {"classes": classes, "accuracy": int(np.trace(counts)) / images, "mean": float(mean)}


def next_run_case(values):
    n = len(values)
    t = stats.t.ppf(0.975, n - 1)
    half = t * np.std(values, ddof=1) * np.sqrt(1 + 1 / n)
    mean = np.mean(values)
    return {"values": values, "low": float(mean - half), "high": float(mean + half)}


def significance_case(difference, sd_a, sd_b):
    n = 2
    while stats.ttest_ind_from_stats(difference, sd_a, n, 0, sd_b, n, equal_var=False).pvalue >= 0.05:
        n += 1
    return {"difference": difference, "sd_a": sd_a, "sd_b": sd_b, "runs": n}


def adam_case(v, epsilon):
    v, epsilon = Decimal(v), Decimal(epsilon)
    inside = 1 / (v + epsilon).sqrt()
    outside = 1 / (v.sqrt() + epsilon)
    return {"v": float(v), "epsilon": float(epsilon), "ratio": float(inside / outside)}


def convolution_case(side, kernel, inputs, outputs):
    macs = sum(1 for _ in range(side * side) for _ in range(outputs) for _ in range(inputs)
               for _ in range(kernel * kernel))
    parameters = sum(1 + inputs * kernel * kernel for _ in range(outputs))
    return {"side": side, "kernel": kernel, "inputs": inputs, "outputs": outputs, "macs": macs,
            "parameters": parameters}


def metrics_of(errors):
    """Accuracy, macro recall, precision and F1 if errors[k] images of class k are taken for k + 1."""
    counts = np.zeros((10, 10))
    for k, wrong in enumerate(errors):
        counts[k, k] = MNIST[k] - wrong
        counts[k, (k + 1) % 10] = wrong
    recall = np.diag(counts) / counts.sum(axis=1)
    precision = np.diag(counts) / counts.sum(axis=0)
    f1 = 2 * precision * recall / (precision + recall)
    return [np.trace(counts) / counts.sum(), recall.mean(), precision.mean(), f1.mean()]


def judged(differences):
    """1 or -1: shown; 0.5 or -0.5: suggested; 0: not shown."""
    differences = np.round(differences, 15)  # equal but for rounding is equal
    if len(differences) < 2 or not differences.any():
        return 0
    with np.errstate(all="ignore"):
        interval = stats.ttest_1samp(differences, 0.0).confidence_interval(0.95)
    p = stats.permutation_test((differences,), np.mean, permutation_type="samples",
                               n_resamples=np.inf, vectorized=True).pvalue
    if interval.low <= 0 <= interval.high:
        return 0
    sign = 1 if differences.mean() > 0 else -1
    return sign if len(differences) >= 6 and p < 0.05 else sign / 2


def outperforms_case(name, mlp, cnn):
    """The verdict on "the CNN outperforms the MLP across all metrics"; errors [seed][class]."""
    a, b = (np.array([metrics_of(errors) for errors in side]) for side in (mlp, cnn))
    words = [judged(b[:, k] - a[:, k]) for k in range(4)]
    if -1 in words:
        verdict = "does not hold"
    elif all(word == 1 for word in words):
        verdict = "holds"
    elif 1 in words:
        verdict = "holds in part"
    elif all(word == 0.5 for word in words):
        verdict = "suggested, not shown"
    else:
        verdict = "undecided"
    return {"name": name, "mlp": mlp, "cnn": cnn, "verdict": verdict}


def outperforms_cases():
    even = lambda errors: [[e] * 10 for e in errors]
    one_class = lambda k, errors: [[0] * k + [e] + [0] * (9 - k) for e in errors]
    mlp, cnn = [23, 24, 22, 25, 21, 23], [11, 12, 10, 11, 10, 12]
    return [
        outperforms_case("six clear seeds", even(mlp), even(cnn)),
        outperforms_case("five of them", even(mlp[:5]), even(cnn[:5])),
        outperforms_case("two of them", even(mlp[:2]), even(cnn[:2])),
        outperforms_case("one of them", even(mlp[:1]), even(cnn[:1])),
        outperforms_case("six that overlap", even(mlp), even([24, 22, 23, 24, 22, 22])),
        outperforms_case("six the other way", even(cnn), even(mlp)),
        outperforms_case("six, the interval alone", even([32, 46, 40, 35, 30, 16]), even([20] * 6)),
        outperforms_case("six, the test alone", even([21, 21, 21, 21, 21, 90]), even([20] * 6)),
        outperforms_case("as many errors, in the smallest class and in the largest",
                         one_class(5, [230, 241, 219, 252, 210, 233]),
                         one_class(1, [232, 238, 222, 249, 213, 230])),
    ]


def cell_case(model, errors):
    """The verdict on a printed accuracy; errors: of each class, by seed."""
    printed, sd = {"MLP": (97.7, 0.2), "CNN": (98.9, 0.2)}[model]
    values = [100 * metrics_of([e] * 10)[0] for e in errors]
    n, mean = len(values), np.mean(values)
    half = stats.t.ppf(0.975, n - 1) * np.std(values, ddof=1) * np.sqrt(1 + 1 / n)
    if abs(printed - mean) <= half + 0.05 + 1e-9:
        verdict = "not contradicted" if half <= 0.5 + 1e-9 else "too uncertain to tell"
    else:
        verdict = "higher" if mean > printed else "lower"
        if abs(mean - printed) <= sd + 0.05 + 1e-9:
            verdict += ", within the paper's ±"
    return {"model": model, "errors": errors, "verdict": verdict}


def main():
    generator = np.random.default_rng(SEED)
    printed = [0.977, 0.9765, 0.9775, 0.989, 0.9885, 0.9895]
    other_sizes = [[5, 5], [1, 99], [1000] * 10, [3, 200, 40, 77], [10] * 3 + [11]]
    print(json.dumps({
        "versions": {module.__name__: module.__version__ for module in (np, scipy)},
        "seed": SEED,
        "attainable_macro_recall":
            [range_case(MNIST, a) for a in [0.0, 0.1, 0.5, 0.9, *printed, 0.996, 1.0]]
            + [range_case(sizes, a) for sizes in other_sizes for a in (0.0, 0.3, 0.85, 0.999, 1.0)],
        "least_recall_sd":
            [deviation_case(MNIST, 0.977, 0.969), deviation_case(MNIST, 0.989, 0.984),
             deviation_case(MNIST, 0.9, 0.95), deviation_case([3, 200, 40, 77], 0.8, 0.7),
             deviation_case([1, 99], 0.9, 0.9)],
        "largest_smallest_class":
            [smallest_class_case(0.977, 0.969), smallest_class_case(0.9765, 0.9695),
             smallest_class_case(0.9885, 0.9845)],
        "one_against_rest": [two_class_case(generator, classes) for classes in (2, 3, 10, 10)],
        "next_run": [next_run_case(values) for values in
                     ([0.977, 0.978], [0.9768, 0.9801, 0.9775], [97.7, 97.5, 97.9, 97.6, 97.8],
                      generator.normal(12.0, 3.0, 11).tolist())],
        "significance": [significance_case(*case) for case in
                         ((1.2, 0.2, 0.2), (1.5, 1.2, 1.0), (1.4, 0.8, 0.5), (1.4, 0.9, 0.7),
                          (0.1, 1.0, 0.0), (-0.5, 0.3, 0.9))],
        "adam": [adam_case(v, e) for e in ("1e-8", "1e-3")
                 for v in ("0", "1e-14", "1e-10", "1e-8", "1e-6", "1e-2", "4")],
        "convolution": [convolution_case(28, 3, 1, 32), convolution_case(14, 3, 32, 64),
                        convolution_case(5, 1, 2, 3)],
        "outperforms": outperforms_cases(),
        "cells": [cell_case("MLP", [23, 24, 22]), cell_case("MLP", [23, 22]),
                  cell_case("MLP", [23, 30, 16, 25]), cell_case("MLP", [20, 21, 20, 21, 20, 21]),
                  cell_case("MLP", [10, 11, 12]), cell_case("CNN", [30, 33, 36]),
                  cell_case("CNN", [145, 110, 75, 110]), cell_case("CNN", [11, 12, 10, 11, 12, 10])],
    }, indent=1))


if __name__ == "__main__":
    main()
