#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/text.h"
#include "report/format/figure_style.h"
#include "report/format/formats.h"
#include "report/format/html_parts.h"
#include "report/format/page.h"
#include "report/format/svg.h"

namespace mnist_bench {
namespace {

std::string base64(const std::string& bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::string results_html(const Report& report) {
  std::string html = table_html(report.means) + notes_html(report.table_notes);
  if (!report.failed.empty()) html += "<h3>Failed runs</h3>" + list_html(report.failed, "failed");
  html += "<details><summary>Every measure with its interval and range</summary>" +
          table_html(report.ranges) + "</details>\n";
  return html;
}

std::string mistakes_html(const RunGroup& group, const Mistakes& mistakes) {
  std::string html = "<h3>" + markup_escaped(group.label) + "</h3>\n";
  if (!mistakes.unavailable.empty()) {
    return html + "<p>Not shown: " + markup_escaped(mistakes.unavailable) + ".</p>\n";
  }
  html += fmt::format(
      "<p>{} mistaken by at least one of {}; the most confident first.</p>\n<ul "
      "class=\"mistakes\">",
      counted(mistakes.images, "test image"), counted(group.completed.size(), "run"));
  for (const Mistake& m : mistakes.worst) {
    html += fmt::format(
        "<li><img src=\"data:image/png;base64,{}\" alt=\"test image {}, a {}\" width=\"{}\" "
        "height=\"{}\"><span><b>{}</b> read as <b>{}</b><br>p = {:.3f}<br>{} of {} runs<br>"
        "<small>image {}</small></span></li>\n",
        base64(m.png), m.index, m.truth, kThumbnail.size, kThumbnail.size, m.truth, m.predicted,
        m.confidence, m.runs_wrong, group.completed.size(), m.index);
  }
  return html + "</ul>\n";
}

std::string mistakes_html(const Report& report) {
  std::string html;
  for (std::size_t i = 0; i < report.mistakes.size(); ++i) {
    html += mistakes_html(report.groups.at(i), report.mistakes[i]);
  }
  return html;
}

/// Rows in which the groups differ are marked.
std::string settings_html(const SettingsTable& table, const std::vector<RunGroup>& groups) {
  std::string html = fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\"><table "
      "class=\"keys\"><caption>{0}; "
      "≠ marks what differs between the experiments</caption><thead><tr><th scope=\"col\">key</th>",
      table.title);
  for (const RunGroup& group : groups) {
    html += "<th scope=\"col\">" + markup_escaped(group.label) + "</th>";
  }
  html += "</tr></thead><tbody>\n";
  for (const SettingsTable::Row& row : table.rows) {
    html +=
        fmt::format("<tr{}><th scope=\"row\">{}{}</th>", row.differs ? " class=\"differs\"" : "",
                    row.differs ? "≠ " : "", markup_escaped(row.key));
    for (const std::string& text : row.values) {
      html += "<td>" + (text.empty() ? kAbsent : markup_escaped(text)) + "</td>";
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

}  // namespace

std::string html_report(const Report& report) {
  std::string body;
  if (!report.warnings.empty()) {
    body += "<section class=\"warnings\" aria-label=\"Warnings\"><h2>Read with care</h2>" +
            list_html(report.warnings) + "</section>\n";
  }
  body += titled_section("results", "Results", results_html(report));
  for (const Section& part : report.sections) {
    body += titled_section(part.id, part.title, section_html(part));
  }
  body += figures_html(report.figures);
  if (!report.mistakes.empty()) {
    body += titled_section("mistakes", "The most confident mistakes", mistakes_html(report));
  }
  std::string settings;
  for (const SettingsTable& table : report.settings) {
    settings += settings_html(table, report.groups);
  }
  body += titled_section("configs", "Configs and provenance", settings);
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>mnist-bench report</title>\n<style>\n{}{}</style>\n</head>\n<body>\n"
      "<header><h1>mnist-bench report</h1>\n"
      "<button type=\"button\" id=\"theme\">Theme: automatic</button></header>\n"
      "<main>\n{}</main>\n<script>\n{}</script>\n</body>\n</html>\n",
      figure_style(), page::kPageStyle, body, page::kPageScript);
}

}  // namespace mnist_bench
