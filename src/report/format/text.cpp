#include "base/text.h"

#include <fmt/format.h>

#include <sstream>

#include "report/format/formats.h"

namespace mnist_bench {
namespace {

constexpr std::size_t kLineWidth = 100;

/// Lines of at most kLineWidth code points: the first after `first`, the others after as many
/// spaces.
std::string wrapped(const std::string& first, const std::string& text) {
  const std::string indent(code_points(first), ' ');
  std::string lines;
  std::string line = first;
  std::istringstream words(text);
  bool empty = true;
  for (std::string word; words >> word;) {
    if (!empty && code_points(line) + 1 + code_points(word) > kLineWidth) {
      lines += line + "\n";
      line = indent;
      empty = true;
    }
    line += (empty ? "" : " ") + word;
    empty = false;
  }
  return lines + line + "\n";
}

std::string wrapped(const std::vector<std::string>& texts) {
  std::string lines;
  for (const std::string& text : texts) lines += wrapped("", text);
  return lines;
}

std::string table_text(const ReportTable& table) {
  return text_table(table.columns, table.header, table.rows);
}

std::string titled_tables(const std::vector<ReportTable>& tables) {
  std::string text;
  for (const ReportTable& table : tables) {
    if (table.pages_only) continue;
    text += "\n" + table.title + "\n";
    if (!table.legend.empty()) text += wrapped("", table.legend);
    text += table_text(table);
  }
  return text;
}

std::string claims_text(const CheckedClaims& checked) {
  if (checked.claims.empty()) return "";
  std::string text = "\n" + checked.title + "\n" + wrapped(checked.notes) + "\n";
  for (std::size_t i = 0; i < checked.claims.size(); ++i) {
    const CheckedClaim& claim = checked.claims[i];
    text += wrapped(fmt::format("{:2}  {:20}  {:10}  ", i + 1, claim.verdict.text, claim.basis),
                    fmt::format("{}: {}", claim.place, claim.claim));
  }
  return text + "\n" + wrapped("", checked.where_findings_are);
}

}  // namespace

std::string section_text(const Section& section) {
  std::string text = section.title + "\n";
  if (!section.checked.tally.empty()) text += wrapped("", section.checked.tally);
  return text + wrapped(section.remarks) + titled_tables(section.tables) + "\n" +
         wrapped(section.notes) + claims_text(section.checked) +
         titled_tables(section.tables_after);
}

std::string text_report(const Report& report) {
  std::string text;
  for (const Section& section : report.sections) {
    if (section.opens_report) text += section_text(section) + "\n";
  }
  for (const ReportTable& table : report.results.tables) text += table_text(table) + "\n";
  for (const std::string& note : report.results.notes) text += note + "\n";
  for (const std::string& line : report.failed) text += "failed: " + line + "\n";
  for (const std::string& warning : report.warnings) text += "warning: " + warning + "\n";
  for (const Section& section : report.sections) {
    if (!section.pages_only && !section.opens_report) text += "\n" + section_text(section);
  }
  return text;
}

}  // namespace mnist_bench
