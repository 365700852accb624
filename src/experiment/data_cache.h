#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/experiment.h"
#include "data/dataset.h"

namespace mnist_bench {

struct NativeSets;
struct TensorSets;

/// The data of the current run, kept for the next one of the same process, so that a sweep's worker
/// does not read and prepare the same data again. Memory holds the data of one run, in the form of
/// one engine: what the next run does not share is freed first.
class DataCache {
 public:
  DataCache();
  ~DataCache();
  DataCache(const DataCache&) = delete;
  DataCache& operator=(const DataCache&) = delete;

  /// Reads the data that `config` names, transforms them and cuts them to its limits, and returns
  /// true; or false where they are held already and their files are unchanged. Throws
  /// Error(data), or Error(usage) where the config asks too much of them, and then holds nothing.
  bool load(const DataConfig& config);

  // Of the last `load`, until the next one.
  [[nodiscard]] const Dataset& dataset() const { return dataset_; }
  /// The indices of the training images in the training file.
  [[nodiscard]] const std::vector<std::int64_t>& train_indices() const { return train_indices_; }
  /// The indices of the test images in the test file.
  [[nodiscard]] const std::vector<std::int64_t>& test_indices() const { return test_indices_; }
  /// The data in the native engine's form. Throws Error(usage) for images that it cannot take.
  const NativeSets& native_sets();
  /// The data in LibTorch's form, on `device` ("cpu", "cuda:0").
  const TensorSets& tensor_sets(Normalization normalization, const std::string& device);

 private:
  /// What the data set and the indices were made from.
  struct Origin {
    std::vector<FileStamp> files;
    TransformChain transform;
    std::optional<std::int64_t> train_limit;
    std::optional<std::int64_t> test_limit;
    std::optional<std::int64_t> validation;
    bool operator==(const Origin&) const = default;
  };

  std::optional<Origin> origin_;
  Dataset dataset_;
  std::vector<std::int64_t> train_indices_;
  std::vector<std::int64_t> test_indices_;
  // At most one of them.
  std::unique_ptr<NativeSets> native_sets_;
  std::unique_ptr<TensorSets> tensor_sets_;
};

}  // namespace mnist_bench
