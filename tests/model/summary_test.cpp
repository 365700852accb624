#include "model/summary.h"

#include <gtest/gtest.h>

#include "config/read.h"

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

TEST(Summary, MlpHasTheLayersOfTable1) {
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

TEST(Summary, CnnHasTheLayersOfTable2) {
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

TEST(Summary, FollowsTheConfigsSizesTheImageAndTheClasses) {
  const ModelSummary mlp = summary_of(MlpConfig{.hidden = {5}, .dropout = 0}, {6, 7}, 3);
  EXPECT_EQ(mlp.parameters, 42 * 5 + 5 + 5 * 3 + 3);
  const ModelSummary cnn =
      summary_of(CnnConfig{.conv1_channels = 2, .conv2_channels = 3, .hidden = 4}, {9, 13}, 62);
  EXPECT_EQ(cnn.parameters, (9 * 2 + 2) + (9 * 2 * 3 + 3) + (3 * 2 * 3 * 4 + 4) + (4 * 62 + 62));
}

/// The networks that ship as configs, with the sizes that the literature and a count by hand give.
TEST(Summary, OfTheShippedNetworksHasTheirParametersAndMacs) {
  const auto expect = [](const char* name, std::int64_t parameters, std::int64_t macs) {
    const std::string file = std::string(MNIST_BENCH_SOURCE "/configs/models/") + name + ".json";
    const ModelSummary summary = summarize(read_experiment(file).model, {}, 10);
    EXPECT_EQ(summary.parameters, parameters) << name;
    EXPECT_EQ(summary.macs, macs) << name;
  };
  expect("logistic", 7'850, 7'840);
  expect("lenet5", 61'706, 416'520);
  expect("alexnet", 645'258, 16'645'632);
  expect("resnet8", 75'002, 9'145'216);
  expect("resnet20", 269'434, 30'821'248);
}

TEST(Summary, ListsABlocksLayersBeforeTheBlock) {
  const LayersConfig config{
      {{{},
        layer::Residual{.layers = {{{}, layer::Conv2d{.channels = 2, .kernel = 3, .padding = 1}},
                                   {"last", layer::BatchNorm2d{}}},
                        .shortcut = layer::Shortcut::projection}},
       {{}, layer::GlobalAvgPool2d{}}}};
  const ModelSummary summary = summarize(config, {4, 6}, 2);
  ASSERT_EQ(summary.layers.size(), 4U);
  EXPECT_EQ(summary.layers[0],
            (LayerSummary{"block1.conv1", "Conv2d", {2, 4, 6}, 2 * 9 + 2, 18 * 24}));
  EXPECT_EQ(summary.layers[1], (LayerSummary{"block1.last", "BatchNorm2d", {2, 4, 6}, 4, 0}));
  EXPECT_EQ(summary.layers[2], (LayerSummary{"block1", "Residual", {2, 4, 6}, 2, 2 * 24}));
  EXPECT_EQ(summary.layers[3], (LayerSummary{"pool1", "AdaptiveAvgPool2d", {2}, 0, 0}));
  EXPECT_EQ(summary.input_shape, (std::vector<std::int64_t>{1, 4, 6}));
}

TEST(Summary, TellsTheShapeOfItsImages) {
  const auto same = [](const ModelConfig& model) {
    const ImageShape image = image_of(summarize(model, {8, 12}, 3));
    return image.rows == 8 && image.columns == 12;
  };
  EXPECT_TRUE(same(CnnConfig{}));
  EXPECT_TRUE(same(LayersConfig{{{{}, layer::Flatten{}}, {{}, layer::Linear{}}}}));
  const ImageShape row = image_of(summarize(MlpConfig{}, {8, 12}, 3));
  EXPECT_EQ(row.rows * row.columns, 8 * 12);
}

}  // namespace
}  // namespace mnist_bench
