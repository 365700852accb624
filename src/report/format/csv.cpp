#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/escape.h"
#include "base/number.h"
#include "report/format/formats.h"
#include "report/format/run_columns.h"

namespace mnist_bench {
namespace {

constexpr auto kNone = std::string::npos;

/// Whether a spreadsheet would compute with a cell of `text` instead of showing it.
bool is_formula(const std::string& text) {
  if (text.empty() || std::string_view("=+-@\t").find(text.front()) == kNone) return false;
  return !number_in(text);
}

/// Empty for null.
std::string cell_of(const nlohmann::ordered_json& value) {
  if (value.is_string()) return csv_escaped(value.get<std::string>());
  return value.is_null() ? "" : value.dump();
}

std::string line_of(const RunRow& row) {
  std::string line;
  for (const RunColumn& column : run_columns()) {
    if (!line.empty()) line += ",";
    line += cell_of(column.value(row));
  }
  return line + "\n";
}

}  // namespace

std::string csv_escaped(const std::string& text) {
  const std::string shown = printable(text);
  const bool formula = is_formula(shown);
  if (!formula && shown.find_first_of(",\"\n") == kNone) return shown;
  std::string quoted = formula ? "\"'" : "\"";
  for (const char c : shown) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string csv_report(const Report& report) {
  std::string text;
  for (const RunColumn& column : run_columns()) text += (text.empty() ? "" : ",") + column.name;
  text += "\n";
  for (const RunGroup& group : report.groups) {
    for (const RunRow& row : run_rows(group)) text += line_of(row);
  }
  return text;
}

std::string sections_csv(const Report& report) {
  std::string text = "pointer,value\n";
  for (const Section& section : report.sections) {
    if (section.data.is_null()) continue;
    const nlohmann::ordered_json numbers = section.data.flatten();
    for (const auto& [pointer, value] : numbers.items()) {
      text += fmt::format("{},{}\n", csv_escaped("/" + section.id + pointer), cell_of(value));
    }
  }
  return text;
}

}  // namespace mnist_bench
