#include "config/layer_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config_text.h"
#include "config/write.h"

namespace mnist_bench {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string layers_config(std::string_view layers) {
  return fmt::format(R"({{"name": "m", "model": {{"type": "layers", "layers": {}}}}})", layers);
}

std::vector<Layer> read_layers(std::string_view layers) {
  return std::get<LayersConfig>(parse(layers_config(layers)).model).layers;
}

std::string layers_refusal(std::string_view layers) {
  return config_refusal(layers_config(layers));
}

TEST(LayerKeys, DescribeEveryKindOfLayer) {
  ASSERT_EQ(layer_kinds().size(), std::variant_size_v<layer::Kind>);
  for (std::size_t i = 0; i < layer_kinds().size(); ++i) {
    EXPECT_EQ(layer_kinds()[i].initial.index(), i);
    EXPECT_THAT(layer_kinds()[i].meaning, testing::EndsWith("."));
    for (const LayerKey& key : layer_kinds()[i].keys) {
      EXPECT_THAT(key.meaning, testing::EndsWith(".")) << key.name;
      EXPECT_TRUE(!key.default_value || accepts(key.rule, *key.default_value)) << key.name;
    }
  }
}

TEST(LayerKeys, ReadSettingsAndTheirDefaults) {
  const std::vector<Layer> layers = read_layers(R"([
    {"type": "conv2d", "channels": 6, "kernel": 5, "padding": 2, "name": "first"},
    {"type": "max_pool2d", "size": 3}, {"type": "avg_pool2d", "size": 3, "stride": 2},
    {"type": "flatten"}, {"type": "dropout", "p": 0.25}, {"type": "linear", "units": "classes"}])");
  ASSERT_EQ(layers.size(), 6U);
  EXPECT_EQ(
      layers[0],
      (Layer{"first",
             layer::Conv2d{.channels = 6, .kernel = 5, .stride = 1, .padding = 2, .bias = true}}));
  EXPECT_EQ(layers[1].kind, layer::Kind(layer::MaxPool2d{.size = 3, .stride = 3, .padding = 0}));
  EXPECT_EQ(layers[2].kind, layer::Kind(layer::AvgPool2d{.size = 3, .stride = 2, .padding = 0}));
  EXPECT_EQ(layers[4].kind, layer::Kind(layer::Dropout{.p = 0.25}));
  EXPECT_EQ(layers[5].kind, layer::Kind(layer::Linear{}));
}

TEST(LayerKeys, ReadBackWhatIsWritten) {
  for (const char* text :
       {R"([{"type": "residual", "shortcut": "subsample", "layers": [{"type": "tanh"},
            {"type": "repeat", "times": 3, "layers": [{"type": "relu", "name": "a"}]}]}])",
        R"([{"type": "global_avg_pool2d"}, {"type": "batch_norm2d"}, {"type": "dropout2d", "p": 0},
            {"type": "linear", "units": 12}])"}) {
    const ExperimentConfig config = parse(layers_config(text));
    EXPECT_EQ(parse(to_json(config).dump()), config);
  }
}

TEST(LayerKeys, HashTheSameWithDefaultsWrittenOut) {
  EXPECT_EQ(config_hash(parse(layers_config(R"([{"type": "max_pool2d", "size": 2}])"))),
            config_hash(parse(layers_config(
                R"([{"stride": 2, "padding": 0, "size": 2, "type": "max_pool2d"}])"))));
}

TEST(LayerKeys, RefuseNamingThePlaceInTheListAndTheNearestWord) {
  EXPECT_THAT(
      layers_refusal(R"([{"type": "flatten"}, {"type": "conv2", "channels": 1, "kernel": 1}])"),
      StartsWith("test.json: /model/layers/1/type: found \"conv2\"; did you mean "
                 "\"conv2d\"?"));
  EXPECT_THAT(layers_refusal(R"([{"type": "transformer"}])"),
              HasSubstr("/model/layers/0/type: found \"transformer\"; allowed: \"flatten\" or"));
  EXPECT_THAT(layers_refusal(R"([{"type": "conv2d", "channels": 1, "kernal": 3}])"),
              HasSubstr("/model/layers/0/kernal: unknown key of \"conv2d\" (found 3); did you mean "
                        "\"kernel\"?"));
  EXPECT_THAT(layers_refusal(R"([{"type": "relu", "p": 0.5}])"),
              HasSubstr("/model/layers/0/p: unknown key of \"relu\" (found 0.5)"));
  EXPECT_THAT(layers_refusal(R"([{"type": "conv2d", "channels": 0, "kernel": 3}])"),
              HasSubstr("/model/layers/0/channels: found 0; allowed: integer 1 to 4096"));
  EXPECT_THAT(layers_refusal(R"([{"type": "conv2d", "channels": 1}])"),
              HasSubstr("/model/layers/0/kernel: missing; allowed: integer"));
  EXPECT_THAT(layers_refusal(R"([{"type": "conv2d", "channels": 1, "kernel": 1, "bias": 1}])"),
              HasSubstr("/model/layers/0/bias: found 1; allowed: true or false"));
  EXPECT_THAT(layers_refusal(R"([{"type": "linear", "units": "all"}])"),
              HasSubstr("/model/layers/0/units: found \"all\"; allowed: integer 1 to 65536, or "
                        "\"classes\""));
  EXPECT_THAT(
      layers_refusal(R"([{"type": "residual", "layers": [{"type": "relu"}, {"type": "dropout",
                          "p": 1}]}])"),
      HasSubstr("/model/layers/0/layers/1/p: found 1; allowed: number ≥ 0 and < 1"));
  EXPECT_THAT(layers_refusal(R"([{"type": "residual", "layers": []}])"),
              HasSubstr("/model/layers/0/layers: found []; allowed: list of one or more layers"));
  EXPECT_THAT(layers_refusal(R"([{"type": "relu", "name": "a.b"}])"),
              HasSubstr("/model/layers/0/name: found \"a.b\"; allowed: 1 to 64 of"));
  EXPECT_THAT(layers_refusal(R"(["relu"])"),
              HasSubstr("/model/layers/0: found \"relu\"; allowed: an object with \"type\""));
  EXPECT_THAT(layers_refusal(R"([{}])"), HasSubstr("/model/layers/0/type: missing"));
  EXPECT_THAT(layers_refusal("[]"), HasSubstr("/model/layers: found []"));
  EXPECT_THAT(config_refusal(R"({"name": "m", "model": {"type": "layers"}})"),
              HasSubstr("/model/layers: missing"));
  EXPECT_THAT(config_refusal(R"({"name": "m", "model": {"type": "mlp", "layers": []}})"),
              HasSubstr("belongs to model.type \"layers\", but model.type is \"mlp\""));
  EXPECT_THAT(config_refusal(layers_config("[{\"type\": \"relu\"}]"),
                             {R"(model.layers=[{"type": "rely"}])"}),
              HasSubstr("/model/layers/0/type: found \"rely\"; did you mean \"relu\"?"));
}

std::string nested_layers(int depth) {
  std::string text = R"([{"type": "relu"}])";
  for (int i = 0; i < depth; ++i)
    text = R"([{"type": "repeat", "times": 1, "layers": )" + text + "}]";
  return text;
}

TEST(LayerKeys, AcceptEightNestedListsAndAThousandLayersAndNothingBeyond) {
  EXPECT_NO_THROW(read_layers(nested_layers(8)));
  EXPECT_THAT(layers_refusal(nested_layers(9)), HasSubstr("nested more than 8 deep"));
  const auto repeated = [](int times) {
    return fmt::format(R"([{{"type": "repeat", "times": 10, "layers": [
        {{"type": "repeat", "times": {}, "layers": [{{"type": "relu"}}]}}]}}])",
                       times);
  };
  EXPECT_NO_THROW(read_layers(repeated(100)));
  EXPECT_THAT(layers_refusal(repeated(101)),
              HasSubstr("/model/layers: 1010 layers, each repeat written out; allowed: at most "
                        "1000"));
}

}  // namespace
}  // namespace mnist_bench
