#include <fmt/format.h>

#include <string_view>

#include "base/escape.h"
#include "base/text.h"
#include "report/format/formats.h"

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

/// A table that opens on a click.
std::string folded(const ReportTable& table) {
  return fmt::format("<details><summary>{}</summary>\n\n{}\n</details>\n",
                     counted(table.rows.size(), "row"), markdown_table(table));
}

std::string tables_markdown(const std::vector<ReportTable>& tables) {
  std::string text;
  for (const ReportTable& table : tables) {
    text += "\n### " + markdown_escaped(table.title) + "\n\n";
    if (!table.legend.empty()) text += markdown_escaped(table.legend) + "\n\n";
    text += table.pages_only ? folded(table) : markdown_table(table);
  }
  return text;
}

/// Else it has nothing but pictures.
bool has_text(const Section& section) {
  return !section.remarks.empty() || !section.tables.empty() || !section.tables_after.empty() ||
         !section.checked.claims.empty();
}

std::string items_text(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += "- " + markdown_escaped(item) + "\n";
  return text;
}

std::string list_text(const std::string& title, const std::vector<std::string>& items) {
  if (items.empty()) return "";
  return "## " + title + "\n\n" + items_text(items) + "\n";
}

std::string claims_markdown(const CheckedClaims& checked) {
  if (checked.claims.empty()) return "";
  std::string text = fmt::format("\n### {}\n\n", markdown_escaped(checked.title));
  for (const std::string& note : checked.notes) text += markdown_escaped(note) + "\n\n";
  for (std::size_t i = 0; i < checked.claims.size(); ++i) {
    const CheckedClaim& claim = checked.claims[i];
    text += fmt::format("{}. {}: {}  \n    **{}** ({}){}\n", i + 1, markdown_escaped(claim.place),
                        markdown_escaped(claim.claim), claim.verdict.text, claim.basis_in_words,
                        claim.experiment.empty() ? "" : fmt::format("; `{}`", claim.experiment));
    for (const std::string& finding : claim.findings) {
      text += "    - " + markdown_escaped(finding) + "\n";
    }
  }
  return text;
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

std::string section_markdown(const Section& section) {
  std::string text = "## " + markdown_escaped(section.title) + "\n\n";
  if (!section.checked.tally.empty()) text += markdown_escaped(section.checked.tally) + "\n\n";
  return text + items_text(section.remarks) + tables_markdown(section.tables) + "\n" +
         items_text(section.notes) + claims_markdown(section.checked) +
         tables_markdown(section.tables_after) + "\n";
}

std::string markdown_report(const Report& report) {
  std::string text;
  for (const Section& section : report.sections) {
    if (section.opens_report) text += section_markdown(section);
  }
  for (const ReportTable& table : report.results.tables) text += titled_table(table);
  for (const std::string& note : report.results.notes) text += markdown_escaped(note) + " ";
  text.back() = '\n';
  text += "\n" + list_text("Failed runs", report.failed) + list_text("Warnings", report.warnings);
  for (const Section& section : report.sections) {
    if (has_text(section) && !section.opens_report) text += section_markdown(section);
  }
  text.pop_back();
  return text;
}

}  // namespace mnist_bench
