#include "onnx/network_graph.h"

#include <onnx/onnx_pb.h>

#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace mnist_bench {
namespace {

using Numbers = std::vector<std::int64_t>;

constexpr const char* kInput = "images";
constexpr const char* kOutput = "logits";

onnx::AttributeProto& attribute(onnx::NodeProto& node, const char* name,
                                onnx::AttributeProto::AttributeType type) {
  onnx::AttributeProto& added = *node.add_attribute();
  added.set_name(name);
  added.set_type(type);
  return added;
}

void set(onnx::NodeProto& node, const char* name, std::int64_t value) {
  attribute(node, name, onnx::AttributeProto::INT).set_i(value);
}

void set(onnx::NodeProto& node, const char* name, float value) {
  attribute(node, name, onnx::AttributeProto::FLOAT).set_f(value);
}

void set(onnx::NodeProto& node, const char* name, const Numbers& values) {
  attribute(node, name, onnx::AttributeProto::INTS)
      .mutable_ints()
      ->Add(values.begin(), values.end());
}

/// A square window that moves in equal steps over rows and columns.
void set_window(onnx::NodeProto& node, std::int64_t size, std::int64_t stride,
                std::int64_t padding) {
  set(node, "kernel_shape", Numbers{size, size});
  set(node, "strides", Numbers{stride, stride});
  set(node, "pads", Numbers(4, padding));
}

/// [N, …]
void set_shape(onnx::ValueInfoProto& value, const char* name, const Numbers& shape) {
  value.set_name(name);
  onnx::TypeProto::Tensor& type = *value.mutable_type()->mutable_tensor_type();
  type.set_elem_type(onnx::TensorProto::FLOAT);
  type.mutable_shape()->add_dim()->set_dim_param("N");
  for (const std::int64_t size : shape) type.mutable_shape()->add_dim()->set_dim_value(size);
}

/// Adds nodes to a graph. A value is called "NODE/output", which no tensor of a network is: the
/// names of layers have no slash.
class GraphBuilder {
 public:
  explicit GraphBuilder(onnx::GraphProto& graph) : graph_(graph) {}

  /// All of them; returns the name of the last one's output.
  std::string add(const std::vector<PlacedLayer>& layers, std::string x) {
    for (const PlacedLayer& layer : layers) {
      x = std::visit([&](const auto& kind) { return add(kind, layer, x); }, layer.kind);
    }
    return x;
  }

  /// (x/255 − mean)/sd as (x − 255 mean)/(255 sd).
  std::string add(const PixelScaling& scaling, const std::string& x) {
    const std::string mean = constant("images/mean", static_cast<float>(255 * scaling.mean));
    const std::string sd = constant("images/sd", static_cast<float>(255 * scaling.sd));
    return output_of(
        node("Div", "images/scaled", {output_of(node("Sub", "images/centred", {x, mean})), sd}));
  }

 private:
  onnx::NodeProto& node(const char* type, const std::string& name,
                        std::initializer_list<std::string_view> inputs) {
    onnx::NodeProto& added = *graph_.add_node();
    added.set_op_type(type);
    added.set_name(name);
    for (const std::string_view input : inputs) added.add_input(std::string(input));
    added.add_output(name + "/output");
    return added;
  }

  static const std::string& output_of(const onnx::NodeProto& node) { return node.output(0); }

  std::string constant(const std::string& name, float value) {
    onnx::TensorProto& tensor = *graph_.add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(onnx::TensorProto::FLOAT);
    tensor.add_float_data(value);
    return name;
  }

  std::string constant(const std::string& name, const Numbers& values) {
    onnx::TensorProto& tensor = *graph_.add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(onnx::TensorProto::INT64);
    tensor.add_dims(static_cast<std::int64_t>(values.size()));
    tensor.mutable_int64_data()->Add(values.begin(), values.end());
    return name;
  }

  std::string add(const layer::Flatten& /*kind*/, const PlacedLayer& layer, const std::string& x) {
    return output_of(node("Flatten", layer.name, {x}));
  }

  std::string add(const layer::Linear& /*kind*/, const PlacedLayer& layer, const std::string& x) {
    onnx::NodeProto& gemm =
        node("Gemm", layer.name, {x, layer.name + ".weight", layer.name + ".bias"});
    set(gemm, "transB", std::int64_t{1});
    return output_of(gemm);
  }

  std::string add(const layer::Conv2d& conv, const PlacedLayer& layer, const std::string& x) {
    onnx::NodeProto& added = node("Conv", layer.name, {x, layer.name + ".weight"});
    if (conv.bias) added.add_input(layer.name + ".bias");
    set_window(added, conv.kernel, conv.stride, conv.padding);
    return output_of(added);
  }

  std::string add(const layer::Relu& /*kind*/, const PlacedLayer& layer, const std::string& x) {
    return output_of(node("Relu", layer.name, {x}));
  }

  std::string add(const layer::Tanh& /*kind*/, const PlacedLayer& layer, const std::string& x) {
    return output_of(node("Tanh", layer.name, {x}));
  }

  std::string add(const layer::MaxPool2d& pool, const PlacedLayer& layer, const std::string& x) {
    onnx::NodeProto& added = node("MaxPool", layer.name, {x});
    set_window(added, pool.size, pool.stride, pool.padding);
    return output_of(added);
  }

  std::string add(const layer::AvgPool2d& pool, const PlacedLayer& layer, const std::string& x) {
    onnx::NodeProto& added = node("AveragePool", layer.name, {x});
    set_window(added, pool.size, pool.stride, pool.padding);
    set(added, "count_include_pad", std::int64_t{1});  // as PyTorch
    return output_of(added);
  }

  std::string add(const layer::GlobalAvgPool2d& /*kind*/, const PlacedLayer& layer,
                  const std::string& x) {
    return output_of(node("Flatten", layer.name,
                          {output_of(node("GlobalAveragePool", layer.name + "/mean", {x}))}));
  }

  std::string add(const layer::BatchNorm2d& /*kind*/, const PlacedLayer& layer,
                  const std::string& x) {
    const std::string& name = layer.name;
    onnx::NodeProto& added =
        node("BatchNormalization", name,
             {x, name + ".weight", name + ".bias", name + ".running_mean", name + ".running_var"});
    set(added, "epsilon", 1e-5F);
    return output_of(added);
  }

  // These do nothing in inference.
  std::string add(const layer::Dropout& /*kind*/, const PlacedLayer& /*layer*/,
                  const std::string& x) {
    return x;
  }
  std::string add(const layer::Dropout2d& /*kind*/, const PlacedLayer& /*layer*/,
                  const std::string& x) {
    return x;
  }

  std::string add(const layer::Residual& residual, const PlacedLayer& layer, const std::string& x) {
    const std::string y = add(layer.inner, x);
    return output_of(node("Add", layer.name, {y, shortcut(residual.shortcut, layer, x)}));
  }

  std::string shortcut(layer::Shortcut kind, const PlacedLayer& layer, const std::string& x) {
    const std::string name = layer.name + ".shortcut";  // no layer's: the name is reserved
    switch (kind) {
      case layer::Shortcut::identity:
        return x;
      case layer::Shortcut::projection: {
        onnx::NodeProto& conv = node("Conv", name, {x, name + ".weight"});
        set_window(conv, 1, shortcut_stride(layer), 0);
        return output_of(conv);
      }
      case layer::Shortcut::subsample: {
        const std::int64_t stride = shortcut_stride(layer);
        const std::string sampled =
            output_of(node("Slice", name + "/slice",
                           {x, constant(name + "/starts", Numbers{0, 0}),
                            constant(name + "/ends", Numbers{layer.input[1], layer.input[2]}),
                            constant(name + "/axes", Numbers{2, 3}),
                            constant(name + "/steps", Numbers{stride, stride})}));
        const std::int64_t zeros = layer.output.front() - layer.input.front();
        // Before each axis [N, channels, rows, columns], then after each.
        const std::string pads = constant(name + "/pads", Numbers{0, 0, 0, 0, 0, zeros, 0, 0});
        return output_of(node("Pad", name, {sampled, pads}));
      }
    }
    throw std::logic_error("a shortcut without a case");
  }

  std::string add(const layer::Repeat& /*kind*/, const PlacedLayer& /*layer*/,
                  const std::string& /*x*/) {
    throw std::logic_error("layers_of() writes repeats out");
  }

  onnx::GraphProto& graph_;
};

void add_tensor(onnx::GraphProto& graph, const NamedTensor& tensor) {
  onnx::TensorProto& added = *graph.add_initializer();
  added.set_name(tensor.name);
  added.set_data_type(onnx::TensorProto::FLOAT);
  added.mutable_dims()->Add(tensor.shape.begin(), tensor.shape.end());
  added.mutable_float_data()->Add(tensor.values.begin(), tensor.values.end());
}

}  // namespace

onnx::GraphProto onnx_graph(const TrainedNetwork& network) {
  onnx::GraphProto graph;
  set_shape(*graph.add_input(), kInput, network.layers.front().input);
  set_shape(*graph.add_output(), kOutput, network.layers.back().output);
  for (const NamedTensor& tensor : network.tensors) add_tensor(graph, tensor);
  GraphBuilder builder(graph);
  builder.add(network.layers, builder.add(network.scaling, kInput));
  // What the last node gives is the output, whatever dropout follows it.
  graph.mutable_node(graph.node_size() - 1)->set_output(0, kOutput);
  return graph;
}

}  // namespace mnist_bench
