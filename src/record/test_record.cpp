#include "record/test_record.h"

#include <algorithm>
#include <cmath>

namespace mnist_bench {

TestRecord test_record(const Predictions& predictions, const std::vector<std::uint8_t>& labels,
                       std::int64_t classes) {
  const std::vector<std::int64_t> truth(labels.begin(), labels.end());
  TestRecord record;
  record.loss = predictions.loss;
  record.confusion = confusion_matrix(truth, predictions.classes, classes);
  record.metrics = classification_metrics(record.confusion);
  const std::vector<float>& probabilities = predictions.class_probabilities;
  const bool are_votes = std::isnan(record.loss);
  if (!are_votes && std::all_of(probabilities.begin(), probabilities.end(),
                                [](float probability) { return std::isfinite(probability); })) {
    record.calibration =
        calibration(truth, predictions.classes, probabilities, classes, record.loss);
  }
  return record;
}

}  // namespace mnist_bench
