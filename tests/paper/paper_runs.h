#pragma once

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "paper/check.h"
#include "report/stored_runs.h"

namespace mnist_bench {

using Sizes = std::vector<std::int64_t>;

inline const nlohmann::json& oracle() {
  static const nlohmann::json values =
      nlohmann::json::parse(std::ifstream(MNIST_BENCH_SOURCE "/tests/paper/oracle.json"));
  return values;
}

inline const Sizes kMnist = {980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009};

/// A run on the classes of MNIST's test set; of class k, errors[k] images are taken for k + 1.
inline RunResult mnist_run(const ModelConfig& model, std::uint64_t seed, const Sizes& errors) {
  const std::string type(model_type(model));
  RunResult run = sample_result(type, seed);
  run.config.model = model;
  run.config.training.epochs = 5;
  run.data->train.samples = 60'000;
  run.data->test = {.samples = 10'000, .sha256 = "bb", .class_counts = kMnist};
  run.model->type = type;
  if (type == "cnn") {  // no network of the MLP's size
    run.model->parameters *= 2;
    run.model->macs *= 2;
  }
  run.test->confusion.assign(10, Sizes(10, 0));
  for (std::size_t k = 0; k < 10; ++k) {
    run.test->confusion[k][k] = kMnist[k] - errors[k];
    run.test->confusion[k][(k + 1) % 10] = errors[k];
  }
  run.test->metrics = classification_metrics(run.test->confusion);
  for (EpochRecord& epoch : run.epochs) epoch.evaluate_seconds = type == "mlp" ? 0.1 : 2.0;
  return run;
}

/// Three seeds of both models: 230, 240 and 220 errors of the MLP, 110, 105 and 100 of the CNN.
inline std::vector<StoredRun> paper_runs() {
  const auto evenly = [](std::int64_t errors) { return Sizes(10, errors / 10); };
  std::vector<StoredRun> runs;
  for (const std::int64_t errors : {230, 240, 220}) {
    runs.push_back(stored(mnist_run(MlpConfig{}, runs.size() + 1, evenly(errors))));
  }
  for (const std::int64_t errors : {110, 120, 100}) {
    runs.push_back(stored(mnist_run(CnnConfig{}, runs.size() - 2, evenly(errors))));
  }
  return runs;
}

/// What is left of these runs where they end with this status: no result on the test images.
inline std::vector<StoredRun> ended(std::vector<StoredRun> runs, RunStatus status) {
  for (StoredRun& run : runs) {
    run.result.status = status;
    run.result.test.reset();
    run.result.parameters_sha256.reset();
  }
  return runs;
}

inline const PaperCell& cell_of(const PaperCheck& check, const std::string& model,
                                const std::string& metric) {
  return *std::find_if(check.cells.begin(), check.cells.end(), [&](const PaperCell& cell) {
    return cell.model == model && cell.metric->key == metric;
  });
}

/// The claim at this place whose text has `words`.
inline const PaperClaim& claim_of(const PaperCheck& check, const std::string& place,
                                  const std::string& words = {}) {
  const auto found =
      std::find_if(check.claims.begin(), check.claims.end(), [&](const PaperClaim& claim) {
        return claim.place == place && claim.claim.find(words) != std::string::npos;
      });
  if (found == check.claims.end()) throw std::runtime_error("no claim at " + place);
  return *found;
}

}  // namespace mnist_bench
