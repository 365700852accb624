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
#include "record/result_json.h"
#include "record/seal.h"

namespace mnist_bench {
namespace {

/// 100,000 epochs, the most that a config can ask for, take 49 MiB.
constexpr std::size_t kLargestResult = std::size_t{64} << 20U;
constexpr std::int64_t kMostImages = std::numeric_limits<std::uint32_t>::max();

/// Of a value that is null where it was not finite.
double or_nan(const JsonValue& value, double (JsonValue::*getter)() const) {
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : (value.*getter)();
}

RunStatus status_from(const JsonValue& json) {
  for (const RunStatus status :
       {RunStatus::completed, RunStatus::diverged, RunStatus::interrupted, RunStatus::failed}) {
    if (to_string(status) == json.text()) return status;
  }
  json.refuse("completed, diverged, interrupted or failed");
}

std::vector<std::int64_t> optional_counts(const JsonValue& object, const char* member) {
  return object.optional(member, &JsonValue::counts).value_or(std::vector<std::int64_t>{});
}

Provenance provenance_from(const JsonValue& json) {
  const auto text = [&](const char* member) { return json.at(member).text(); };
  const auto optional_text = [&](const char* m) { return json.optional(m, &JsonValue::text); };
  return {.version = text("version"),
          .git_revision = optional_text("git_revision"),
          .git_dirty = json.optional("git_dirty", &JsonValue::boolean),
          .build_type = text("build_type"),
          .compiler = text("compiler"),
          .libtorch = text("libtorch"),
          .device = text("device"),
          .device_name = text("device_name"),
          .cpu = text("cpu"),
          .simd = optional_text("simd").value_or(""),
          .threads = json.at("threads").count(),
          .jobs = json.optional("jobs", &JsonValue::count).value_or(1),
          .allocator = text("allocator"),
          .started_at = text("started_at"),
          .command = text("command"),
          .resumed_after = optional_counts(json, "resumed_after"),
          .cuda = optional_text("cuda"),
          .cudnn = optional_text("cudnn"),
          .driver = optional_text("driver"),
          .tf32 = json.optional("tf32", &JsonValue::boolean),
          .mkl_cbwr = optional_text("mkl_cbwr"),
          .omp_wait_policy = optional_text("omp_wait_policy"),
          .gomp_spincount = optional_text("gomp_spincount")};
}

ExperimentConfig config_from(const JsonValue& json) {
  try {
    return parse_experiment(json.json().dump(), json.path());
  } catch (const Error& error) {
    throw Error(ExitCode::io, error.what());
  }
}

SplitSummary split_from(const JsonValue& json) {
  return {.samples = json.at("samples").count(),
          .sha256 = json.at("sha256").hash(),
          .class_counts = json.at("class_counts").counts()};
}

DataSummary data_from(const JsonValue& json) {
  DataSummary data{.dataset = json.at("dataset").text(),
                   .train = split_from(json.at("train")),
                   .test = split_from(json.at("test")),
                   .mean = json.at("normalization").at("mean").number(),
                   .std = json.at("normalization").at("std").number()};
  if (const auto files = json.find("files")) {
    for (const JsonValue& file : files->items()) {
      data.files.push_back({.role = file.at("role").text(),
                            .path = file.at("path").text(),
                            .sha256 = file.at("sha256").hash()});
    }
  }
  return data;
}

ModelSummary model_from(const JsonValue& json) {
  ModelSummary model{.type = json.at("type").text(),
                     .parameters = json.at("parameters").count(),
                     .macs = json.at("macs").count(),
                     .layers = {}};
  for (const JsonValue& layer : json.at("layers").items()) {
    model.layers.push_back({.name = layer.at("name").text(),
                            .type = layer.at("type").text(),
                            .output_shape = layer.at("output_shape").counts(),
                            .parameters = layer.at("parameters").count(),
                            .macs = layer.at("macs").count()});
  }
  if (const auto shape = json.find("input_shape")) model.input_shape = shape->counts();
  return model;
}

/// Only the counts are read: all metrics follow from them.
TestRecord test_from(const JsonValue& json) {
  TestRecord test;
  test.loss = or_nan(json.at("loss"), &JsonValue::amount);
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

TimingRecord timing_from(const JsonValue& json) {
  return {.load_seconds = json.at("load_seconds").amount(),
          .train_seconds = json.at("train_seconds").amount(),
          .evaluate_seconds = json.at("evaluate_seconds").amount(),
          .total_seconds = json.at("total_seconds").amount(),
          .peak_rss_bytes = json.at("peak_rss_bytes").count(),
          .peak_device_bytes = json.optional("peak_device_bytes", &JsonValue::count)};
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
  if (const auto value = json.find("provenance")) result.provenance = provenance_from(*value);
  if (const auto value = json.find("data")) result.data = data_from(*value);
  if (const auto value = json.find("model")) result.model = model_from(*value);
  for (const JsonValue& epoch : json.at("epochs").items()) {
    result.epochs.push_back(epoch_from_json(epoch));
  }
  if (const auto value = json.find("test")) result.test = test_from(*value);
  result.timing = timing_from(json.at("timing"));
  result.parameters_sha256 = json.optional("parameters_sha256", &JsonValue::hash);
  result.predictions_sha256 = json.optional("predictions_sha256", &JsonValue::hash);
  return result;
}

}  // namespace

EpochRecord epoch_from_json(const JsonValue& json) {
  const JsonValue test = json.at("test");
  const auto or_null = [](const JsonValue& value) { return or_nan(value, &JsonValue::amount); };
  return {.epoch = json.at("epoch").count(),
          .engine = json.optional("engine", &JsonValue::text)
                        .value_or(std::string(to_string(Engine::libtorch))),
          .device = json.optional("device", &JsonValue::text).value_or(""),
          .train_loss = json.at("train_loss").amount(),
          .train_accuracy = json.at("train_accuracy").share(),
          .train_seconds = json.at("train_seconds").amount(),
          .evaluate_seconds = json.at("evaluate_seconds").amount(),
          .images_per_second = or_null(json.at("images_per_second")),
          .test_loss = or_null(test.at("loss")),
          .test_accuracy = test.at("accuracy").share(),
          .test_macro_f1 = test.at("macro_f1").share()};
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
