#include "model/batches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error_of.h"

namespace mnist_bench {
namespace {

/// A network whose batch normalization, in a residual block, has maps of `side` × `side`.
std::vector<PlacedLayer> network(std::int64_t side) {
  const std::int64_t kernel = 28 - side + 1;
  const LayersConfig config{{{{}, layer::Conv2d{.channels = 2, .kernel = kernel}},
                             {{}, layer::Residual{.layers = {{{}, layer::BatchNorm2d{}}}}},
                             {{}, layer::Flatten{}},
                             {{}, layer::Linear{}}}};
  return layers_of(config, {}, 10);
}

TEST(Batches, OfOneImageHaveNothingToNormalizeInMapsOfOneValue) {
  EXPECT_NO_THROW(require_values_to_normalize(network(1), 128, 64));
  EXPECT_NO_THROW(require_values_to_normalize(network(1), 130, 64));
  EXPECT_NO_THROW(require_values_to_normalize(network(2), 129, 64));
  EXPECT_THROW(require_values_to_normalize(network(1), 128, 1), Error);
  EXPECT_THROW(require_values_to_normalize(network(1), 1, 64), Error);
  const auto error = test::error_of([] { require_values_to_normalize(network(1), 129, 64); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ExitCode::usage);
  EXPECT_THAT(error->what(),
              testing::HasSubstr("layer block1.bn1: batch_norm2d of a map of 1 × 1"));
  EXPECT_THAT(error->remedy(), testing::HasSubstr("training.batch_size"));
}

}  // namespace
}  // namespace mnist_bench
