#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "record/read_result.h"
#include "record/result.h"
#include "transform/transform.h"

namespace mnist_bench {

inline constexpr std::string_view kEvaluationSchema = "mnist-bench.evaluation/1";

/// The folder in a run's folder where its evaluations are.
inline constexpr const char* kEvaluationsFolder = "evaluations";

/// The data name of the run's own test set.
inline constexpr const char* kOwnTestSet = "test";

/// That of the images that the run was trained on, as they are: without dropout and augmentation.
inline constexpr const char* kOwnTrainingSet = "train";

/// The data names of MNIST-C's corruptions begin with it.
inline constexpr std::string_view kMnistCData = "mnist-c-";

/// Which trained model was evaluated.
struct EvaluatedRun {
  std::string config_hash;
  std::int64_t seed = 0;
  std::optional<std::string> parameters_sha256;  ///< absent for k-NN and SVM, which have none
  std::string engine;                            ///< that trained it
};

struct EvaluatedData {
  std::string dataset;
  std::int64_t samples = 0;
  std::string sha256;  ///< of the pixels as evaluated, then of the labels
};

/// What the transform changes, image by image.
struct AgainstClean {
  double accuracy_change = 0.0;     ///< −1 … 1
  std::int64_t right_to_wrong = 0;  ///< images that are right without the transform alone
  std::int64_t wrong_to_right = 0;
  /// These images, ascending: indices in the test file. Absent in files of earlier versions.
  std::optional<std::vector<std::int64_t>> right_to_wrong_images = {};
  std::optional<std::vector<std::int64_t>> wrong_to_right_images = {};
};

struct EvaluationTiming {
  double transform_seconds = 0.0;  ///< shared by the runs that are evaluated together
  double predict_seconds = 0.0;
};

/// A trained model on images that it was not tested on when it was trained: the content of a file
/// in `evaluations`.
struct Evaluation {
  EvaluatedRun run;
  std::string engine;  ///< that computed it
  /// On the images as read; the run's own data.transform comes after it.
  TransformChain transform;
  std::optional<std::string> suite;  ///< in which it was asked for
  EvaluatedData data;
  TestRecord test;
  /// Absent where the images have no counterparts without the transform.
  std::optional<AgainstClean> against_clean;
  /// SHA-256 of the probabilities beside the file; absent where they were not to be saved.
  std::optional<std::string> probabilities_sha256 = {};
  EvaluationTiming timing = {};
  Provenance provenance = {};
};

/// Whether `run` is the one of `result`, not trained again with other values since. k-NN and SVM
/// have no parameters: their config alone tells.
bool is_of(const EvaluatedRun& run, const RunResult& result);

/// Text of the file; its last member, `sha256`, seals it as that of result.json does.
std::string evaluation_text(const Evaluation& evaluation);

/// The reverse. Throws Error(io), without the file's name, for what is damaged, lacking, beyond its
/// range, or contradicts another member.
Evaluation parse_evaluation(std::string_view bytes);

/// Parses a file; errors name it.
Evaluation read_evaluation(const std::filesystem::path& file);

/// Where the evaluation of the run in `folder` on the data set `data` belongs. `engine`: the one
/// that computes it, where it is not the run's.
std::filesystem::path evaluation_file(const std::filesystem::path& folder, const std::string& data,
                                      const TransformChain& transform,
                                      std::optional<Engine> engine);

/// Writes `evaluation` of a completed run to `file`, which evaluation_file names, and beside it the
/// bytes of its probabilities, if any. Throws Error(io)
/// where that fails, and where the run's folder holds another model by now, or another process
/// trains there.
void write_evaluation(const StoredRun& run, const std::filesystem::path& file,
                      const Evaluation& evaluation,
                      const std::optional<std::string>& probabilities = std::nullopt);

/// Deletes what killed processes left of the evaluations of the run in `folder`, unless another
/// process uses that just now.
void remove_temporary_evaluations(const std::filesystem::path& folder);

/// An evaluation with its file.
struct StoredEvaluation {
  std::filesystem::path file;
  std::string data;  ///< "test", or the name of another set
  Evaluation evaluation;
};

struct UnusableEvaluation {
  std::filesystem::path file;
  std::string why;  ///< names the file
};

struct StoredEvaluations {
  std::vector<StoredEvaluation> evaluations;  ///< by file
  /// Damaged files, those of another model than the run's, and those that have another's name.
  std::vector<UnusableEvaluation> unusable;
};

/// Deletes the evaluations of the run in `folder`, for one that is trained again; links are not
/// followed. Throws Error(io).
void remove_evaluations(const std::filesystem::path& folder);

/// All evaluations of the run in `folder`.
StoredEvaluations read_evaluations(const std::filesystem::path& folder, const RunResult& result);

}  // namespace mnist_bench
