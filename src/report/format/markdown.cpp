#include <string_view>

#include "base/escape.h"
#include "report/format/formats.h"
#include "report/paper.h"
#include "report/tables.h"
#include "report/warnings.h"

namespace mnist_bench {
namespace {

bool is_word(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
         (byte >= 'a' && byte <= 'z') || byte >= 0x80;
}

std::string row_text(const std::vector<std::string>& cells) {
  std::string line = "|";
  for (const std::string& cell : cells) line += " " + markdown_escaped(cell) + " |";
  return line + "\n";
}

std::string titled_table(const ReportTable& table) {
  return "## " + markdown_escaped(table.title) + "\n\n" + markdown_table(table) + "\n";
}

std::string list_text(const std::string& title, const std::vector<std::string>& items) {
  if (items.empty()) return "";
  std::string text = "## " + title + "\n\n";
  for (const std::string& item : items) text += "- " + markdown_escaped(item) + "\n";
  return text + "\n";
}

}  // namespace

std::string markdown_escaped(const std::string& text) {
  constexpr std::string_view kSpecial = "\\`*[]<>|&~#$!";
  const std::string shown = printable(text);
  std::string escaped;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const char c = shown[i];
    // Between letters and digits "_" is no emphasis, and keys read better without a backslash.
    const bool within_word =
        i > 0 && i + 1 < shown.size() && is_word(shown[i - 1]) && is_word(shown[i + 1]);
    if (c == '\n' || c == '\t') {
      escaped += ' ';
      continue;
    }
    if (kSpecial.find(c) != std::string_view::npos || (c == '_' && !within_word)) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string markdown_table(const ReportTable& table) {
  std::string text = row_text(table.header) + "|";
  for (const Align align : table.columns) text += align == Align::left ? " :--- |" : " ---: |";
  text += "\n";
  for (const auto& row : table.rows) text += row_text(row);
  return text;
}

std::string markdown_report(const Report& report) {
  std::string text = titled_table(means_table(report)) + titled_table(ranges_table(report));
  for (const std::string& note : table_notes()) text += markdown_escaped(note) + " ";
  text.back() = '\n';
  text += "\n" + list_text("Failed runs", failed_lines(report.groups)) +
          list_text("Warnings", report.warnings);
  if (report.paper) text += paper_markdown(check_paper(report.groups));
  text.pop_back();
  return text;
}

}  // namespace mnist_bench
