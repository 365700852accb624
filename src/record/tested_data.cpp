#include "record/tested_data.h"

#include <fmt/format.h>

#include "base/error.h"

namespace mnist_bench {

void require_tested_on(const StoredRun& run, const Dataset& data,
                       const std::filesystem::path& folder, const std::string& remedy) {
  const std::string& recorded = run.result.data->test.sha256;
  if (data.test.sha256 == recorded) return;
  throw Error(ExitCode::data,
              fmt::format("{}: the test set in {} is not the one that the run was tested on: its "
                          "SHA-256 is {}, in result.json {}",
                          run.folder.string(), folder.string(), data.test.sha256, recorded),
              remedy);
}

Dataset load_data_of(const StoredRun& run) {
  const std::filesystem::path folder = data_folder(run.result.config.data);
  Dataset data = load_dataset(folder);
  require_tested_on(run, data, folder);
  return data;
}

}  // namespace mnist_bench
