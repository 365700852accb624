#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mnist_bench {

/// The network's predictions, in the order of the set's images.
struct Predictions {
  std::vector<std::int64_t> classes;  ///< the largest logit's
  std::vector<float> probabilities;   ///< its softmax (paper, eq. 3)
  /// [n, number of classes], row-major: the softmax of all logits.
  std::vector<float> class_probabilities;
  /// Mean cross-entropy (paper, eq. 4); may be not finite. NaN where the probabilities are shares
  /// of votes.
  double loss = 0.0;
};

/// A class and its softmax.
struct ClassProbability {
  std::int64_t label = 0;
  float probability = 0.0F;

  bool operator==(const ClassProbability&) const = default;
};

/// The most probable class but the predicted one, the first of equals; absent where there is no
/// other. `image`: 0 … n − 1.
std::optional<ClassProbability> second_of(const Predictions& predictions, std::size_t image);

/// Rows are the true class, columns the predicted one. [classes][classes]
using ConfusionMatrix = std::vector<std::vector<std::int64_t>>;

/// truth, predicted: [n], each 0 … classes − 1; anything else is an Error(run_failed).
ConfusionMatrix confusion_matrix(const std::vector<std::int64_t>& truth,
                                 const std::vector<std::int64_t>& predicted, std::int64_t classes);

/// The classes that occur in truth or predictions, ascending.
std::vector<std::int64_t> occurring_classes(const ConfusionMatrix& counts);

struct Interval {
  double low = 0.0;
  double high = 0.0;
};

/// Wilson's score interval for `successes` of `trials` at 95 % (Wilson 1927), within [0, 1].
/// Nothing when trials is 0.
std::optional<Interval> wilson_interval95(std::int64_t successes, std::int64_t trials);

/// Paper, eq. 23–25; a quotient 0/0 counts as 0 and is listed in
/// `ClassificationMetrics::undefined`. F1 is 2 TP / (2 TP + FP + FN), as in scikit-learn: eq. 25
/// wherever that is defined, 0 where precision and recall are 0, and undefined only for a class
/// that is neither true nor predicted.
struct ClassMetrics {
  double precision = 0.0;
  double recall = 0.0;
  double f1 = 0.0;
  /// True images of the class.
  std::int64_t support = 0;
};

/// Unweighted means over the classes that occur in truth or predictions, as in scikit-learn.
struct MacroMetrics {
  double precision = 0.0;
  double recall = 0.0;
  /// Mean of the per-class F1, as in scikit-learn (not the F1 of the mean precision and recall).
  double f1 = 0.0;
  /// The classes that are averaged over, ascending.
  std::vector<std::int64_t> classes = {};
};

struct ClassificationMetrics {
  std::int64_t samples = 0;
  /// Share of correct predictions, 0 … 1 (paper, eq. 22); absent for an empty matrix.
  std::optional<double> accuracy;
  std::optional<Interval> accuracy_ci95;
  MacroMetrics macro;
  /// Index = class.
  std::vector<ClassMetrics> per_class;
  /// What was 0/0, as "precision[3]", "recall[7]" or "f1[7]".
  std::vector<std::string> undefined;
};

/// counts: [classes][classes].
ClassificationMetrics classification_metrics(const ConfusionMatrix& counts);

}  // namespace mnist_bench
