#include <nlohmann/json.hpp>

#include "report/formats.h"
#include "report/run_columns.h"

namespace mnist_bench {
namespace {

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
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
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
