#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <limits>

#include "base/error.h"
#include "config/read.h"
#include "config/write.h"
#include "evaluate/interval_json.h"
#include "record/devices.h"
#include "record/read_result.h"
#include "record/record_fields.h"
#include "record/result_json.h"

namespace mnist_bench {
namespace {

using J = JsonValue;
using Json = nlohmann::ordered_json;

constexpr std::int64_t kMostImages = std::numeric_limits<std::uint32_t>::max();

RunStatus status_from(const JsonValue& json) {
  if (const auto status = enum_value(kRunStatuses, json.text())) return *status;
  json.refuse(fmt::format("one of {}", fmt::join(enum_names(kRunStatuses), ", ")));
}

ExperimentConfig config_from(const JsonValue& json) {
  try {
    return parse_experiment(json.json().dump(), json.path());
  } catch (const Error& error) {
    throw Error(ExitCode::io, error.what());
  }
}

ConfusionMatrix confusion_from(const JsonValue& counts) {
  ConfusionMatrix confusion;
  for (const JsonValue& row : counts.items()) confusion.push_back(row.counts());
  std::int64_t total = 0;
  for (const auto& row : confusion) {
    if (row.size() != confusion.size()) {
      throw Error(ExitCode::io, "the confusion matrix is not square");
    }
    for (const std::int64_t count : row) {
      total += std::min(count, kMostImages + 1);
      if (total > kMostImages) {
        throw Error(ExitCode::io, "the confusion matrix has more images than an IDX file can hold");
      }
    }
  }
  return confusion;
}

Json interval_of(const TestRecord& test) { return interval_json(test.metrics.accuracy_ci95); }

Json macro_of(const TestRecord& test) {
  const MacroMetrics& macro = test.metrics.macro;
  return {{"precision", json_of(macro.precision)},
          {"recall", json_of(macro.recall)},
          {"f1", json_of(macro.f1)},
          {"classes", macro.classes}};
}

Json per_class_of(const TestRecord& test) {
  Json per_class = Json::array();
  for (std::size_t k = 0; k < test.metrics.per_class.size(); ++k) {
    const ClassMetrics& of_class = test.metrics.per_class[k];
    per_class.push_back({{"class", k},
                         {"precision", json_of(of_class.precision)},
                         {"recall", json_of(of_class.recall)},
                         {"f1", json_of(of_class.f1)},
                         {"support", of_class.support}});
  }
  return per_class;
}

/// The matrix, and the metrics that are computed from it.
Field<TestRecord> confusion_field() {
  return {.name = "confusion_matrix",
          .write = [](const TestRecord& test) -> Json {
            return {{"axes", Json::array({"true", "predicted"})}, {"counts", test.confusion}};
          },
          .read =
              [](TestRecord& test, const JsonValue& json) {
                test.confusion = confusion_from(json.at("confusion_matrix").at("counts"));
                test.metrics = classification_metrics(test.confusion);
              },
          .members = 2};
}

/// Left out where it is absent, as records of 0.1.0 do.
Field<TestRecord> calibration_field() {
  Field<TestRecord> field = object("calibration", &TestRecord::calibration, calibration_fields());
  field.is_left_out = [](const TestRecord& test) { return !test.calibration; };
  return field;
}

Field<RunResult> status_field() {
  return {.name = "status",
          .write = [](const RunResult& result) { return Json(to_string(result.status)); },
          .read = [](RunResult& result,
                     const JsonValue& json) { result.status = status_from(json.at("status")); },
          .meaning = "completed, diverged, interrupted or failed"};
}

Field<RunResult> config_field() {
  return {.name = "config",
          .write = [](const RunResult& result) { return to_json(result.config); },
          .read = [](RunResult& result,
                     const JsonValue& json) { result.config = config_from(json.at("config")); }};
}

Field<RunResult> epochs_field() {
  Field<RunResult> epochs = list_of("epochs", &RunResult::epochs, epoch_fields());
  epochs.read = [](RunResult& result, const JsonValue& json) {
    for (const JsonValue& epoch : json.at("epochs").items()) {
      result.epochs.push_back(epoch_from_json(epoch));
    }
  };
  return epochs;
}

Json timing_of(const RunResult& result) {
  const SampleSummary summary = seconds_per_epoch(result);
  Json json = write_fields(timing_fields(), result.timing);
  json["seconds_per_epoch"] = {
      {"mean", json_of(summary.mean)}, {"sd", json_of(summary.sd)}, {"n", summary.n}};
  return json;
}

Field<RunResult> timing_field() {
  Field<RunResult> timing = object("timing", &RunResult::timing, timing_fields());
  timing.write = timing_of;
  return timing;
}

}  // namespace

const Fields<TestRecord>& test_fields() {
  using T = TestRecord;
  static const Fields<T> fields = {
      derived<T>("samples", [](const T& test) { return Json(test.metrics.samples); }),
      finite_or_null("loss", &T::loss, &J::amount),
      derived<T>("accuracy", [](const T& test) { return json_of(test.metrics.accuracy); }),
      derived<T>("accuracy_ci95", interval_of),
      derived<T>("macro", macro_of),
      derived<T>("per_class", per_class_of),
      derived<T>("undefined", [](const T& test) { return Json(test.metrics.undefined); }),
      confusion_field(),
      calibration_field(),
  };
  return fields;
}

const Fields<RunResult>& result_fields() {
  using R = RunResult;
  static const Fields<R> fields = {
      derived<R>("schema", [](const R& /*result*/) { return Json(kResultSchema); }),
      status_field(),
      field("error", &R::error, &J::text, "why a run did not complete"),
      config_field(),
      derived<R>("config_hash", [](const R& result) { return Json(config_hash(result.config)); }),
      object("provenance", &R::provenance, provenance_fields()),
      object("data", &R::data, data_fields()),
      object("model", &R::model, model_fields()),
      unless_empty(list_of("preactivations", &R::preactivations, preactivation_fields()),
                   &R::preactivations),
      epochs_field(),
      object("test", &R::test, test_fields()),
      unless_absent(object("validation", &R::validation, test_fields()), &R::validation),
      timing_field(),
      field("parameters_sha256", &R::parameters_sha256, &J::hash, "of the final parameters"),
      field("predictions_sha256", &R::predictions_sha256, &J::hash),
      unless_absent(field("probabilities_sha256", &R::probabilities_sha256, &J::hash),
                    &R::probabilities_sha256),
  };
  return fields;
}

}  // namespace mnist_bench
