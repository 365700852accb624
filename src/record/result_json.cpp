#include "record/result_json.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "record/record_fields.h"
#include "record/seal.h"

namespace mnist_bench {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

Json to_json(const Provenance& provenance) { return write_fields(provenance_fields(), provenance); }

Json to_json(const EpochRecord& epoch) { return write_fields(epoch_fields(), epoch); }

Json to_json(const LayerSummary& layer) { return write_fields(layer_fields(), layer); }

Json to_json(const ModelSummary& model) { return write_fields(model_fields(), model); }

Json to_json(const RunResult& result) { return write_fields(result_fields(), result); }

Json to_json_without_epochs(const RunResult& result) {
  Json json = Json::object();
  for (const Field<RunResult>& field : result_fields()) {
    if (field.is_left_out && field.is_left_out(result)) continue;
    json[field.name] = field.name == "epochs" ? Json::array() : field.write(result);
  }
  return json;
}

std::string result_text(const RunResult& result) { return sealed_json(to_json(result)); }

std::string predictions_csv(const std::vector<Prediction>& predictions) {
  const bool has_second = predictions.empty() || predictions.front().second;
  std::string text(has_second ? kPredictionColumns : kFirstPredictionColumns);
  text += '\n';
  for (const Prediction& p : predictions) {
    fmt::format_to(std::back_inserter(text), "{},{},{},{}", p.index, p.truth, p.predicted,
                   p.probability);
    if (p.second) {
      fmt::format_to(std::back_inserter(text), ",{},{}", p.second->label, p.second->probability);
    }
    text += '\n';
  }
  return text;
}

}  // namespace mnist_bench
