#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <numeric>

#include "base/escape.h"
#include "record/metric_table.h"
#include "report/format/formats.h"

namespace mnist_bench {
namespace {

/// What stands for a character that LaTeX would take for something else, or set as another.
const std::map<std::uint32_t, std::string>& substitutes() {
  static const std::map<std::uint32_t, std::string> list = {
      {'\\', "\\textbackslash{}"},
      {'{', "\\{"},
      {'}', "\\}"},
      {'$', "\\$"},
      {'&', "\\&"},
      {'%', "\\%"},
      {'#', "\\#"},
      {'_', "\\_"},
      {'^', "\\textasciicircum{}"},
      {'~', "\\textasciitilde{}"},
      {'<', "\\textless{}"},
      {'>', "\\textgreater{}"},
      {'|', "\\textbar{}"},
      {'"', "''"},
      {'`', "\\textasciigrave{}"},
      // Behind the end of a row, "[" and "*" would be an argument of it.
      {'[', "{[}"},
      {']', "{]}"},
      {'*', "{*}"},
      {0xB1, "$\\pm$"},
      {0xD7, "$\\times$"},
      {0xB7, "$\\cdot$"},
      {0x2013, "--"},
      {0x2014, "---"},
      {0x2018, "`"},
      {0x2019, "'"},
      {0x201C, "``"},
      {0x201D, "''"},
      {0x2026, "\\dots{}"},
      {0x2192, "$\\to$"},
      {0x2212, "$-$"},
      {0x2264, "$\\leq$"},
      {0x2265, "$\\geq$"},
  };
  return list;
}

/// The accented letters that every LaTeX since 2018 knows in its default encodings.
bool is_accented_letter(std::uint32_t c) {
  return c >= 0xC0 && c <= 0xFF && c != 0xD0 && c != 0xF0 && c != 0xDE && c != 0xFE && c != 0xF7;
}

/// Indices of the columns of a table that are shown: a page is too narrow for all.
using Columns = std::vector<std::size_t>;

std::string tex_row(const std::vector<std::string>& cells, const Columns& shown) {
  std::vector<std::string> escaped;
  for (const std::size_t i : shown) escaped.push_back(latex_escaped(cells[i]));
  return fmt::format("{}", fmt::join(escaped, " & ")) + " \\\\\n";
}

std::string tabular(const ReportTable& table, const Columns& shown) {
  std::string columns;
  for (const std::size_t i : shown) columns += table.columns[i] == Align::left ? 'l' : 'r';
  std::string text = fmt::format("\\begin{{tabular}}{{@{{}}{}@{{}}}}\n\\toprule\n{}\\midrule\n",
                                 columns, tex_row(table.header, shown));
  for (const auto& row : table.rows) text += tex_row(row, shown);
  return text + "\\bottomrule\n\\end{tabular}\n";
}

std::string table_text(const ReportTable& table, const std::string& label, const Columns& shown) {
  return fmt::format(
      "\\begin{{table}}[htbp]\n\\centering\\footnotesize\\setlength{{\\tabcolsep}}{{3pt}}"
      "\n\\caption{{{}}}\n\\label{{tab:{}}}\n{}"
      "\\end{{table}}\n\n",
      latex_escaped(table.title), label, tabular(table, shown));
}

/// The columns with these keys, and those of the metrics that are shares, or that are none.
Columns columns_of(const ReportTable& table, const std::vector<std::string>& first, bool shares) {
  Columns columns;
  for (std::size_t i = 0; i < table.keys.size(); ++i) {
    const Metric* const metric = find_metric(table.keys[i]);
    const bool shown = metric != nullptr
                           ? metric->is_share() == shares
                           : std::find(first.begin(), first.end(), table.keys[i]) != first.end();
    if (shown) columns.push_back(i);
  }
  return columns;
}

Columns all_of(const ReportTable& table) {
  Columns columns(table.columns.size());
  std::iota(columns.begin(), columns.end(), std::size_t{0});
  return columns;
}

std::string tex_list(const std::string& title, const std::vector<std::string>& items) {
  if (items.empty()) return "";
  std::string text = fmt::format("\\paragraph{{{}}}\n\\begin{{itemize}}\n", title);
  for (const std::string& item : items) text += "\\item " + latex_escaped(item) + "\n";
  return text + "\\end{itemize}\n\n";
}

}  // namespace

std::string latex_escaped(const std::string& text) {
  const std::string shown = printable(text);
  std::string escaped;
  for (std::size_t at = 0; at < shown.size();) {
    const std::string_view sequence =
        std::string_view(shown).substr(at, utf8_sequence(std::string_view(shown).substr(at)));
    const std::uint32_t c = code_point(sequence);
    if (const auto found = substitutes().find(c); found != substitutes().end()) {
      escaped += found->second;
    } else if (c == '-' && at > 0 && shown[at - 1] == '-') {
      escaped += "{}-";  // "--" would become a dash
    } else if (c == '\n' || c == '\t') {
      escaped += ' ';
    } else if (c < 0x80 || is_accented_letter(c)) {
      escaped += sequence;
    } else {
      escaped += fmt::format("\\texttt{{U+{:04X}}}", c);
    }
    at += sequence.size();
  }
  return escaped;
}

std::string latex_report(const Report& report) {
  const ReportTable& means = report.results.tables.at(0);
  const ReportTable& ranges = report.results.tables.at(1);
  const Columns quality = columns_of(means, {"experiment", "n", "failed"}, /*shares=*/true);
  const Columns of_cost = columns_of(means, {"experiment"}, /*shares=*/false);
  ReportTable cost = means;
  cost.title += ": loss and cost";
  std::string text =
      "% Made by mnist-bench report; to be \\input where \\usepackage{booktabs} is in the "
      "preamble.\n\n" +
      table_text(means, "mnist-bench-means", quality) +
      table_text(cost, "mnist-bench-cost", of_cost) +
      table_text(ranges, "mnist-bench-ranges", all_of(ranges));
  for (const Section& section : report.sections) {
    if (section.id == "sweep") {
      text += table_text(section.tables.at(0), "mnist-bench-sweep", all_of(section.tables[0]));
    }
  }
  for (const std::string& note : report.results.notes) text += latex_escaped(note) + "\n";
  text += "\n" + tex_list("Failed runs", report.failed) + tex_list("Warnings", report.warnings);
  text.pop_back();
  return text;
}

}  // namespace mnist_bench
