#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>

#include "base/escape.h"
#include "report/format/formats.h"
#include "report/tables.h"
#include "report/warnings.h"

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

std::string tex_row(const std::vector<std::string>& cells, std::size_t first, std::size_t last) {
  std::string line = latex_escaped(cells[0]);
  for (std::size_t i = first; i < last; ++i) line += " & " + latex_escaped(cells[i]);
  return line + " \\\\\n";
}

/// The first column and those from `first` up to `last`, as a page holds few.
std::string tabular(const ReportTable& table, std::size_t first, std::size_t last) {
  std::string columns = "l";
  for (std::size_t i = first; i < last; ++i) columns += table.columns[i] == Align::left ? 'l' : 'r';
  std::string text = fmt::format("\\begin{{tabular}}{{@{{}}{}@{{}}}}\n\\toprule\n{}\\midrule\n",
                                 columns, tex_row(table.header, first, last));
  for (const auto& row : table.rows) text += tex_row(row, first, last);
  return text + "\\bottomrule\n\\end{tabular}\n";
}

std::string table_text(const ReportTable& table, const std::string& label, std::size_t first,
                       std::size_t last) {
  return fmt::format(
      "\\begin{{table}}[htbp]\n\\centering\\footnotesize\\setlength{{\\tabcolsep}}{{3pt}}"
      "\n\\caption{{{}}}\n\\label{{tab:{}}}\n{}"
      "\\end{{table}}\n\n",
      latex_escaped(table.title), label, tabular(table, first, last));
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
  constexpr std::size_t kQuality = 7;  // up to macro F1
  const ReportTable means = means_table(report);
  const ReportTable ranges = ranges_table(report);
  ReportTable cost = means;
  cost.title += ": loss and cost";
  std::string text =
      "% Made by mnist-bench report; to be \\input where \\usepackage{booktabs} is in the "
      "preamble.\n\n" +
      table_text(means, "mnist-bench-means", 1, kQuality) +
      table_text(cost, "mnist-bench-cost", kQuality, cost.columns.size()) +
      table_text(ranges, "mnist-bench-ranges", 1, ranges.columns.size());
  for (const std::string& note : table_notes()) text += latex_escaped(note) + "\n";
  text += "\n" + tex_list("Failed runs", failed_lines(report.groups)) +
          tex_list("Warnings", report.warnings);
  text.pop_back();
  return text;
}

}  // namespace mnist_bench
