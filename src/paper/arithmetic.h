#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "evaluate/metrics.h"
#include "evaluate/statistics.h"

namespace mnist_bench {

/// The macro recalls that an accuracy allows: accuracy is the mean of the classes' recalls weighted
/// by `class_sizes`, macro recall their plain mean, and a recall lies in [0, 1]. The ends of this
/// linear programme are found by giving all errors to the smallest classes, or to the largest.
/// accuracy: 0 … 1; class_sizes: each ≥ 1. Low is convex in the accuracy, so that it bounds the
/// mean over several runs by their mean accuracy as well.
Interval attainable_macro_recall(const std::vector<std::int64_t>& class_sizes, double accuracy);

/// The least sample SD of the classes' recalls with which their plain mean is this far from their
/// weighted mean, whatever the recalls: |accuracy − macro recall|·N/√((C − 1)·Σ(n_k − N/C)²)
/// (Cauchy and Schwarz). Nothing for classes of one size, where the two means are the same.
std::optional<double> least_recall_sd(const std::vector<std::int64_t>& class_sizes, double accuracy,
                                      double macro_recall);

/// The largest share of the images that the smallest class of any test set can have if accuracy and
/// macro recall are these, macro recall < accuracy < 1: all errors in that class.
double largest_smallest_class(std::int64_t classes, double accuracy, double macro_recall);

/// The p-value of Pearson's chi-square test that items of all classes are equally likely. counts:
/// of each class, at least two classes and one item.
double equal_classes_p(const std::vector<std::int64_t>& counts);

/// Eq. 22 of each class against the rest, averaged over the classes: every error is a false
/// negative of one class and a false positive of another, so 1 − 2·(1 − accuracy)/classes.
double one_against_rest_accuracy(std::int64_t classes, double accuracy);

/// By how much fewer errors `better` has: 1 − (1 − better)/(1 − worse).
double error_reduction(double worse, double better);

/// Where one further run is expected with 95 %: mean ± t(0.975, n − 1)·SD·√(1 + 1/n); n ≥ 2.
std::optional<Interval> next_run_interval(const SampleSummary& summary);

/// The least number of runs of each model with which Welch's t-test finds p < 0.05, two-sided, if
/// the means differ by `difference` ≠ 0 and the runs have these SDs, not both 0.
std::int64_t runs_for_significance(double difference, double sd_a, double sd_b);

/// The step of eq. 19, m/√(v + ε), over that of eq. 15, m/(√v + ε); v ≥ 0.
double adam_step_ratio(double v, double epsilon);

/// The gradient of a network of linear layers of these units (inputs first), with relu between them
/// and cross-entropy after the last, by its weights (paper, eq. 1 to 7), in float32 and in float64
/// from the same numbers: the largest difference over the largest derivative of the same layer, the
/// largest of all layers. Weights as in eq. 20, inputs from N(0, 1), always the same.
double float_gradient_error(const std::vector<std::int64_t>& units);

}  // namespace mnist_bench
