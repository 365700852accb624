#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "config/experiment.h"
#include "data/pixels.h"
#include "evaluate/metrics.h"
#include "experiment/predictor.h"
#include "record/read_result.h"
#include "record/safetensors.h"
#include "transform/transform.h"

namespace mnist_bench {

/// A completed run that can predict: with its stored parameters in an engine, or fitted again.
struct StoredModel {
  StoredRun run;
  std::optional<Engine> engine = Engine::libtorch;  ///< absent for k-NN and SVM
  std::vector<NamedTensor> tensors = {};
  std::shared_ptr<Predictor> predictor = {};  ///< of all runs with this network
  Provenance provenance = {};

  [[nodiscard]] const RunResult& result() const { return run.result; }
  [[nodiscard]] const TransformChain& own_transform() const {
    return result().config.data.transform;
  }
  [[nodiscard]] std::int64_t classes() const {
    return static_cast<std::int64_t>(result().data->test.class_counts.size());
  }
  /// The engine for a file's name; absent where it is the run's.
  [[nodiscard]] std::optional<Engine> other_engine() const {
    return engine == engine_of(result().config) ? std::nullopt : engine;
  }
};

/// Its predictions.
Predictions predict(const StoredModel& model, const ImageSet& images);

/// Throws Error(data) unless these are images that the model takes after the run's data.transform,
/// with labels that it knows.
void require_fitting(const StoredModel& model, const ImageSet& images);

/// Throws Error(run_failed) unless `found` is the confusion matrix in the run's record: exactly
/// where the model computes just as the run did, else except for two images, since rounding decides
/// where two logits are nearly equal.
void require_reproduced(const StoredModel& model, const ConfusionMatrix& found);

}  // namespace mnist_bench
