#include "record/result_json.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/json_of.h"
#include "config/write.h"
#include "record/devices.h"
#include "record/record_fields.h"
#include "record/seal.h"

namespace mnist_bench {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const TestRecord& test) {
  const ClassificationMetrics& metrics = test.metrics;
  Json per_class = Json::array();
  for (std::size_t k = 0; k < metrics.per_class.size(); ++k) {
    const ClassMetrics& of_class = metrics.per_class[k];
    per_class.push_back({{"class", k},
                         {"precision", json_of(of_class.precision)},
                         {"recall", json_of(of_class.recall)},
                         {"f1", json_of(of_class.f1)},
                         {"support", of_class.support}});
  }
  Json interval = nullptr;
  if (metrics.accuracy_ci95) {
    interval = Json::array({metrics.accuracy_ci95->low, metrics.accuracy_ci95->high});
  }
  return {{"samples", metrics.samples},
          {"loss", json_of(test.loss)},
          {"accuracy", json_of(metrics.accuracy)},
          {"accuracy_ci95", interval},
          {"macro",
           {{"precision", json_of(metrics.macro.precision)},
            {"recall", json_of(metrics.macro.recall)},
            {"f1", json_of(metrics.macro.f1)},
            {"classes", metrics.macro.classes}}},
          {"per_class", per_class},
          {"undefined", metrics.undefined},
          {"confusion_matrix",
           {{"axes", Json::array({"true", "predicted"})}, {"counts", test.confusion}}}};
}

Json to_json(const TimingRecord& timing, const std::vector<EpochRecord>& epochs) {
  const SampleSummary summary = seconds_per_epoch(epochs);
  Json json = write_fields(timing_fields(), timing);
  json["seconds_per_epoch"] = {
      {"mean", json_of(summary.mean)}, {"sd", json_of(summary.sd)}, {"n", summary.n}};
  return json;
}

}  // namespace

Json to_json(const Provenance& provenance) { return write_fields(provenance_fields(), provenance); }

std::string_view to_string(RunStatus status) {
  switch (status) {
    case RunStatus::completed:
      return "completed";
    case RunStatus::diverged:
      return "diverged";
    case RunStatus::interrupted:
      return "interrupted";
    case RunStatus::failed:
      return "failed";
  }
  return "failed";
}

Json to_json(const EpochRecord& epoch) { return write_fields(epoch_fields(), epoch); }

Json to_json(const LayerSummary& layer) { return write_fields(layer_fields(), layer); }

Json to_json(const ModelSummary& model) { return write_fields(model_fields(), model); }

Json to_json(const RunResult& result) {
  Json json = to_json_without_epochs(result);
  Json& epochs = json["epochs"];
  for (const EpochRecord& epoch : result.epochs) epochs.push_back(to_json(epoch));
  return json;
}

Json to_json_without_epochs(const RunResult& result) {
  return {{"schema", kResultSchema},
          {"status", to_string(result.status)},
          {"error", json_of(result.error)},
          {"config", to_json(result.config)},
          {"config_hash", config_hash(result.config)},
          {"provenance", result.provenance ? to_json(*result.provenance) : Json(nullptr)},
          {"data", result.data ? write_fields(data_fields(), *result.data) : Json(nullptr)},
          {"model", result.model ? to_json(*result.model) : Json(nullptr)},
          {"epochs", Json::array()},
          {"test", result.test ? to_json(*result.test) : Json(nullptr)},
          {"timing", to_json(result.timing, result.epochs)},
          {"parameters_sha256", json_of(result.parameters_sha256)},
          {"predictions_sha256", json_of(result.predictions_sha256)}};
}

std::string result_text(const RunResult& result) {
  Json json = to_json(result);
  json["sha256"] = kNoHash;
  // A command line may hold bytes that are not UTF-8; no run is lost for that.
  std::string text = json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  const std::size_t position = text.rfind(kNoHash);
  return sealed(std::move(text), position);
}

std::string predictions_csv(const std::vector<Prediction>& predictions) {
  std::string text = "index,true,predicted,probability\n";
  for (const Prediction& p : predictions) {
    fmt::format_to(std::back_inserter(text), "{},{},{},{}\n", p.index, p.truth, p.predicted,
                   p.probability);
  }
  return text;
}

}  // namespace mnist_bench
