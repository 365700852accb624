#include "record/checkpoint.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/overloaded.h"
#include "base/sha256.h"
#include "base/strict_json.h"
#include "record/contradiction.h"
#include "record/json_value.h"
#include "record/read_result.h"
#include "record/result_json.h"
#include "record/seal.h"

namespace mnist_bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kSchema = "mnist-bench.checkpoint/1";
constexpr std::string_view kParameter = "model.";
constexpr std::string_view kBuffer = "buffer.";
constexpr std::string_view kOptimizer = "optimizer.";

/// Tensors are named by what they are in the file, and by their parameter alone in memory.
void add_prefixed(std::vector<NamedTensor>& all, std::string_view prefix,
                  std::vector<NamedTensor> tensors) {
  for (NamedTensor& tensor : tensors) {
    tensor.name.insert(0, prefix);
    all.push_back(std::move(tensor));
  }
}

/// Moves `tensor` to `tensors` under its own name if it has the prefix.
bool take_prefixed(NamedTensor& tensor, std::string_view prefix,
                   std::vector<NamedTensor>& tensors) {
  if (!tensor.name.starts_with(prefix)) return false;
  tensor.name.erase(0, prefix.size());
  tensors.push_back(std::move(tensor));
  return true;
}

const std::string& text(const std::map<std::string, std::string>& metadata,
                        const std::string& key) {
  const auto found = metadata.find(key);
  if (found == metadata.end()) refuse(fmt::format("its header has no '{}'", key));
  return found->second;
}

std::uint64_t integer(const std::map<std::string, std::string>& metadata, const std::string& key) {
  const std::string& digits = text(metadata, key);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    refuse(fmt::format("its '{}' is not a number", key));
  }
  return value;
}

/// A member of the metadata that is JSON of its own.
template <typename Value>
Value parsed(const std::map<std::string, std::string>& metadata, const std::string& key,
             Value (JsonValue::*getter)() const) {
  const nlohmann::json document = parse_record_json(text(metadata, key));
  return (JsonValue(document, key).*getter)();
}

std::vector<EpochRecord> epochs_from(const std::map<std::string, std::string>& metadata) {
  const nlohmann::json document = parse_record_json(text(metadata, "epochs"));
  std::vector<EpochRecord> epochs;
  for (const JsonValue& epoch : JsonValue(document, "epochs").items()) {
    epochs.push_back(epoch_from_json(epoch));
  }
  return epochs;
}

/// The same for "optimizer.exp_avg.fc1.weight", by what the optimizer calls it.
bool take_optimizers(NamedTensor& tensor, TrainingState& state) {
  if (!tensor.name.starts_with(kOptimizer)) return false;
  const std::size_t dot = tensor.name.find('.', kOptimizer.size());
  if (dot == std::string::npos) return false;
  const std::string key = tensor.name.substr(kOptimizer.size(), dot - kOptimizer.size());
  return take_prefixed(tensor, fmt::format("{}{}.", kOptimizer, key), state.optimizer[key]);
}

/// Throws unless the epochs are those up to the one that training continues from.
void require_all_epochs(const Checkpoint& checkpoint) {
  const auto count = static_cast<std::int64_t>(checkpoint.epochs.size());
  if (checkpoint.state.epoch != count || count == 0) {
    refuse(fmt::format("it is from epoch {}, but lists {} epochs", checkpoint.state.epoch, count));
  }
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t epoch = checkpoint.epochs[static_cast<std::size_t>(i)].epoch;
    if (epoch == i + 1) continue;
    refuse(fmt::format("its epochs[{}].epoch is {}; it should be {}", i, epoch, i + 1));
  }
  for (const std::int64_t epoch : checkpoint.resumed_after) {
    if (epoch >= 1 && epoch <= count) continue;
    refuse(fmt::format("its resumed_after names epoch {} of {}", epoch, count));
  }
}

}  // namespace

void require_step(const Checkpoint& checkpoint, const Schedule& schedule) {
  const auto [epoch, step] = std::pair(checkpoint.state.epoch, checkpoint.state.step);
  const std::int64_t wanted = schedule.steps_after(epoch);
  if (step != wanted) {
    refuse(fmt::format("it is of step {}; {} epochs of {} images in batches of {} are {}", step,
                       epoch, schedule.images, schedule.batch_size, wanted));
  }
  if (schedule.evaluates_after(epoch)) return;
  refuse(fmt::format("it is of epoch {}; training.evaluate_every is {}", epoch,
                     schedule.evaluate_every));
}

bool same_shapes(const std::vector<NamedTensor>& a, const std::vector<NamedTensor>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const NamedTensor& x, const NamedTensor& y) {
                      return x.name == y.name && x.shape == y.shape;
                    });
}

std::string data_sha256(const DataSummary& data) {
  return data.train.sha256 + " " + data.test.sha256;
}

std::string checkpoint_bytes(Checkpoint checkpoint) {
  Json epochs = Json::array();
  for (const EpochRecord& epoch : checkpoint.epochs) epochs.push_back(to_json(epoch));
  Safetensors content;
  content.metadata = {
      {"schema", std::string(kSchema)},
      {"sha256", kNoHash},
      {"config_hash", checkpoint.config_hash},
      {"seed", std::to_string(checkpoint.seed)},
      {"engine", checkpoint.engine},
      {"data_sha256", checkpoint.data_sha256},
      {"epoch", std::to_string(checkpoint.state.epoch)},
      {"step", std::to_string(checkpoint.state.step)},
      {"random_streams", "seeded anew each epoch from seed and epoch"},
      {"epochs", epochs.dump()},
      {"resumed_after", Json(checkpoint.resumed_after).dump()},
      {"load_seconds", Json(checkpoint.load_seconds).dump()},
      {"total_seconds", Json(checkpoint.total_seconds).dump()},
  };
  add_prefixed(content.tensors, kParameter, std::move(checkpoint.state.parameters));
  add_prefixed(content.tensors, kBuffer, std::move(checkpoint.state.buffers));
  for (auto& [key, tensors] : checkpoint.state.optimizer) {
    add_prefixed(content.tensors, fmt::format("{}{}.", kOptimizer, key), std::move(tensors));
  }
  std::string bytes = safetensors_bytes(content);
  const std::size_t position = bytes.find(kNoHash);
  return sealed(std::move(bytes), position);
}

Checkpoint parse_checkpoint(std::string_view bytes) {
  Safetensors content = parse_safetensors(bytes, kLargestCheckpointHeader);
  const auto& metadata = content.metadata;
  if (text(metadata, "schema") != kSchema) {
    refuse(fmt::format("its schema is {}, this program reads \"{}\"",
                       excerpt(text(metadata, "schema")), kSchema));
  }
  const std::string& hash = text(metadata, "sha256");
  if (!is_sha256(hash) || !is_sealed(bytes, bytes.find(hash))) {
    refuse("its bytes do not match its SHA-256");
  }
  Checkpoint checkpoint;
  checkpoint.config_hash = text(metadata, "config_hash");
  checkpoint.seed = integer(metadata, "seed");
  checkpoint.engine = text(metadata, "engine");
  if (!engine_of(checkpoint.engine)) {
    refuse(fmt::format("its engine is {}", excerpt(checkpoint.engine)));
  }
  checkpoint.data_sha256 = text(metadata, "data_sha256");
  checkpoint.state.epoch = parsed(metadata, "epoch", &JsonValue::count);
  checkpoint.state.step = parsed(metadata, "step", &JsonValue::count);
  checkpoint.epochs = epochs_from(metadata);
  checkpoint.resumed_after = parsed(metadata, "resumed_after", &JsonValue::counts);
  checkpoint.load_seconds = parsed(metadata, "load_seconds", &JsonValue::amount);
  checkpoint.total_seconds = parsed(metadata, "total_seconds", &JsonValue::amount);
  require_all_epochs(checkpoint);
  TrainingState& state = checkpoint.state;
  for (NamedTensor& tensor : content.tensors) {
    if (!take_prefixed(tensor, kParameter, state.parameters) &&
        !take_prefixed(tensor, kBuffer, state.buffers) && !take_optimizers(tensor, state)) {
      refuse(fmt::format("tensor {} does not belong there", excerpt(tensor.name)));
    }
  }
  for (const auto& [key, tensors] : state.optimizer) {
    if (same_shapes(state.parameters, tensors)) continue;
    refuse(fmt::format("its parameters and the optimizer's {} do not match", excerpt(key)));
  }
  return checkpoint;
}

std::vector<std::string> optimizer_tensors(const OptimizerConfig& optimizer) {
  return std::visit(Overloaded{[](const AdamConfig&) -> std::vector<std::string> {
                                 return {"exp_avg", "exp_avg_sq"};
                               },
                               [](const SgdConfig& sgd) -> std::vector<std::string> {
                                 if (sgd.momentum == 0) return {};
                                 return {"momentum_buffer"};
                               }},
                    optimizer);
}

void require_state_of(const OptimizerConfig& optimizer, const TrainingState& state) {
  std::vector<std::string> found;
  for (const auto& [key, tensors] : state.optimizer) found.push_back(key);
  const std::vector<std::string> wanted = optimizer_tensors(optimizer);
  if (found == wanted) return;
  refuse(fmt::format("it has the optimizer's [{}]; optimizer.type \"{}\" keeps [{}]",
                     fmt::join(found, ", "), optimizer_type(optimizer), fmt::join(wanted, ", ")));
}

std::vector<NamedTensor> stored_tensors(const TrainingState& state) {
  std::vector<NamedTensor> tensors = state.parameters;
  tensors.insert(tensors.end(), state.buffers.begin(), state.buffers.end());
  return tensors;
}

std::string parameters_sha256(const std::vector<NamedTensor>& parameters) {
  Sha256 hash;
  for (const NamedTensor& tensor : parameters) {
    hash.update(tensor.values.data(), tensor.values.size() * sizeof(float));
  }
  return hash.hex();
}

std::string model_bytes(const std::vector<NamedTensor>& parameters,
                        const std::string& parameters_sha256) {
  return safetensors_bytes(
      {.tensors = parameters,
       .metadata = {{"format", "pt"}, {"parameters_sha256", parameters_sha256}}});
}

}  // namespace mnist_bench
