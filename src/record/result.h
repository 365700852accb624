#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/enum_names.h"
#include "config/experiment.h"
#include "config/schedule.h"
#include "evaluate/calibration.h"
#include "evaluate/metrics.h"
#include "model/summary.h"

namespace mnist_bench {

enum class RunStatus { completed, diverged, interrupted, failed };

inline constexpr EnumNames<RunStatus, 4> kRunStatuses = {{{RunStatus::completed, "completed"},
                                                          {RunStatus::diverged, "diverged"},
                                                          {RunStatus::interrupted, "interrupted"},
                                                          {RunStatus::failed, "failed"}}};

constexpr std::string_view to_string(RunStatus status) { return enum_name(kRunStatuses, status); }

/// Where a result comes from. Absent: could not be found out.
struct Provenance {
  std::string version;
  std::optional<std::string> git_revision;
  std::optional<bool> git_dirty;
  std::string build_type;
  std::string compiler;
  std::string libtorch;
  std::string device;  ///< "cpu" or "cuda:N"
  std::string device_name;
  std::string cpu;
  /// Instructions that the engine computes with: "AVX-512", as each engine calls them.
  std::string simd;
  std::int64_t threads = 0;
  /// Runs that a sweep trained side by side on this machine; above 1, times are not comparable with
  /// those of a run alone.
  std::int64_t jobs = 1;
  std::string allocator;
  std::string started_at;  ///< UTC, ISO 8601
  std::string command;
  /// The epochs after which the run was resumed from a checkpoint; empty for one that was never
  /// interrupted.
  std::vector<std::int64_t> resumed_after = {};
  /// For a run on CUDA: the versions of CUDA and cuDNN that LibTorch uses, and of the driver.
  std::optional<std::string> cuda = {};
  std::optional<std::string> cudnn = {};
  std::optional<std::string> driver = {};
  /// For a run on CUDA: whether matrix products may round their float32 factors to TF32.
  std::optional<bool> tf32 = {};
  /// What MKL was asked for: the value of MKL_CBWR.
  std::optional<std::string> mkl_cbwr = {};
  /// How LibTorch's threads wait: the values of OMP_WAIT_POLICY and GOMP_SPINCOUNT.
  std::optional<std::string> omp_wait_policy = {};
  std::optional<std::string> gomp_spincount = {};
};

struct SplitSummary {
  std::int64_t samples = 0;
  std::string sha256;  ///< of the whole raw files, also when only a part of them is used
  std::vector<std::int64_t> class_counts;
};

/// One of the four files that the data were read from.
struct DataFile {
  std::string role;    ///< "train_images", "train_labels", "test_images", "test_labels"
  std::string path;    ///< absolute
  std::string sha256;  ///< of the uncompressed bytes
};

struct DataSummary {
  std::string dataset;
  SplitSummary train;
  SplitSummary test;
  /// Of the training images that are held back, with the checksum of their file; absent: none are.
  std::optional<SplitSummary> validation = {};
  /// The input of the network is (x/255 − mean)/std.
  double mean = 0.0;
  double std = 1.0;
  /// Empty in records of 0.1.0.
  std::vector<DataFile> files = {};
};

/// What an evaluation after an epoch comes to.
struct EpochScores {
  double loss = 0.0;
  double accuracy = 0.0;
  double macro_f1 = 0.0;
};

struct EpochRecord {
  std::int64_t epoch = 0;
  std::string engine;           ///< that trained it: "libtorch" or "native"
  std::string device = {};      ///< "cpu", or the name of the GPU; empty in epochs of 0.1.0
  double train_loss = 0.0;      ///< mean over the epoch's images, dropout active
  double train_accuracy = 0.0;  ///< 0 … 1, dropout active
  double train_seconds = 0.0;   ///< training alone
  double evaluate_seconds = 0.0;
  double images_per_second = 0.0;
  /// Absent where the epoch was not evaluated.
  std::optional<EpochScores> test = {};
  /// Absent also where no images are held back.
  std::optional<EpochScores> validation = {};
};

/// The outputs of a linear or convolutional layer (paper, sec. 3.1: z) at step 0, for the first
/// training images. Not finite where they overflow.
struct Preactivations {
  std::string layer;  ///< "fc1"
  double mean = 0.0;
  double sd = 0.0;
};

struct TestRecord {
  double loss = 0.0;  ///< not finite where there is none, as of k-NN and SVM
  ClassificationMetrics metrics;
  ConfusionMatrix confusion;
  /// Absent in records of 0.1.0, where a probability is not finite, and where they are shares of
  /// votes.
  std::optional<Calibration> calibration = {};
};

struct TimingRecord {
  double load_seconds = 0.0;
  double train_seconds = 0.0;
  double evaluate_seconds = 0.0;
  double total_seconds = 0.0;
  std::int64_t peak_rss_bytes = 0;
  /// Of k-NN and SVM, which are fitted at once and have no epochs.
  std::optional<double> fit_seconds = {};
  /// For a run on CUDA: the most memory that its tensors took on the device.
  std::optional<std::int64_t> peak_device_bytes = {};
};

/// All that one run found out: the only input of the console, result.json, tables and pictures.
struct RunResult {
  RunStatus status = RunStatus::failed;
  std::optional<std::string> error;
  ExperimentConfig config;
  /// These three are absent where the run ended before they were known.
  std::optional<Provenance> provenance;
  std::optional<DataSummary> data;
  std::optional<ModelSummary> model;
  /// In the order in which the layers compute; empty in records of 0.1.0, and of k-NN and SVM.
  std::vector<Preactivations> preactivations = {};
  std::vector<EpochRecord> epochs = {};
  /// After the last epoch; absent when the run ended before one.
  std::optional<TestRecord> test;
  /// The same of the training images that are held back; absent: none are.
  std::optional<TestRecord> validation = {};
  TimingRecord timing;
  /// SHA-256 over the final parameters' float32 bytes, in the order of the layers, row-major.
  std::optional<std::string> parameters_sha256;
  /// SHA-256 of predictions.csv; absent where the run wrote none, and in records of 0.1.0.
  std::optional<std::string> predictions_sha256 = {};
  /// SHA-256 of probabilities.npy; absent where the run was not asked to save it.
  std::optional<std::string> probabilities_sha256 = {};
  /// What its reader has to say of a record of an earlier version; not written.
  std::vector<std::string> notes = {};
};

/// The epochs of a whole run. Where its config counts steps, they follow from its data, which must
/// be known.
inline std::int64_t epochs_of(const RunResult& result) {
  const TrainingConfig& training = result.config.training;
  if (!training.steps || !result.data) return training.epochs;
  return schedule_of(training, result.data->train.samples).epochs();
}

/// One line of predictions.csv.
struct Prediction {
  std::int64_t index = 0;  ///< of the image in the test file
  std::int64_t truth = 0;
  std::int64_t predicted = 0;
  float probability = 0.0F;  ///< softmax of the predicted class
  /// The most probable one of the other classes; absent in files of 0.1.0.
  std::optional<ClassProbability> second = {};
};

}  // namespace mnist_bench
