#!/usr/bin/env python3
"""Makes paired_tests_oracle.json, which paired_tests_test.cpp and statistics_test.cpp hold the C++
statistics against.

Needs SciPy (permutation test, t-intervals) and statsmodels (McNemar's test, equivalence):
python3 make_paired_tests_oracle.py > paired_tests_oracle.json
"""

import json

import numpy as np
import scipy
import statsmodels
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import ttost_paired

SEED = 20240608


def mcnemar_case(only_first, only_second):
    exact = only_first + only_second < 25
    result = mcnemar([[1000, only_first], [only_second, 50]], exact=exact, correction=True)
    case = {
        "only_first_right": only_first,
        "only_second_right": only_second,
        "method": "exact_binomial" if exact else "chi_squared_corrected",
        "statistic": None if exact else float(result.statistic),
        "p": float(result.pvalue),
    }
    if not exact and only_first == only_second:
        # statsmodels takes (|b - c| - 1)^2 for b = c as well; R's mcnemar.test, and ours, take 0.
        case.update(statistic=0.0, p=1.0)
    return case


def differences_case(name, differences):
    differences = np.asarray(differences, dtype=float)
    permuted = stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=np.inf, vectorized=True)
    case = {"name": name, "differences": differences.tolist(), "p": float(permuted.pvalue)}
    if len(differences) > 1:
        interval = stats.ttest_1samp(differences, 0.0).confidence_interval(0.95)
        case["mean"] = float(np.mean(differences))
        case["sd"] = float(np.std(differences, ddof=1))
        case["ci95"] = [float(interval.low), float(interval.high)]
    return case


def equivalence_case(name, margin, differences):
    differences = np.asarray(differences, dtype=float)
    p, lower, upper = ttost_paired(differences, np.zeros_like(differences), -margin, margin)
    interval = stats.ttest_1samp(differences, 0.0).confidence_interval(0.90)
    low, high = float(interval.low), float(interval.high)
    return {
        "name": name,
        "margin": margin,
        "differences": differences.tolist(),
        "ci90": [low, high],
        "p_lower": float(lower[1]),
        "p_upper": float(upper[1]),
        "p": float(p),
        "equivalent": len(differences) >= 3 and -margin < low and high < margin,
    }


def least_sd(margin, images):
    """The least SD of a difference of two binomial shares `margin` apart, by search."""
    accuracies = np.linspace(margin, 1.0, 200001)
    lower = accuracies - margin
    variances = (accuracies * (1 - accuracies) + lower * (1 - lower)) / images
    return float(np.sqrt(variances.min()))


def resolution_case(margin, images, counts):
    """Two one-sided t-tests with an SD of no less than least_sd, corrected for continuity: the sum
    of the differences is a whole number, so half an image makes it more. Differences in images."""
    differences = np.asarray(counts, dtype=float) / images
    n, least = len(differences), least_sd(margin, images)
    error = max(float(np.std(differences, ddof=1)), least) / np.sqrt(n)
    mean = float(np.mean(differences))
    t = stats.t(n - 1)
    half_an_image = 0.5 / images / n
    reach = t.isf(0.05) * error + half_an_image
    low, high = mean - reach, mean + reach
    return {
        "margin": margin,
        "images": images,
        "differences": differences.tolist(),
        "least_sd": least,
        "ci90": [low, high],
        "p_lower": float(t.sf((mean + margin - half_an_image) / error)),
        "p_upper": float(t.sf((margin - mean - half_an_image) / error)),
        "equivalent": bool(n >= 3 and -margin < low and high < margin),
    }


def holm_case(p_values):
    return {"p": p_values, "adjusted": multipletests(p_values, method="holm")[1].tolist()}


def main():
    generator = np.random.default_rng(SEED)
    pairs = [(0, 1), (1, 0), (0, 5), (0, 6), (1, 6), (2, 9), (5, 5), (7, 17), (12, 12), (0, 24),
             (0, 25), (10, 15), (12, 13), (13, 13), (20, 40), (31, 122), (150, 150), (151, 150),
             (500, 620), (1, 2000)]
    # Accuracies are shares of 10,000 images: ties between flips are the rule.
    images = lambda n, shift, width: (generator.integers(-width, width + 1, n) + shift) / 10000
    differences = [
        ("two of one sign", [0.01, 0.012]),
        ("two of both signs", [0.01, -0.004]),
        ("five of one sign", [0.0121, 0.0135, 0.0118, 0.0127, 0.0109]),
        ("six of one sign", [0.0121, 0.0135, 0.0118, 0.0127, 0.0109, 0.0140]),
        ("with zeros", [0.0, 0.001, 0.0, 0.002, -0.0005]),
        ("that cancel", [0.001, -0.001, 0.002, -0.002]),
        ("equal sizes", [0.01, 0.01, -0.01, 0.01, 0.01, 0.01, -0.01, 0.01]),
        *((f"{n} shares of images", images(n, shift, width))
          for n, shift, width in [(3, 10, 20), (5, 5, 30), (8, 8, 20), (10, 0, 20), (12, 9, 25),
                                  (15, 4, 20), (16, 1, 3)]),
        *((f"{n} normal", generator.normal(0.3, 1.0, n)) for n in (4, 7, 9, 13, 17)),
    ]
    equivalence = [
        ("two, close together", 0.001, [0.0001, 0.0002]),
        ("two, apart", 0.001, [0.0012, -0.0008]),
        ("mean beyond the margin, above", 0.001, [0.0012, 0.0015, 0.0011, 0.0013]),
        ("mean beyond the margin, below", 0.001, [-0.0012, -0.0015, -0.0011, -0.0013]),
        ("one end beyond the margin, above", 0.001, [0.0007, 0.0012, 0.0009, 0.0004, 0.0011]),
        ("one end beyond the margin, below", 0.001, [-0.0007, -0.0012, -0.0009, -0.0004, -0.0011]),
        ("the widest margin", 1.0, [0.3, -0.2, 0.5]),
        *((f"{n} shares of images, {shift} more", 0.001, images(n, shift, width))
          for n, shift, width in [(5, 0, 15), (12, 0, 12), (12, 4, 12), (20, 1, 20), (20, -6, 25),
                                  (100, 0, 40), (100, 7, 30)]),
        *((f"{n} normal", margin, generator.normal(0.1, 1.0, n))
          for n, margin in [(3, 0.5), (9, 1.0), (30, 0.5), (200, 0.25)]),
    ]
    resolution = [
        (0.05, 200, [0, 0]), (0.05, 200, [0, 0, 0]), (0.005, 200, [0, 0, 0]),
        (0.01, 200, [1, 1, 1, 1]), (0.001, 10000, [0, 0, 0]), (0.001, 10000, [5, 5, 5]),
        (0.001, 10000, [1, -1, 2, 0, -3]), (0.001, 10000, [20, 20, 20]),
        (0.001, 10000, [9, -8, 12, -3, 4, 1]), (0.25, 1000, [200, 200, 201]),
        (0.9, 500, [-460, -455, -458]),
    ]
    holm = [
        [0.04], [0.03, 0.02], [0.01, 0.04, 0.03], [0.03125, 0.03125, 0.5], [0.2, 0.2, 0.2, 0.2],
        [1.0, 0.9, 0.0], [0.001, 0.04, 0.0078125, 0.0234375, 0.0078125, 0.7],
    ]
    versions = {module.__name__: module.__version__ for module in (np, scipy, statsmodels)}
    print(json.dumps({
        "versions": versions,
        "seed": SEED,
        "mcnemar": [mcnemar_case(*pair) for pair in pairs],
        "differences": [differences_case(*case) for case in differences],
        "equivalence": [equivalence_case(*case) for case in equivalence],
        "resolution": [resolution_case(*case) for case in resolution],
        "holm": [holm_case(case) for case in holm],
    }, indent=1))


if __name__ == "__main__":
    main()
