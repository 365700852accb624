#include "record/stored_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "config/read.h"
#include "config/write.h"
#include "record/read_result.h"

namespace mnist_bench {
namespace {

constexpr std::size_t kMostEpochsBytes = std::size_t{64} << 20U;
constexpr std::size_t kMostTensorBytes = std::size_t{8} << 30U;

/// The bytes of a safetensors file, whose header decides whether it is worth the memory.
std::string read_tensors(const std::filesystem::path& file, std::size_t largest_header,
                         std::optional<std::uint64_t> values) {
  const FileStart start = read_start(file, largest_header + sizeof(std::uint64_t), ExitCode::io);
  require_sound_header(start.bytes, start.size, largest_header, values);
  return read_file(file, kMostTensorBytes, ExitCode::io);
}

EpochRecord parse_epoch(std::string_view line) {
  const nlohmann::json document = parse_record_json(line);
  return epoch_from_json(JsonValue(document));
}

}  // namespace

bool is_final(RunStatus status) {
  return status == RunStatus::completed || status == RunStatus::diverged;
}

ExperimentConfig with_engine(ExperimentConfig config, Engine engine) {
  config.training.engine = engine;
  return config;
}

bool is_of(const Checkpoint& checkpoint, const ExperimentConfig& config) {
  const std::string& hash = checkpoint.config_hash;
  return checkpoint.seed == config.seed &&
         std::any_of(kEngines.begin(), kEngines.end(), [&](const EnumName<Engine>& entry) {
           return hash == config_hash(with_engine(config, entry.value));
         });
}

ExperimentConfig read_config(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "config.json";
  return parse_experiment(read_file(file, kMaxConfigBytes, ExitCode::io), file.string());
}

Checkpoint read_checkpoint(const std::filesystem::path& folder,
                           std::optional<std::uint64_t> values) {
  return parse_checkpoint(
      read_tensors(folder / "checkpoint.safetensors", kLargestCheckpointHeader, values));
}

Safetensors read_model(const std::filesystem::path& folder, std::optional<std::uint64_t> values) {
  return parse_safetensors(read_tensors(folder / "model.safetensors", kLargestHeader, values));
}

std::vector<EpochRecord> read_epochs(const std::filesystem::path& folder) {
  const std::string bytes = read_file(folder / "epochs.jsonl", kMostEpochsBytes, ExitCode::io);
  std::vector<EpochRecord> epochs;
  for (std::string_view rest = bytes; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    const auto where = fmt::format("line {}", epochs.size() + 1);
    if (end == std::string_view::npos) {
      throw Error(ExitCode::io, fmt::format("{} is cut short", where));
    }
    try {
      epochs.push_back(parse_epoch(rest.substr(0, end)));
    } catch (const Error& error) {
      throw Error(ExitCode::io, fmt::format("{}: {}", where, error.what()));
    }
    rest.remove_prefix(end + 1);
  }
  return epochs;
}

}  // namespace mnist_bench
