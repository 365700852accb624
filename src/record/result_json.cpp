#include "record/result_json.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "config/write.h"
#include "record/devices.h"
#include "record/seal.h"

namespace mnist_bench {
namespace {

using Json = nlohmann::ordered_json;

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

template <typename Value>
Json optional(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json number(const std::optional<double>& value) { return value ? number(*value) : Json(nullptr); }

Json to_json(const Provenance& p) {
  return {{"version", p.version},
          {"git_revision", optional(p.git_revision)},
          {"git_dirty", optional(p.git_dirty)},
          {"build_type", p.build_type},
          {"compiler", p.compiler},
          {"libtorch", p.libtorch},
          {"device", p.device},
          {"device_name", p.device_name},
          {"cpu", p.cpu},
          {"simd", p.simd},
          {"threads", p.threads},
          {"jobs", p.jobs},
          {"allocator", p.allocator},
          {"started_at", p.started_at},
          {"command", p.command},
          {"resumed_after", p.resumed_after},
          {"cuda", optional(p.cuda)},
          {"cudnn", optional(p.cudnn)},
          {"driver", optional(p.driver)},
          {"tf32", optional(p.tf32)},
          {"mkl_cbwr", optional(p.mkl_cbwr)},
          {"omp_wait_policy", optional(p.omp_wait_policy)},
          {"gomp_spincount", optional(p.gomp_spincount)}};
}

Json to_json(const SplitSummary& split) {
  return {
      {"samples", split.samples}, {"sha256", split.sha256}, {"class_counts", split.class_counts}};
}

Json to_json(const DataSummary& data) {
  Json files = Json::array();
  for (const DataFile& file : data.files) {
    files.push_back({{"role", file.role}, {"path", file.path}, {"sha256", file.sha256}});
  }
  return {{"dataset", data.dataset},
          {"train", to_json(data.train)},
          {"test", to_json(data.test)},
          {"normalization", {{"mean", data.mean}, {"std", data.std}}},
          {"files", files}};
}

Json to_json(const TestRecord& test) {
  const ClassificationMetrics& metrics = test.metrics;
  Json per_class = Json::array();
  for (std::size_t k = 0; k < metrics.per_class.size(); ++k) {
    const ClassMetrics& of_class = metrics.per_class[k];
    per_class.push_back({{"class", k},
                         {"precision", number(of_class.precision)},
                         {"recall", number(of_class.recall)},
                         {"f1", number(of_class.f1)},
                         {"support", of_class.support}});
  }
  Json interval = nullptr;
  if (metrics.accuracy_ci95) {
    interval = Json::array({metrics.accuracy_ci95->low, metrics.accuracy_ci95->high});
  }
  return {{"samples", metrics.samples},
          {"loss", number(test.loss)},
          {"accuracy", number(metrics.accuracy)},
          {"accuracy_ci95", interval},
          {"macro",
           {{"precision", number(metrics.macro.precision)},
            {"recall", number(metrics.macro.recall)},
            {"f1", number(metrics.macro.f1)},
            {"classes", metrics.macro.classes}}},
          {"per_class", per_class},
          {"undefined", metrics.undefined},
          {"confusion_matrix",
           {{"axes", Json::array({"true", "predicted"})}, {"counts", test.confusion}}}};
}

Json to_json(const TimingRecord& timing, const std::vector<EpochRecord>& epochs) {
  const Spread spread = seconds_per_epoch(epochs);
  return {{"load_seconds", timing.load_seconds},
          {"train_seconds", timing.train_seconds},
          {"evaluate_seconds", timing.evaluate_seconds},
          {"total_seconds", timing.total_seconds},
          {"peak_rss_bytes", timing.peak_rss_bytes},
          {"peak_device_bytes", optional(timing.peak_device_bytes)},
          {"seconds_per_epoch",
           {{"mean", number(spread.mean)}, {"sd", number(spread.sd)}, {"n", spread.n}}}};
}

}  // namespace

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

Json to_json(const EpochRecord& epoch) {
  Json json = {{"epoch", epoch.epoch}, {"engine", epoch.engine}};
  if (!epoch.device.empty()) json["device"] = epoch.device;
  json["train_loss"] = number(epoch.train_loss);
  json["train_accuracy"] = number(epoch.train_accuracy);
  json["train_seconds"] = epoch.train_seconds;
  json["evaluate_seconds"] = epoch.evaluate_seconds;
  json["images_per_second"] = number(epoch.images_per_second);
  json["test"] = {{"loss", number(epoch.test_loss)},
                  {"accuracy", number(epoch.test_accuracy)},
                  {"macro_f1", number(epoch.test_macro_f1)}};
  return json;
}

Json to_json(const LayerSummary& layer) {
  return {{"name", layer.name},
          {"type", layer.type},
          {"output_shape", layer.output_shape},
          {"parameters", layer.parameters},
          {"macs", layer.macs}};
}

Json to_json(const ModelSummary& model) {
  Json layers = Json::array();
  for (const LayerSummary& layer : model.layers) layers.push_back(to_json(layer));
  Json json = {{"type", model.type},
               {"parameters", model.parameters},
               {"macs", model.macs},
               {"layers", layers}};
  if (!model.input_shape.empty()) json["input_shape"] = model.input_shape;
  return json;
}

Json to_json(const RunResult& result) {
  Json json = to_json_without_epochs(result);
  Json& epochs = json["epochs"];
  for (const EpochRecord& epoch : result.epochs) epochs.push_back(to_json(epoch));
  return json;
}

Json to_json_without_epochs(const RunResult& result) {
  return {{"schema", kResultSchema},
          {"status", to_string(result.status)},
          {"error", optional(result.error)},
          {"config", to_json(result.config)},
          {"config_hash", config_hash(result.config)},
          {"provenance", result.provenance ? to_json(*result.provenance) : Json(nullptr)},
          {"data", result.data ? to_json(*result.data) : Json(nullptr)},
          {"model", result.model ? to_json(*result.model) : Json(nullptr)},
          {"epochs", Json::array()},
          {"test", result.test ? to_json(*result.test) : Json(nullptr)},
          {"timing", to_json(result.timing, result.epochs)},
          {"parameters_sha256", optional(result.parameters_sha256)},
          {"predictions_sha256", optional(result.predictions_sha256)}};
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
