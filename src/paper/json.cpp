#include <nlohmann/json.hpp>

#include "base/json_of.h"
#include "evaluate/interval_json.h"
#include "paper/check.h"
#include "report/sample_summary_json.h"

namespace mnist_bench {
namespace {

using Json = nlohmann::ordered_json;

Json json_of_layers(const std::vector<PaperLayer>& layers) {
  Json list = Json::array();
  for (const PaperLayer& layer : layers) {
    list.push_back({{"layer", layer.layer},
                    {"index", layer.index},
                    {"paper", json_of(layer.printed)},
                    {"our_layer", layer.ours_layer},
                    {"ours", json_of(layer.ours)},
                    {"verdict", to_string(layer.verdict)}});
  }
  return list;
}

}  // namespace

Json paper_json(const PaperCheck& check) {
  Json cells = Json::array();
  for (const PaperCell& cell : check.cells) {
    cells.push_back({{"metric", cell.metric->key},
                     {"model", cell.model},
                     {"unit", cell.metric->title_with_unit()},
                     {"paper", cell.printed},
                     {"paper_sd", json_of(cell.printed_sd)},
                     {"ours", to_json(cell.ours)},
                     {"difference", json_of(cell.difference)},
                     {"range_of_a_run", interval_json(cell.next_run)},
                     {"sd_over_classes", json_of(cell.sd_over_classes)},
                     {"verdict", to_string(cell.verdict)}});
  }
  Json claims = Json::array();
  for (const PaperClaim& claim : check.claims) {
    claims.push_back({{"place", claim.place},
                      {"claim", claim.claim},
                      {"verdict", to_string(claim.verdict)},
                      {"basis", to_string(claim.basis)},
                      {"experiment", claim.experiment},
                      {"findings", claim.findings}});
  }
  return {{"notes", check.notes},
          {"sources", check.sources},
          {"table1", json_of_layers(check.table1)},
          {"table2", json_of_layers(check.table2)},
          {"cells", std::move(cells)},
          {"claims", std::move(claims)}};
}

}  // namespace mnist_bench
