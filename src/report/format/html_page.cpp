#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "report/format/figure_style.h"
#include "report/format/formats.h"
#include "report/format/html_parts.h"
#include "report/format/page.h"
#include "report/format/svg.h"

namespace mnist_bench {
namespace {

/// In code points; longer ones would push what opens the report off the first screen.
constexpr std::size_t kLongestOpenWarnings = 300;

std::string warnings_html(const Report& report) {
  if (report.warnings.empty()) return "";
  std::size_t length = 0;
  for (const std::string& warning : report.warnings) length += code_points(warning);
  const bool opened = std::any_of(report.sections.begin(), report.sections.end(),
                                  [](const Section& section) { return section.opens_report; });
  const std::string list = list_html(report.warnings);
  return "<section class=\"warnings\" aria-label=\"Warnings\">" +
         (opened && length > kLongestOpenWarnings
              ? fmt::format("<details><summary><h2>Read with care: {}</h2></summary>{}</details>",
                            counted(report.warnings.size(), "warning"), list)
              : "<h2>Read with care</h2>" + list) +
         "</section>\n";
}

/// The sections that open the report, or the others.
std::string sections_html(const Report& report, bool opening) {
  std::string html;
  for (const Section& section : report.sections) {
    if (section.opens_report != opening) continue;
    html += titled_section(section.id, section.title, section_html(section));
  }
  return html;
}

std::string results_html(const Report& report) {
  std::string html = table_html(report.results.tables.at(0)) + notes_html(report.results.notes);
  if (!report.failed.empty()) html += "<h3>Failed runs</h3>" + list_html(report.failed, "failed");
  html += "<details><summary>Every metric with its interval and range</summary>" +
          table_html(report.results.tables.at(1)) + "</details>\n";
  return html;
}

}  // namespace

std::string page_html(const std::string& title, const std::string& body) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{0}</title>\n<style>\n{1}{2}</style>\n</head>\n<body>\n"
      "<header><h1>{0}</h1>\n"
      "<button type=\"button\" id=\"theme\">Theme: automatic</button></header>\n"
      "<main>\n{3}</main>\n<script>\n{4}</script>\n</body>\n</html>\n",
      markup_escaped(title), figure_style(), page::kPageStyle, body, page::kPageScript);
}

std::string html_report(const Report& report) {
  return page_html(
      "mnist-bench report",
      warnings_html(report) + sections_html(report, /*opening=*/true) +
          titled_section(report.results.id, report.results.title, results_html(report)) +
          sections_html(report, /*opening=*/false));
}

}  // namespace mnist_bench
