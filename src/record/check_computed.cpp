#include "record/check_computed.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/error.h"
#include "base/strict_json.h"
#include "record/check_calibration.h"
#include "record/contradiction.h"
#include "record/result_json.h"

namespace mnist_bench {
namespace {

using nlohmann::ordered_json;

/// The path to a value. Its text is made only for messages: nearly all values are right.
struct JsonPath {
  const JsonPath* parent = nullptr;
  std::string_view member = {};
  std::size_t index = 0;  ///< without a member

  [[nodiscard]] std::string text() const {
    if (parent == nullptr) return {};
    const std::string before = parent->text();
    if (member.empty()) return fmt::format("{}[{}]", before, index);
    return before.empty() ? std::string(member) : fmt::format("{}.{}", before, member);
  }
};

/// Whether two values without parts agree. Integers are counts: one below 0 equals none of them.
bool is_same(const nlohmann::json& said, const ordered_json& computed) {
  if (said.is_number() && computed.is_number()) {
    if (said.is_number_float() || computed.is_number_float()) {
      return nearly(said.get<double>(), computed.get<double>());
    }
    return said.get<std::uint64_t>() == computed.get<std::uint64_t>();
  }
  if (said.type() != computed.type()) return false;
  if (said.is_string()) {
    return said.get_ref<const std::string&>() == computed.get_ref<const std::string&>();
  }
  return said.is_null() || (said.is_boolean() && said.get<bool>() == computed.get<bool>());
}

/// Members that records of the first schema never have.
constexpr std::array<std::string_view, 13> kOfSecondSchema = {"cuda",
                                                              "cudnn",
                                                              "driver",
                                                              "tf32",
                                                              "mkl_cbwr",
                                                              "omp_wait_policy",
                                                              "gomp_spincount",
                                                              "files",
                                                              "classes",
                                                              "peak_device_bytes",
                                                              "predictions_sha256",
                                                              "probabilities_sha256",
                                                              "calibration"};

/// Members that records of the first schema may have; versions before 0.1.0 did not write them.
constexpr std::array<std::string_view, 4> kOfVersion010 = {"jobs", "simd", "resumed_after",
                                                           "engine"};

template <std::size_t size>
bool is_among(std::string_view name, const std::array<std::string_view, size>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Throws unless every member of `computed` is the same in `said`; a `first` record must lack those
/// of the second schema.
void require_same(const JsonPath& path, const nlohmann::json& said, const ordered_json& computed,
                  bool first) {
  const auto differ = [&] {
    contradict(path.text(), excerpt(said),
               fmt::format("the rest of the record gives {}", excerpt(computed)));
  };
  if (computed.is_object()) {
    if (!said.is_object()) differ();
    for (const auto& [name, value] : computed.items()) {
      const JsonPath member{.parent = &path, .member = name};
      const auto found = said.find(name);
      if (first && is_among(name, kOfSecondSchema)) {
        if (found == said.end()) continue;
        contradict("schema", fmt::format("\"{}\"", kFirstResultSchema),
                   fmt::format("only \"{}\" has {}", kResultSchema, member.text()));
      }
      if (found != said.end()) {
        require_same(member, *found, value, first);
      } else if (!first || !is_among(name, kOfVersion010)) {
        throw Error(ExitCode::io, fmt::format("it has no {}", member.text()));
      }
    }
  } else if (computed.is_array()) {
    if (!said.is_array() || said.size() != computed.size()) differ();
    for (std::size_t i = 0; i < computed.size(); ++i) {
      require_same({.parent = &path, .member = {}, .index = i}, said[i], computed[i], first);
    }
  } else if (!is_same(said, computed)) {
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
  ordered_json& macro = computed["test"]["macro"];
  macro["precision"] = first.precision;
  macro["recall"] = first.recall;
  macro["f1"] = first.f1;
  result.notes.emplace_back(
      "macro averages recomputed over the classes that occur; the record of version 0.1.0 "
      "counts the others as 0");
}

/// Notes that epochs of 0.1.0, which name no device, average over other classes than the rest.
void note_first_epochs(RunResult& result) {
  const auto is_first = [](const EpochRecord& epoch) { return epoch.device.empty(); };
  const auto count = std::count_if(result.epochs.begin(), result.epochs.end(), is_first);
  if (count == 0 || !result.data) return;
  const std::vector<std::int64_t>& classes = result.data->test.class_counts;
  if (std::find(classes.begin(), classes.end(), 0) == classes.end()) return;
  result.notes.push_back(fmt::format(
      "macro F1 of the first {} epochs is that of version 0.1.0, which counts classes that occur "
      "nowhere as 0; the later ones leave them out",
      count));
}

}  // namespace

void require_same(const nlohmann::json& said, const ordered_json& computed) {
  require_same({}, said, computed, /*first=*/false);
}

void check_computed(RunResult& result, const JsonValue& record, bool first) {
  for (const std::optional<TestRecord>* of : {&result.test, &result.validation}) {
    if (*of) check_calibration(**of);
  }
  ordered_json computed = to_json_without_epochs(result);
  computed.erase("schema");
  computed.erase("config");  // read with its own rules; its hash is compared
  computed.erase("epochs");  // nothing in them is computed
  if (first) {
    accept_first_macro(result, record, computed);
  } else {
    for (const JsonValue& epoch : record.at("epochs").items()) {
      static_cast<void>(epoch.at("engine"));  // older ones may lack it
    }
    note_first_epochs(result);
  }
  require_same({}, record.json(), computed, first);
}

}  // namespace mnist_bench
