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

std::string line_of(const RunRow& row) {
  std::string line;
  for (const RunColumn& column : run_columns()) {
    const nlohmann::ordered_json value = column.value(row);
    if (!line.empty()) line += ",";
    if (value.is_string()) {
      line += csv_escaped(value.get<std::string>());
    } else if (!value.is_null()) {
      line += value.dump();
    }
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

}  // namespace mnist_bench
