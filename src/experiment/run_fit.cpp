#include "experiment/run_fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/clock.h"
#include "classical/classifier.h"
#include "data/subset.h"
#include "experiment/run_training.h"
#include "kernels/simd.h"
#include "record/test_record.h"
#include "runtime/interrupt.h"

namespace mnist_bench {
namespace {

void end_interrupted(const char* doing, RunResult& result) {
  result.status = RunStatus::interrupted;
  result.error = fmt::format("interrupted while {}", doing);
}

}  // namespace

ImageSet training_images_by_index(const DataCache& data) {
  const std::vector<std::int64_t>& indices = data.train_indices();
  std::vector<std::int64_t> order = all_indices(data.dataset().train);
  std::sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return indices[static_cast<std::size_t>(a)] < indices[static_cast<std::size_t>(b)];
  });
  return select(data.dataset().train, order);
}

classical::KeepGoing until_interrupted(const std::string& what, Observer& observer) {
  return [what, &observer](double done) {
    if (observer.status_due()) observer.status({fmt::format("{}: {:.0f} %", what, 100 * done)});
    return !interrupted();
  };
}

void run_fit(const ClassicalConfig& config, const DataCache& data, const RunOptions& options,
             RunFolder& folder, Observer& observer, RunResult& result) {
  const Dataset& dataset = data.dataset();
  const std::int64_t threads = result.provenance->threads;
  result.provenance->simd = kernels::simd_target();
  folder.remove_probabilities();
  const Clock::time_point start = Clock::now();
  const auto classifier = classical::fit(config, training_images_by_index(data), dataset.classes,
                                         threads, until_interrupted("fitting", observer));
  const double fit_seconds = seconds_since(start);
  if (!classifier) {
    observer.status({});
    return end_interrupted("fitting", result);
  }
  const auto predict = [&](const ImageSet& set) {
    return classical::predict(*classifier, set, threads, until_interrupted("predicting", observer));
  };
  const ImageSet& held_back = dataset.validation;
  const auto of_held_back = held_back.size() > 0 ? predict(held_back) : std::nullopt;
  const Clock::time_point tested = Clock::now();
  const auto predictions = interrupted() ? std::nullopt : predict(dataset.test);
  const double test_seconds = seconds_since(tested);
  observer.status({});
  if (!predictions) return end_interrupted("predicting", result);
  result.test = test_record(*predictions, dataset.test.labels, dataset.classes);
  if (of_held_back) {
    result.validation = test_record(*of_held_back, held_back.labels, dataset.classes);
  }
  result.timing.fit_seconds = fit_seconds;
  result.timing.evaluate_seconds = test_seconds;
  result.model->stored_bytes = classical::stored_bytes(*classifier);
  result.model->support_vectors = classical::support_vectors(*classifier);
  result.predictions_sha256 = folder.write_predictions(prediction_rows(*predictions, data));
  if (options.save_probabilities) {
    result.probabilities_sha256 = folder.write_probabilities(*predictions);
  }
  result.status = RunStatus::completed;
}

}  // namespace mnist_bench
