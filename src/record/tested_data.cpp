#include "record/tested_data.h"

#include <fmt/format.h>

#include "base/error.h"

namespace mnist_bench {
namespace {

/// `set`: "test set"; `use`: what the run did with it, "tested".
void require_same(const StoredRun& run, const std::string& set, const std::string& use,
                  const std::string& found, const std::string& recorded,
                  const std::filesystem::path& folder, const std::string& remedy) {
  if (found == recorded) return;
  throw Error(ExitCode::data,
              fmt::format("{}: the {} in {} is not the one that the run was {} on: its SHA-256 is "
                          "{}, in result.json {}",
                          run.folder.string(), set, folder.string(), use, found, recorded),
              remedy);
}

}  // namespace

void require_tested_on(const StoredRun& run, const Dataset& data,
                       const std::filesystem::path& folder, const std::string& remedy) {
  require_same(run, "test set", "tested", data.test.sha256, run.result.data->test.sha256, folder,
               remedy);
}

void require_trained_on(const StoredRun& run, const Dataset& data,
                        const std::filesystem::path& folder, const std::string& remedy) {
  require_same(run, "training set", "trained", data.train.sha256, run.result.data->train.sha256,
               folder, remedy);
}

const Dataset& DataOfRuns::load(const StoredRun& run) {
  const std::filesystem::path folder = data_folder(run.result.config.data);
  if (!data_ || folder != folder_) {
    data_.reset();  // before the next one takes memory, and none stays if that cannot be read
    data_ = load_dataset(folder);
    folder_ = folder;
  }
  require_tested_on(run, *data_, folder);
  return *data_;
}

Dataset load_data_of(const StoredRun& run) { return DataOfRuns().load(run); }

}  // namespace mnist_bench
