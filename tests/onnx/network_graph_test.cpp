#include "onnx/network_graph.h"

#include <gtest/gtest.h>
#include <onnx/checker.h>
#include <onnx/onnx_pb.h>
#include <onnx/shape_inference/implementation.h>

#include <map>
#include <set>

#include "config/read.h"
#include "onnx/export_run.h"

namespace mnist_bench {
namespace {

using Shape = std::vector<std::int64_t>;

LayersConfig unnamed(std::vector<layer::Kind> kinds) {
  LayersConfig config;
  for (layer::Kind& kind : kinds) config.layers.push_back({{}, std::move(kind)});
  return config;
}

/// Its weights are 1, as it is only looked at.
TrainedNetwork network_of(const ModelConfig& model, ImageShape image, std::int64_t classes) {
  TrainedNetwork network{
      .layers = layers_of(require_network(model, "it has no layers"), image, classes),
      .tensors = {},
      .scaling = {}};
  for (const auto& tensors : {parameters_of(network.layers), buffers_of(network.layers)}) {
    for (const TensorShape& tensor : tensors) {
      const auto size = static_cast<std::size_t>(size_of(tensor));
      network.tensors.push_back({tensor.name, tensor.shape, std::vector<float>(size, 1.0F)});
    }
  }
  return network;
}

onnx::ModelProto model_of(const TrainedNetwork& network) {
  onnx::ModelProto model;
  model.set_ir_version(kOnnxIrVersion);
  model.add_opset_import()->set_version(kOnnxOpset);
  *model.mutable_graph() = onnx_graph(network);
  model.mutable_graph()->set_name("test");
  return model;
}

/// Without the first dimension, which is N.
Shape shape_of(const onnx::ValueInfoProto& value) {
  const onnx::TensorShapeProto& shape = value.type().tensor_type().shape();
  EXPECT_EQ(shape.dim(0).dim_param(), "N") << value.name();
  Shape sizes;
  for (int i = 1; i < shape.dim_size(); ++i) sizes.push_back(shape.dim(i).dim_value());
  return sizes;
}

/// By name, as libonnx infers them from the nodes and the weights.
std::map<std::string, Shape> inferred_shapes(onnx::ModelProto model) {
  // The output's shape, too, is inferred: that it contradicts the declared one would be an error.
  onnx::shape_inference::InferShapes(model, onnx::OpSchemaRegistry::Instance(),
                                     {/*check_type=*/true, /*strict_mode=*/1,
                                      /*data_propagation=*/true});
  std::map<std::string, Shape> shapes;
  for (const onnx::ValueInfoProto& value : model.graph().value_info()) {
    shapes[value.name()] = shape_of(value);
  }
  for (const onnx::ValueInfoProto& value : model.graph().output()) {
    shapes[value.name()] = shape_of(value);
  }
  return shapes;
}

void expect_shapes(const std::vector<PlacedLayer>& layers,
                   const std::map<std::string, Shape>& inferred) {
  for (const PlacedLayer& layer : layers) {
    expect_shapes(layer.inner, inferred);
    if (std::holds_alternative<layer::Dropout>(layer.kind) ||
        std::holds_alternative<layer::Dropout2d>(layer.kind)) {
      continue;
    }
    const auto found = inferred.find(layer.name + "/output");
    if (found == inferred.end()) continue;  // the last one, called "logits"
    EXPECT_EQ(found->second, layer.output) << layer.name;
  }
}

/// libonnx accepts the graph, and infers what the list of layers says.
void expect_sound(const ModelConfig& config, ImageShape image, std::int64_t classes) {
  const TrainedNetwork network = network_of(config, image, classes);
  const onnx::ModelProto model = model_of(network);
  onnx::checker::check_model(model);
  EXPECT_EQ(shape_of(model.graph().input(0)), (Shape{1, image.rows, image.columns}));
  const std::map<std::string, Shape> inferred = inferred_shapes(model);
  EXPECT_EQ(inferred.at("logits"), Shape{classes});
  expect_shapes(network.layers, inferred);
  EXPECT_EQ(inferred.size(), static_cast<std::size_t>(model.graph().node_size()));
}

std::multiset<std::string> node_types(const onnx::ModelProto& model) {
  std::multiset<std::string> types;
  for (const onnx::NodeProto& node : model.graph().node()) types.insert(node.op_type());
  return types;
}

TEST(NetworkGraph, OfEveryShippedModelIsSound) {
  expect_sound(MlpConfig{}, {}, 10);
  expect_sound(CnnConfig{}, {}, 10);
  for (const char* name : {"logistic", "lenet5", "alexnet", "resnet8", "resnet20"}) {
    const std::string file = std::string(MNIST_BENCH_SOURCE "/configs/models/") + name + ".json";
    expect_sound(read_experiment(file).model, {}, 10);
  }
}

TEST(NetworkGraph, OfEveryKindOfLayerIsSound) {
  const auto block = [](layer::Shortcut shortcut, std::int64_t channels, std::int64_t stride) {
    return layer::Residual{
        .layers = unnamed({layer::Relu{},
                           layer::Conv2d{
                               .channels = channels, .kernel = 3, .stride = stride, .padding = 1}})
                      .layers,
        .shortcut = shortcut};
  };
  expect_sound(
      unnamed({layer::Conv2d{.channels = 3, .kernel = 4, .stride = 3, .padding = 2, .bias = false},
               layer::Tanh{}, layer::AvgPool2d{.size = 3, .stride = 2, .padding = 1},
               layer::Dropout2d{}, layer::MaxPool2d{.size = 2, .stride = 1, .padding = 1},
               layer::BatchNorm2d{}, block(layer::Shortcut::projection, 5, 2),
               block(layer::Shortcut::subsample, 7, 2), block(layer::Shortcut::subsample, 7, 1),
               block(layer::Shortcut::identity, 7, 1),
               layer::Repeat{.times = 2, .layers = unnamed({layer::Relu{}}).layers},
               layer::GlobalAvgPool2d{}, layer::Linear{6}, layer::Dropout{}, layer::Linear{}}),
      {23, 31}, 4);
}

TEST(NetworkGraph, HasNoDropoutAndEndsWithLogitsAllTheSame) {
  const onnx::ModelProto model =
      model_of(network_of(unnamed({layer::Flatten{}, layer::Linear{}, layer::Dropout{}}), {}, 10));
  onnx::checker::check_model(model);
  EXPECT_EQ(node_types(model), (std::multiset<std::string>{"Div", "Flatten", "Gemm", "Sub"}));
  EXPECT_EQ(inferred_shapes(model).at("logits"), Shape{10});
}

TEST(NetworkGraph, IsSoundWhateverItsLayersAreCalled) {
  LayersConfig config;
  config.layers = {{"images", layer::Conv2d{.channels = 2}},
                   {"logits", layer::Relu{}},
                   {"output", layer::Residual{.layers = {{"weight", layer::Conv2d{.channels = 2}},
                                                         {"output", layer::Relu{}}},
                                              .shortcut = layer::Shortcut::projection}},
                   {"mean", layer::Flatten{}},
                   {"sd", layer::Linear{}}};
  expect_sound(config, {.rows = 5, .columns = 4}, 3);
}

TEST(NetworkGraph, ScalesPixelsByTheRunsConstants) {
  TrainedNetwork network = network_of(MlpConfig{}, {}, 10);
  network.scaling = {.mean = 0.5, .sd = 0.25};
  const onnx::GraphProto graph = onnx_graph(network);
  std::map<std::string, float> constants;
  for (const onnx::TensorProto& tensor : graph.initializer()) {
    if (tensor.dims().empty()) constants[tensor.name()] = tensor.float_data(0);
  }
  EXPECT_EQ(constants,
            (std::map<std::string, float>{{"images/mean", 127.5F}, {"images/sd", 63.75F}}));
}

}  // namespace
}  // namespace mnist_bench
