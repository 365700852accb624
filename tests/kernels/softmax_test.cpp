#include "kernels/softmax.h"

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/matrices.h"
#include "kernels/targets.h"

namespace mnist_bench::kernels {
namespace {

struct Result {
  Owned gradient;
  std::vector<float> losses;
  std::vector<std::uint8_t> predicted;
};

Result apply(Owned logits, const std::vector<std::uint8_t>& labels) {
  Result result{std::move(logits), std::vector<float>(labels.size()),
                std::vector<std::uint8_t>(labels.size())};
  softmax_cross_entropy(labels.data(), result.gradient.columns, 0.25F, {0, labels.size()},
                        result.gradient.view(), result.losses.data(), result.predicted.data());
  return result;
}

TEST(SoftmaxCrossEntropy, MatchesFloat64) {
  on_every_target([] {
    std::mt19937 generator(4);
    for (const std::size_t classes : {2U, 10U, 16U, 47U, 64U}) {
      Owned logits = random_matrix(5, classes, generator);
      for (float& value : logits.values) value *= 8.0F;
      const std::vector<std::uint8_t> labels = {0, 1, 1, 0, static_cast<std::uint8_t>(classes - 1)};
      Result result = apply(logits, labels);
      for (std::size_t i = 0; i < labels.size(); ++i) {
        double sum = 0;
        std::size_t largest = 0;
        for (std::size_t c = 0; c < classes; ++c) {
          sum += std::exp(static_cast<double>(logits.at(i, c)));
          if (logits.at(i, c) > logits.at(i, largest)) largest = c;
        }
        EXPECT_EQ(result.predicted[i], largest);
        const double loss = std::log(sum) - static_cast<double>(logits.at(i, labels[i]));
        EXPECT_NEAR(result.losses[i], loss, 1e-6 * (1 + loss));
        for (std::size_t c = 0; c < classes; ++c) {
          const double p = std::exp(static_cast<double>(logits.at(i, c))) / sum;
          EXPECT_NEAR(result.gradient.at(i, c), 0.25 * (p - (c == labels[i] ? 1 : 0)), 1e-7);
        }
        for (std::size_t c = classes; c < round_up(classes, kLine); ++c) {
          EXPECT_EQ(result.gradient.at(i, c), 0.0F);
        }
      }
    }
  });
}

TEST(SoftmaxCrossEntropy, TakesTheFirstOfEqualLogitsAndLogitsOfAnySize) {
  on_every_target([] {
    Owned logits(2, 3);
    logits.at(0, 1) = 1000.0F;
    logits.at(0, 2) = 1000.0F;
    logits.at(1, 0) = -1000.0F;
    const Result result = apply(logits, {1, 0});
    EXPECT_EQ(result.predicted, (std::vector<std::uint8_t>{1, 1}));
    EXPECT_NEAR(result.losses[0], std::log(2.0), 1e-6);
    EXPECT_NEAR(result.losses[1], 1000 + std::log(2.0), 1e-3);
  });
}

TEST(SoftmaxCrossEntropy, PassesOnWhatIsNotANumber) {
  on_every_target([] {
    Owned logits(1, 3);
    logits.at(0, 1) = std::numeric_limits<float>::quiet_NaN();
    EXPECT_TRUE(std::isnan(apply(logits, {0}).losses[0]));
  });
}

}  // namespace
}  // namespace mnist_bench::kernels
