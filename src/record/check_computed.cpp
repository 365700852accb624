#include "record/check_computed.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/error.h"
#include "config/strict_json.h"
#include "record/contradiction.h"
#include "record/result_json.h"

namespace mnist_bench {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

bool same_number(const json& said, const json& computed) {
  if (said.is_number_float() || computed.is_number_float()) {
    return nearly(said.get<double>(), computed.get<double>());
  }
  return said == computed;
}

/// Members that records of 0.1.0, or of versions before it, lack.
constexpr std::array<std::string_view, 14> kYounger = {"cuda",           "cudnn",
                                                       "driver",         "tf32",
                                                       "mkl_cbwr",       "omp_wait_policy",
                                                       "gomp_spincount", "files",
                                                       "jobs",           "simd",
                                                       "resumed_after",  "engine",
                                                       "classes",        "peak_device_bytes"};

/// Throws unless every member of `computed` is the same in `said`; those that are younger than the
/// first schema may lack in a `first` record.
void require_same(const std::string& path, const json& said, const json& computed, bool first) {
  const auto differ = [&] {
    contradict(path, excerpt(said),
               fmt::format("the rest of the record gives {}", excerpt(computed)));
  };
  if (computed.is_object()) {
    if (!said.is_object()) differ();
    for (const auto& [name, value] : computed.items()) {
      const auto found = said.find(name);
      const std::string member = path.empty() ? name : fmt::format("{}.{}", path, name);
      if (found == said.end()) {
        if (first && std::find(kYounger.begin(), kYounger.end(), name) != kYounger.end()) continue;
        throw Error(ExitCode::io, fmt::format("it has no {}", member));
      }
      require_same(member, *found, value, first);
    }
  } else if (computed.is_array()) {
    if (!said.is_array() || said.size() != computed.size()) differ();
    for (std::size_t i = 0; i < computed.size(); ++i) {
      require_same(fmt::format("{}[{}]", path, i), said[i], computed[i], first);
    }
  } else if (said.is_number() && computed.is_number() ? !same_number(said, computed)
                                                      : said != computed) {
    differ();
  }
}

/// Whether each class occurs in truth or predictions.
bool all_classes_occur(const ConfusionMatrix& counts) {
  for (std::size_t k = 0; k < counts.size(); ++k) {
    bool occurs = false;
    for (std::size_t other = 0; other < counts.size(); ++other) {
      occurs = occurs || counts[k][other] > 0 || counts[other][k] > 0;
    }
    if (!occurs) return false;
  }
  return true;
}

/// Lets a record of 0.1.0 state macro averages over all classes, and notes it.
void accept_first_macro(RunResult& result, const JsonValue& record, ordered_json& computed) {
  if (!result.test || all_classes_occur(result.test->confusion)) return;
  const JsonValue said = record.at("test").at("macro");
  const MacroMetrics first = macro_over_all_classes(result.test->metrics);
  const MacroMetrics& now = result.test->metrics.macro;
  if (nearly(now.f1, first.f1) || !nearly(said.at("f1").number(), first.f1)) return;
  computed["test"]["macro"] = {
      {"precision", first.precision}, {"recall", first.recall}, {"f1", first.f1}};
  result.notes.emplace_back(
      "macro averages computed anew over the classes that occur; the record of version 0.1.0 "
      "counts the others as 0");
}

}  // namespace

void check_computed(RunResult& result, const JsonValue& record) {
  ordered_json computed = to_json(result);
  computed.erase("schema");
  computed.erase("config");  // read with its own rules; its hash is compared
  const bool first = record.at("schema").text() == kFirstResultSchema;
  if (first) accept_first_macro(result, record, computed);
  require_same("", record.json(), computed, first);
}

}  // namespace mnist_bench
