#include "libtorch/network.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "record/checkpoint.h"

namespace mnist_bench {
namespace {

struct Row {
  const char* type;
  std::int64_t parameters;
  std::vector<std::int64_t> output_shape;
};

void expect_rows(const ModelSummary& summary, const std::vector<Row>& rows) {
  ASSERT_EQ(summary.layers.size(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(summary.layers[i].type, rows[i].type) << "layer " << i;
    EXPECT_EQ(summary.layers[i].parameters, rows[i].parameters) << "layer " << i;
    EXPECT_EQ(summary.layers[i].output_shape, rows[i].output_shape) << "layer " << i;
  }
}

ModelSummary summary_of(const ModelConfig& model, ImageShape image = {},
                        std::int64_t classes = 10) {
  return summarize(model, image, classes);
}

TEST(Network, MlpHasTheLayersOfTable1) {
  const ModelSummary summary = summary_of(MlpConfig{});
  expect_rows(summary, {{"Flatten", 0, {784}},
                        {"Linear", 200'960, {256}},
                        {"ReLU", 0, {256}},
                        {"Linear", 32'896, {128}},
                        {"ReLU", 0, {128}},
                        {"Dropout", 0, {128}},
                        {"Linear", 1'290, {10}}});
  EXPECT_EQ(summary.parameters, 235'146);
  EXPECT_EQ(summary.macs, 234'752);
}

TEST(Network, CnnHasTheLayersOfTable2) {
  const ModelSummary summary = summary_of(CnnConfig{});
  expect_rows(summary, {{"Conv2d", 320, {32, 28, 28}},
                        {"MaxPool2d", 0, {32, 14, 14}},
                        {"ReLU", 0, {32, 14, 14}},
                        {"Conv2d", 18'496, {64, 14, 14}},
                        {"Dropout2d", 0, {64, 14, 14}},
                        {"MaxPool2d", 0, {64, 7, 7}},
                        {"ReLU", 0, {64, 7, 7}},
                        {"Flatten", 0, {3136}},
                        {"Linear", 401'536, {128}},
                        {"ReLU", 0, {128}},
                        {"Dropout", 0, {128}},
                        {"Linear", 1'290, {10}}});
  EXPECT_EQ(summary.parameters, 421'642);
  EXPECT_EQ(summary.macs, 4'241'152);
}

TEST(Network, FollowsTheConfigsSizesTheImageAndTheClasses) {
  const ModelSummary mlp = summary_of(MlpConfig{.hidden = {5}, .dropout = 0}, {6, 7}, 3);
  EXPECT_EQ(mlp.parameters, 42 * 5 + 5 + 5 * 3 + 3);
  const ModelSummary cnn =
      summary_of(CnnConfig{.conv1_channels = 2, .conv2_channels = 3, .hidden = 4}, {9, 13}, 62);
  EXPECT_EQ(cnn.parameters, (9 * 2 + 2) + (9 * 2 * 3 + 3) + (3 * 2 * 3 * 4 + 4) + (4 * 62 + 62));
}

TEST(ParameterCount, IsThatOfTheNetworkItself) {
  const auto expect_equal = [](const ModelConfig& model, ImageShape image, std::int64_t classes) {
    EXPECT_EQ(parameter_count(model, image, classes),
              static_cast<double>(summarize(model, image, classes).parameters));
  };
  expect_equal(MlpConfig{}, {}, 10);
  expect_equal(MlpConfig{.hidden = {5}, .dropout = 0}, {6, 7}, 3);
  expect_equal(CnnConfig{}, {}, 10);
  expect_equal(CnnConfig{.conv1_channels = 2, .conv2_channels = 3, .hidden = 4}, {9, 13}, 62);
}

TEST(Network, CnnRefusesImagesThatPoolingLeavesNothingOf) {
  EXPECT_NO_THROW(make_network(CnnConfig{}, {4, 4}, 10));
  try {
    make_network(CnnConfig{}, {3, 28}, 10);
    FAIL() << "3 × 28 was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
    EXPECT_NE(std::string(error.what()).find("3 × 28"), std::string::npos);
  }
}

/// The sample variance of n normal values lies within 4 of its standard errors, σ²·√(2/(n−1)).
TEST(Initialization, HasHeVarianceWithinFourStandardErrors) {
  for (const ModelConfig& model : {ModelConfig(MlpConfig{}), ModelConfig(CnnConfig{})}) {
    auto network = make_network(model, {}, 10);
    initialize(network, 7);
    for (const auto& parameter : network->named_parameters()) {
      const torch::Tensor value = parameter.value().to(torch::kFloat64);
      if (value.dim() == 1) {
        EXPECT_EQ(value.abs().max().item<double>(), 0.0) << parameter.key();
        continue;
      }
      const auto n = static_cast<double>(value.numel());
      const double wanted = 2.0 / (n / static_cast<double>(value.size(0)));
      const double variance = value.var().item<double>();
      EXPECT_NEAR(variance, wanted, 4 * wanted * std::sqrt(2 / (n - 1))) << parameter.key();
      EXPECT_NEAR(value.mean().item<double>(), 0, 4 * std::sqrt(wanted / n)) << parameter.key();
    }
  }
}

TEST(Initialization, RepeatsWithTheSeedAndChangesWithIt) {
  const auto hash_for = [](std::uint64_t seed) {
    auto network = make_network(MlpConfig{}, {}, 10);
    initialize(network, seed);
    return parameters_sha256(export_parameters(network));
  };
  EXPECT_EQ(hash_for(1), hash_for(1));
  EXPECT_NE(hash_for(1), hash_for(2));
}

TEST(ParametersHash, DoesNotDependOnTheMemoryFormat) {
  auto network = make_network(CnnConfig{}, {}, 10);
  initialize(network, 1);
  const std::string before = parameters_sha256(export_parameters(network));
  const torch::NoGradGuard no_gradients;
  for (torch::Tensor& parameter : network->parameters()) {
    if (parameter.dim() == 4) {
      parameter.set_data(parameter.contiguous(torch::MemoryFormat::ChannelsLast));
    }
  }
  EXPECT_EQ(parameters_sha256(export_parameters(network)), before);
}

}  // namespace
}  // namespace mnist_bench
