#!/usr/bin/env python3
"""Makes oracle.json, which knn_test.cpp and svm_test.cpp hold the classifiers against.

Needs scikit-learn and NumPy. All are fitted to the first images of MNIST's training file and asked
about the first ones of its test file. SVC is scikit-learn's; k-NN is written out here, since
scikit-learn leaves ties to the order in memory:

  python3 make_oracle.py > oracle.json
"""

import gzip
import json
from pathlib import Path

import numpy as np
import sklearn
from sklearn.svm import SVC

MNIST = Path(__file__).resolve().parents[2] / "third_party/mnist"
TRAIN, TEST = 1000, 1000
KNN = [(1, "uniform"), (2, "uniform"), (3, "uniform"), (10, "uniform"), (50, "uniform"),
       (2, "distance"), (3, "distance"), (10, "distance"), (50, "distance")]
SVM = [("rbf", 10, None), ("rbf", 1, 0.05), ("linear", 0.01, None)]


def idx(name, header):
    data = gzip.open(MNIST / f"{name}.gz").read()[header:]
    return np.frombuffer(data, dtype=np.uint8)


def images(split, count):
    pixels = idx(f"{split}-images-idx3-ubyte", 16).reshape(-1, 784)[:count]
    return pixels.astype(np.int64), idx(f"{split}-labels-idx1-ubyte", 8)[:count].astype(int)


def knn(k, weights, train, labels, test):
    """Classes by votes; equally distant images by index, equal votes by the nearest image."""
    classes = []
    for image in test:
        distances = ((train - image) ** 2).sum(axis=1)
        nearest = np.argsort(distances, kind="stable")[:k]
        votes = np.zeros(10)
        exact = distances[nearest[0]] == 0
        for i in nearest:
            if weights == "uniform":
                votes[labels[i]] += 1
            elif exact:
                votes[labels[i]] += distances[i] == 0
            else:
                votes[labels[i]] += 1 / np.sqrt(distances[i])
        classes.append(next(labels[i] for i in nearest if votes[labels[i]] == votes.max()))
    return np.array(classes)


def svm(kernel, c, gamma, train, labels):
    machine = SVC(kernel=kernel, C=c, gamma="scale" if gamma is None else gamma)
    return machine.fit(train / 255, labels)


def main():
    train, labels = images("train", TRAIN)
    test, truth = images("t10k", TEST)
    cases = {"knn": [], "svm": []}
    for k, weights in KNN:
        right = knn(k, weights, train, labels, test) == truth
        cases["knn"].append({"k": k, "weights": weights, "right": int(right.sum())})
    for kernel, c, gamma in SVM:
        machine = svm(kernel, c, gamma, train, labels)
        right = machine.predict(test / 255) == truth
        cases["svm"].append({"kernel": kernel, "C": c, "gamma": gamma, "right": int(right.sum()),
                             "support_vectors": len(machine.support_)})
    print(json.dumps({"made_with": {"numpy": np.__version__, "scikit-learn": sklearn.__version__},
                      "train": TRAIN, "test": TEST, **cases}, indent=2))


if __name__ == "__main__":
    main()
