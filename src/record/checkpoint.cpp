#include "record/checkpoint.h"

#include <fmt/format.h>

#include <charconv>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/sha256.h"
#include "record/read_result.h"
#include "record/result_json.h"

namespace mnist_bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kSchema = "mnist-bench.checkpoint/1";
constexpr std::string_view kParameter = "model.";
constexpr std::string_view kFirstMoment = "optimizer.exp_avg.";
constexpr std::string_view kSecondMoment = "optimizer.exp_avg_sq.";
const std::string kNoHash(64, '0');

[[noreturn]] void refuse(const std::string& why) { throw Error(ExitCode::io, why); }

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

bool same_shapes(const std::vector<NamedTensor>& a, const std::vector<NamedTensor>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const NamedTensor& x, const NamedTensor& y) {
                      return x.name == y.name && x.shape == y.shape;
                    });
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
    refuse(fmt::format("its '{}' is no number", key));
  }
  return value;
}

/// The SHA-256 of `bytes` with `hash`, wherever it stands in them, replaced by zeros.
std::string hash_without(std::string bytes, const std::string& hash) {
  const std::size_t at = bytes.find(hash);
  if (at == std::string::npos) return {};
  return sha256_hex(bytes.replace(at, hash.size(), kNoHash));
}

}  // namespace

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
  add_prefixed(content.tensors, kFirstMoment, std::move(checkpoint.state.first_moments));
  add_prefixed(content.tensors, kSecondMoment, std::move(checkpoint.state.second_moments));
  std::string bytes = safetensors_bytes(content);
  const std::string hash = sha256_hex(bytes);
  return bytes.replace(bytes.find(kNoHash), hash.size(), hash);
}

Checkpoint parse_checkpoint(std::string_view bytes) {
  Safetensors content = parse_safetensors(bytes);
  const auto& metadata = content.metadata;
  if (text(metadata, "schema") != kSchema) {
    refuse(fmt::format("its schema is {}, this program reads \"{}\"",
                       Json(text(metadata, "schema")).dump(), kSchema));
  }
  const std::string& hash = text(metadata, "sha256");
  if (hash.size() != kNoHash.size() || hash_without(std::string(bytes), hash) != hash) {
    refuse("its bytes do not match its SHA-256");
  }
  Checkpoint checkpoint;
  checkpoint.config_hash = text(metadata, "config_hash");
  checkpoint.seed = integer(metadata, "seed");
  checkpoint.engine = text(metadata, "engine");
  checkpoint.data_sha256 = text(metadata, "data_sha256");
  checkpoint.state.epoch = static_cast<std::int64_t>(integer(metadata, "epoch"));
  checkpoint.state.step = static_cast<std::int64_t>(integer(metadata, "step"));
  try {
    for (const Json& epoch : Json::parse(text(metadata, "epochs"))) {
      checkpoint.epochs.push_back(epoch_from_json(epoch));
    }
    checkpoint.resumed_after =
        Json::parse(text(metadata, "resumed_after")).get<std::vector<std::int64_t>>();
    checkpoint.load_seconds = Json::parse(text(metadata, "load_seconds"));
    checkpoint.total_seconds = Json::parse(text(metadata, "total_seconds"));
  } catch (const Json::exception& error) {
    refuse(error.what());
  }
  TrainingState& state = checkpoint.state;
  for (NamedTensor& tensor : content.tensors) {
    if (!take_prefixed(tensor, kParameter, state.parameters) &&
        !take_prefixed(tensor, kFirstMoment, state.first_moments) &&
        !take_prefixed(tensor, kSecondMoment, state.second_moments)) {
      refuse(fmt::format("tensor {} does not belong there", Json(tensor.name).dump()));
    }
  }
  if (!same_shapes(state.parameters, state.first_moments) ||
      !same_shapes(state.parameters, state.second_moments)) {
    refuse("its parameters and Adam's moments do not match");
  }
  return checkpoint;
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
