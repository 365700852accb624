#!/usr/bin/env python3
"""Makes metrics_oracle.json, which metrics_test.cpp holds the C++ metrics against.

Needs scikit-learn (precision, recall, F1, accuracy, confusion matrix) and statsmodels (Wilson's
interval):  python3 make_metrics_oracle.py > metrics_oracle.json
"""

import json
import warnings

import numpy as np
import scipy
import sklearn
import statsmodels
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support
from sklearn.utils.multiclass import unique_labels
from statsmodels.stats.proportion import proportion_confint

SEED = 20240607


def labels(generator, count, weights, error_rate, never_predicted):
    """True labels drawn by weight; each is predicted right but for `error_rate` uniform errors."""
    classes = len(weights)
    shares = np.array(weights, dtype=float) / sum(weights)
    truth = generator.choice(classes, size=count, p=shares)
    wrong = generator.random(count) < error_rate
    predicted = np.where(wrong, generator.integers(0, classes, size=count), truth)
    substitute = next(c for c in range(classes) if c not in never_predicted)
    predicted[np.isin(predicted, never_predicted)] = substitute
    return truth, predicted


def metrics_case(name, truth, predicted, classes):
    precision, recall, f1, support = precision_recall_fscore_support(
        truth, predicted, labels=range(classes), average=None, zero_division=0)
    # Without `labels`, as everybody calls it: over the classes in truth or predictions.
    macro = precision_recall_fscore_support(truth, predicted, average="macro", zero_division=0)
    return {
        "name": name,
        "classes": classes,
        "truth": truth.tolist(),
        "predicted": predicted.tolist(),
        "confusion_matrix": confusion_matrix(truth, predicted, labels=range(classes)).tolist(),
        "accuracy": float(accuracy_score(truth, predicted)),
        "precision": precision.tolist(),
        "recall": recall.tolist(),
        "f1": f1.tolist(),
        "support": support.tolist(),
        "macro": {"precision": float(macro[0]), "recall": float(macro[1]), "f1": float(macro[2])},
        "macro_classes": unique_labels(truth, predicted).tolist(),
    }


def wilson_case(successes, trials):
    low, high = proportion_confint(successes, trials, alpha=0.05, method="wilson")
    return {"successes": successes, "trials": trials, "low": float(low), "high": float(high)}


def main():
    warnings.simplefilter("error")
    generator = np.random.default_rng(SEED)
    cases = []
    for name, count, weights, error_rate, never_predicted in [
        ("two classes", 60, [1, 1], 0.3, []),
        ("two classes, one never predicted", 40, [3, 1], 0.3, [1]),
        ("three imbalanced classes", 200, [90, 9, 1], 0.2, []),
        ("five classes, one absent from the truth", 150, [1, 2, 0, 3, 4], 0.4, []),
        ("six classes, one neither true nor predicted", 120, [1, 2, 3, 0, 3, 1], 0.3, [3]),
        ("ten classes, as good as MNIST", 600, [1] * 10, 0.02, []),
        ("ten classes, all right", 100, [1] * 10, 0.0, []),
        ("ten classes, at random", 300, [1] * 10, 1.0, []),
        ("ten classes, everything called 4", 100, [1] * 10, 1.0, [0, 1, 2, 3, 5, 6, 7, 8, 9]),
        ("twenty-six classes, imbalanced", 500, list(range(1, 27)), 0.25, [0, 7]),
        ("labels 1 to 26, all right", 520, [0] + [1] * 26, 0.0, []),
        ("labels 1 to 26, none read as 0", 520, [0] + [1] * 26, 0.2, [0]),
        ("labels 1 to 26, some read as 0", 520, [0] + [1] * 26, 0.2, []),
        ("two classes, one neither true nor predicted", 30, [1, 0], 0.0, []),
        ("two hundred classes, nine of them in use", 90, [1] * 8 + [0] * 191 + [1], 0.0, []),
    ]:
        truth, predicted = labels(generator, count, weights, error_rate, never_predicted)
        cases.append(metrics_case(name, truth, predicted, len(weights)))
    wilson = [wilson_case(successes, trials) for successes, trials in [
        (0, 1), (1, 1), (1, 2), (0, 10), (10, 10), (5, 10), (1, 100), (99, 100), (950, 1000),
        (0, 10000), (1, 10000), (9786, 10000), (9912, 10000), (9999, 10000), (10000, 10000)]]
    versions = {module.__name__: module.__version__ for module in (np, scipy, sklearn, statsmodels)}
    print(json.dumps({"versions": versions, "seed": SEED, "cases": cases, "wilson": wilson}))


if __name__ == "__main__":
    main()
