#include "record/read_result.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "config/read.h"
#include "record/check_result.h"
#include "record/contradiction.h"
#include "record/json_value.h"
#include "record/record_fields.h"
#include "record/result_json.h"
#include "record/seal.h"

namespace mnist_bench {
namespace {

/// 100,000 epochs, the most that a config can ask for, take 49 MiB.
constexpr std::size_t kLargestResult = std::size_t{64} << 20U;
constexpr std::int64_t kMostImages = std::numeric_limits<std::uint32_t>::max();

RunStatus status_from(const JsonValue& json) {
  for (const RunStatus status :
       {RunStatus::completed, RunStatus::diverged, RunStatus::interrupted, RunStatus::failed}) {
    if (to_string(status) == json.text()) return status;
  }
  json.refuse("completed, diverged, interrupted or failed");
}

ExperimentConfig config_from(const JsonValue& json) {
  try {
    return parse_experiment(json.json().dump(), json.path());
  } catch (const Error& error) {
    throw Error(ExitCode::io, error.what());
  }
}

/// Only the counts are read: all metrics follow from them.
TestRecord test_from(const JsonValue& json) {
  TestRecord test;
  const JsonValue loss = json.at("loss");
  test.loss = loss.is_null() ? std::numeric_limits<double>::quiet_NaN() : loss.amount();
  const JsonValue counts = json.at("confusion_matrix").at("counts");
  for (const JsonValue& row : counts.items()) test.confusion.push_back(row.counts());
  std::int64_t total = 0;
  for (const auto& row : test.confusion) {
    if (row.size() != test.confusion.size()) {
      throw Error(ExitCode::io, "the confusion matrix is not square");
    }
    for (const std::int64_t count : row) {
      total += std::min(count, kMostImages + 1);
      if (total > kMostImages) {
        throw Error(ExitCode::io, "the confusion matrix has more images than an IDX file can hold");
      }
    }
  }
  test.metrics = classification_metrics(test.confusion);
  return test;
}

/// Throws unless the SHA-256 that is the last member is that of `bytes`.
void require_seal(std::string_view bytes, const JsonValue& sha256) {
  if (!is_sealed(bytes, bytes.rfind(sha256.hash()))) {
    throw Error(ExitCode::io, "its bytes do not match its sha256");
  }
}

RunResult result_from(const JsonValue& json) {
  RunResult result;
  result.status = status_from(json.at("status"));
  result.error = json.optional("error", &JsonValue::text);
  result.config = config_from(json.at("config"));
  if (const auto value = json.find("provenance")) {
    result.provenance = read_fields(provenance_fields(), *value);
  }
  if (const auto value = json.find("data")) result.data = read_fields(data_fields(), *value);
  if (const auto value = json.find("model")) result.model = read_fields(model_fields(), *value);
  for (const JsonValue& epoch : json.at("epochs").items()) {
    result.epochs.push_back(epoch_from_json(epoch));
  }
  if (const auto value = json.find("test")) result.test = test_from(*value);
  result.timing = read_fields(timing_fields(), json.at("timing"));
  result.parameters_sha256 = json.optional("parameters_sha256", &JsonValue::hash);
  result.predictions_sha256 = json.optional("predictions_sha256", &JsonValue::hash);
  return result;
}

}  // namespace

EpochRecord epoch_from_json(const JsonValue& json) {
  // Before there were two engines, epochs did not name theirs.
  return read_fields(epoch_fields(), json, {.engine = std::string(to_string(Engine::libtorch))});
}

RunResult parse_result(std::string_view bytes) {
  const nlohmann::json document = parse_record_json(bytes);
  const JsonValue json(document);
  const JsonValue schema = json.at("schema");
  const bool first = schema.text() == kFirstResultSchema;
  if (!first && schema.text() != kResultSchema) {
    schema.refuse(fmt::format("\"{}\" or \"{}\"", kResultSchema, kFirstResultSchema));
  }
  // So that no changed byte of "schema" can do without it.
  if (first && json.find("sha256")) {
    contradict("schema", fmt::format("\"{}\"", kFirstResultSchema), "it has a sha256");
  }
  if (!first) require_seal(bytes, json.at("sha256"));
  RunResult result = result_from(json);
  check_result(result, json);
  return result;
}

RunResult read_result(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "result.json";
  const std::string bytes = read_file(file, kLargestResult, ExitCode::io);
  try {
    return parse_result(bytes);
  } catch (const Error& error) {
    throw Error(
        ExitCode::io,
        fmt::format("{} is not a usable result of mnist-bench: {}", file.string(), error.what()),
        "move it away; if the folder is that of a run, --force runs it again");
  }
}

}  // namespace mnist_bench
