#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "config/experiment.h"
#include "experiment/observer.h"
#include "record/evaluation.h"
#include "record/read_result.h"
#include "transform/transform.h"

namespace mnist_bench {

struct EvaluationPoint {
  TransformChain transform;
  std::optional<std::string> suite = {};  ///< in which it was asked for
};

struct EvaluationOptions {
  /// On the images of each run's own test set, or of `data`.
  std::vector<EvaluationPoint> points;
  /// Another data set than that of each run: the folder of four IDX files, of which the test set
  /// counts.
  std::optional<std::filesystem::path> data;
  /// On the images that each run was trained on, in place of its test set.
  bool on_training_images = false;
  /// The published MNIST-C: the folder of its corruptions, all of which are evaluated.
  std::optional<std::filesystem::path> mnist_c;
  /// Absent: those of each run.
  std::optional<Engine> engine;
  std::optional<std::string> device;  ///< as in a config
  std::optional<std::int64_t> threads;
  bool force = false;  ///< compute what is there already
  /// Write the probabilities of all classes beside each evaluation.
  bool save_probabilities = false;
  std::string command;
};

/// The evaluations of one run that were asked for, computed now or before.
struct RunEvaluations {
  StoredRun run;
  std::vector<StoredEvaluation> evaluations;  ///< in the order of the points, then MNIST-C's
};

struct EvaluationOutcome {
  std::vector<RunEvaluations> runs;
  std::size_t computed = 0;  ///< evaluations
  std::size_t found = 0;     ///< evaluations that were there already
  double seconds = 0.0;
  bool interrupted = false;
  /// What kept runs from being evaluated.
  std::vector<Error> errors;
};

/// Evaluates completed runs with their stored parameters. Each transformed set is made once for all
/// runs on the same data. What is there already is not computed again. A run that cannot be
/// evaluated is left out, with an error. Throws Error for what is wrong with the options.
EvaluationOutcome evaluate_runs(const std::vector<StoredRun>& runs,
                                const EvaluationOptions& options, Observer& observer);

}  // namespace mnist_bench
