#include "onnx/export_run.h"

#include <fmt/format.h>
#include <onnx/checker.h>
#include <onnx/onnx_pb.h>

#include <climits>
#include <cmath>
#include <map>

#include "base/error.h"
#include "base/text.h"
#include "config/write.h"
#include "onnx/network_graph.h"
#include "record/layer_tensors.h"
#include "record/trained_model.h"
#include "transform/apply.h"

namespace mnist_bench {
namespace {

/// The shape of the images that the network takes, after the run's own transform.
ImageShape shape_of_images(const RunResult& run) {
  return prepare_chain(run.config.data.transform, shape_as_read(run)).output;
}

std::map<std::string, std::string> metadata_of(const RunResult& run, const std::string& version) {
  std::map<std::string, std::string> metadata = {
      {"config_hash", config_hash(run.config)},
      {"dataset", run.data->dataset},
      {"input", "pixels 0 to 255, light on black, not normalized: the model does that itself"},
      {"mnist_bench_version", version},
      {"name", run.config.name},
      {"parameters_sha256", *run.parameters_sha256},
      {"seed", std::to_string(run.config.seed)}};
  if (!run.config.data.transform.empty()) {
    metadata["transform"] = canonical_spec(run.config.data.transform);
    metadata["input"] += "; transform them first";
  }
  return metadata;
}

}  // namespace

OnnxFile export_run(const StoredRun& run, const std::string& version) {
  const RunResult& result = run.result;
  TrainedNetwork network{.layers = {},
                         .tensors = read_trained_model(run),
                         .scaling = {.mean = result.data->mean, .sd = result.data->std}};
  const auto classes = static_cast<std::int64_t>(result.data->test.class_counts.size());
  network.layers = layers_of(require_network(result.config.model, "it has no layers"),
                             shape_of_images(result), classes);

  onnx::ModelProto model;
  model.set_ir_version(kOnnxIrVersion);
  model.set_producer_name("mnist-bench");
  model.set_producer_version(version);
  model.add_opset_import()->set_version(kOnnxOpset);
  for (const auto& [key, value] : metadata_of(result, version)) {
    onnx::StringStringEntryProto& entry = *model.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  }
  *model.mutable_graph() = onnx_graph(network);
  model.mutable_graph()->set_name(result.config.name);
  if (model.ByteSizeLong() > INT_MAX) {
    throw Error(ExitCode::usage,
                fmt::format("an ONNX file holds 2 GiB at most; this network would take {} bytes",
                            with_commas(static_cast<long long>(model.ByteSizeLong()))));
  }
  onnx::checker::check_model(model);
  return {.bytes = model.SerializeAsString(),
          .input = network.layers.front().input,
          .output = network.layers.back().output};
}

}  // namespace mnist_bench
