#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "data/dataset.h"
#include "record/read_result.h"

namespace mnist_bench {

/// Throws Error(data), with `remedy`, unless the test set of `data`, read from `folder`, is the one
/// that the run was tested on. The run has data.
void require_tested_on(const StoredRun& run, const Dataset& data,
                       const std::filesystem::path& folder,
                       const std::string& remedy = "put the data back");

/// The same of the training set, and of what the run was trained on.
void require_trained_on(const StoredRun& run, const Dataset& data,
                        const std::filesystem::path& folder, const std::string& remedy);

/// The data set that the run's config names. Throws as load_dataset and require_tested_on.
Dataset load_data_of(const StoredRun& run);

/// The same for one run after another: what the last one named is not read again for the next.
class DataOfRuns {
 public:
  /// Until the next call.
  const Dataset& load(const StoredRun& run);

 private:
  std::filesystem::path folder_;
  std::optional<Dataset> data_;
};

}  // namespace mnist_bench
