#include "native/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "native/cnn.h"
#include "native/mlp.h"

namespace mnist_bench::native {
namespace {

/// The largest logit (the first of equals), its softmax, and the cross-entropy.
struct Verdict {
  std::size_t predicted = 0;
  double probability = 0;
  double loss = 0;
};

Verdict judge(std::span<const float> logits, std::size_t label) {
  const auto largest = std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit - *largest));
  return {.predicted = static_cast<std::size_t>(largest - logits.begin()),
          .probability = 1 / sum,
          .loss = std::log(sum) - static_cast<double>(logits[label] - *largest)};
}

}  // namespace

void check_supported(const ExperimentConfig& config) {
  if (config.device != "auto" && config.device != "cpu") {
    throw Error(
        ExitCode::usage,
        fmt::format("the native engine computes on the CPU, not on device '{}'", config.device),
        "use device=cpu, or training.engine=libtorch");
  }
}

std::unique_ptr<Network> make_network(const ExperimentConfig& config, ImageShape image,
                                      std::int64_t classes, std::int64_t threads,
                                      const PixelStatistics& training) {
  check_supported(config);
  const PixelStatistics normalization =
      normalization_constants(config.data.normalization, training);
  if (const auto* mlp = std::get_if<MlpConfig>(&config.model)) {
    return std::make_unique<Mlp>(*mlp, normalization, image, classes, threads);
  }
  if (image.rows % 4 != 0 || image.columns % 4 != 0) {
    throw Error(ExitCode::usage,
                fmt::format("the native engine trains model 'cnn' on images whose rows and columns "
                            "are multiples of 4; these are {} × {}",
                            image.rows, image.columns),
                "use training.engine=libtorch");
  }
  return std::make_unique<Cnn>(std::get<CnnConfig>(config.model), normalization, image, classes,
                               threads);
}

Predictions predict(Network& network, const Images& set) {
  Predictions predictions;
  const std::vector<float> logits = network.logits(set, 0, set.size());
  const std::size_t classes = logits.size() / static_cast<std::size_t>(set.size());
  double loss_sum = 0;
  for (std::int64_t i = 0; i < set.size(); ++i) {
    const Verdict verdict =
        judge({logits.data() + static_cast<std::size_t>(i) * classes, classes}, set.label(i));
    predictions.classes.push_back(static_cast<std::int64_t>(verdict.predicted));
    predictions.probabilities.push_back(static_cast<float>(verdict.probability));
    loss_sum += verdict.loss;
  }
  predictions.loss = loss_sum / static_cast<double>(set.size());
  return predictions;
}

}  // namespace mnist_bench::native
