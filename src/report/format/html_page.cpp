#include <fmt/format.h>

#include "report/format/figure_style.h"
#include "report/format/formats.h"
#include "report/format/html_parts.h"
#include "report/format/page.h"
#include "report/format/svg.h"

namespace mnist_bench {
namespace {

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
  std::string body;
  if (!report.warnings.empty()) {
    body += "<section class=\"warnings\" aria-label=\"Warnings\"><h2>Read with care</h2>" +
            list_html(report.warnings) + "</section>\n";
  }
  body += titled_section(report.results.id, report.results.title, results_html(report));
  for (const Section& section : report.sections) {
    body += titled_section(section.id, section.title, section_html(section));
  }
  return page_html("mnist-bench report", body);
}

}  // namespace mnist_bench
