#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "report/report.h"

namespace mnist_bench {

/// A kind of file that a report can be written to.
struct Format {
  std::string ending;  ///< of the file's name, lower case: ".md", "confusion.svg"
  std::string meaning;
  std::function<std::string(const Report&)> render;
  bool shows_sections = false;  ///< all of them: as text, or their numbers
  // What takes long to find:
  bool shows_mistakes = false;
  bool shows_pictures = false;  ///< of transforms, or who gets them right
};

/// All formats: a new one is a line in this table. Each kind of figure is a format, too.
const std::vector<Format>& formats();

/// The format of `file` by how its name ends, upper or lower case. Throws Error(usage), which lists
/// the ones there are.
const Format& format_of(const std::filesystem::path& file);

/// A section in the three formats that show sections: for a terminal, without the claims'
/// findings; under headings of level 2; and as the content of a <section>, headings from level 3,
/// with `after_counts` (markup) below the claims' counts.
std::string section_text(const Section& section);
std::string section_markdown(const Section& section);
std::string section_html(const Section& section, const std::string& after_counts = {});

/// For a terminal: the tables, failed runs, warnings and sections.
std::string text_report(const Report& report);
/// GitHub-flavoured Markdown.
std::string markdown_report(const Report& report);
/// A table of GitHub-flavoured Markdown, without the title.
std::string markdown_table(const ReportTable& table);
/// A line per run, values unrounded and in the record's units; columns as in run_columns().
std::string csv_report(const Report& report);
/// Each number and text of the sections' data: where it is in json_report, as a JSON pointer (RFC
/// 6901), and its value; nothing for null and for an empty list.
std::string sections_csv(const Report& report);
/// Schema mnist-bench.report/1: statistics and values of each run; absent values are null.
std::string json_report(const Report& report);
/// Two tables for \input; needs the packages booktabs and, for a pdfLaTeX before 2020, textcomp.
std::string latex_report(const Report& report);

/// One page that needs nothing else: tables, sections, figures, the most confident mistakes as
/// images, configs and provenance.
std::string html_report(const Report& report);

// As markup_escaped (report/svg.h), these make visible what `printable` does.

/// Plain text, safe within running text and table cells of Markdown, and in one line.
std::string markdown_escaped(const std::string& text);
/// Plain text (UTF-8), safe anywhere in a LaTeX document, and in one line. Letters that pdfLaTeX
/// may lack are written as their code points.
std::string latex_escaped(const std::string& text);
/// A field of RFC 4180: quoted where it must be. Text that a spreadsheet would take for a formula
/// (it begins with = + - @ or a tab) gets a ' before it and is quoted, as OWASP advises ("CSV
/// Injection"); "-0.5" is a number and stays one.
std::string csv_escaped(const std::string& text);

}  // namespace mnist_bench
