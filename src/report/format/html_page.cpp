#include <fmt/format.h>

#include <string>
#include <vector>

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

/// `heading`: its element. Folded where they are long and `may_fold`.
std::string warnings_html(const std::vector<std::string>& warnings, const std::string& heading,
                          bool may_fold) {
  if (warnings.empty()) return "";
  std::size_t length = 0;
  for (const std::string& warning : warnings) length += code_points(warning);
  const bool folded = may_fold && length > kLongestOpenWarnings;
  const std::string title =
      fmt::format("<{0}>Read with care{1}</{0}>", heading,
                  folded ? ": " + counted(warnings.size(), "warning") : std::string());
  return fmt::format(
      "<section class=\"warnings\" aria-label=\"Warnings\">{}</section>\n",
      folded ? fmt::format("<details><summary>{}</summary>{}</details>", title, list_html(warnings))
             : title + list_html(warnings));
}

/// The sections that open the report. The warnings stand below the first counts of claims, or above
/// everything where there are none.
std::string opening_html(const Report& report) {
  std::string html;
  bool opened = false;
  bool warned = false;
  for (const Section& section : report.sections) {
    if (!section.opens_report) continue;
    opened = true;
    std::string warnings;
    if (!warned && !section.checked.claims.empty()) {
      warnings = warnings_html(report.warnings, "h3", /*may_fold=*/true);
      warned = true;
    }
    html += titled_section(section.id, section.title, section_html(section, warnings));
  }
  return warned ? html : warnings_html(report.warnings, "h2", /*may_fold=*/opened) + html;
}

std::string further_html(const Report& report) {
  std::string html;
  for (const Section& section : report.sections) {
    if (section.opens_report) continue;
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
  return page_html("mnist-bench report", opening_html(report) +
                                             titled_section(report.results.id, report.results.title,
                                                            results_html(report)) +
                                             further_html(report));
}

}  // namespace mnist_bench
