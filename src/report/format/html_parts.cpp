#include "report/format/html_parts.h"

#include <fmt/format.h>

#include "report/format/formats.h"
#include "report/format/svg.h"

namespace mnist_bench {
namespace {

std::string claims_html(const CheckedClaims& checked) {
  if (checked.claims.empty()) return "";
  std::string html = fmt::format("<h3>{}</h3>\n<p>{}</p>\n", markup_escaped(checked.title),
                                 markup_escaped(checked.tally)) +
                     notes_html(checked.notes) + "<ol class=\"claims\">\n";
  for (const CheckedClaim& claim : checked.claims) {
    html += fmt::format("<li><p>{}: {}<br><strong>{}</strong> ({})</p>\n{}</li>\n",
                        markup_escaped(claim.place), markup_escaped(claim.claim), claim.verdict,
                        claim.basis_in_words, list_html(claim.findings));
  }
  return html + "</ol>\n";
}

}  // namespace

std::string titled_section(const std::string& id, const std::string& title,
                           const std::string& body) {
  return fmt::format(
      "<section id=\"{0}\" aria-labelledby=\"{0}-title\"><h2 "
      "id=\"{0}-title\">{1}</h2>\n{2}</section>\n",
      id, markup_escaped(title), body);
}

std::string table_html(const ReportTable& table) {
  const auto row = [&](const char* tag, const std::vector<std::string>& cells) {
    std::string html = "<tr>";
    for (std::size_t i = 0; i < cells.size(); ++i) {
      html += fmt::format("<{0}{1}>{2}</{3}>", tag,
                          table.columns[i] == Align::right ? " class=\"number\"" : "",
                          markup_escaped(cells[i]), std::string(tag).substr(0, 2));
    }
    return html + "</tr>\n";
  };
  std::string html = fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\"><table><caption>{0}"
      "</caption><thead>{1}</thead><tbody>\n",
      markup_escaped(table.title), row("th scope=\"col\"", table.header));
  for (const auto& cells : table.rows) html += row("td", cells);
  return html + "</tbody></table></div>\n";
}

std::string list_html(const std::vector<std::string>& items, const std::string& css_class) {
  std::string html = css_class.empty() ? "<ul>" : fmt::format("<ul class=\"{}\">", css_class);
  for (const std::string& item : items) html += "<li>" + markup_escaped(item) + "</li>\n";
  return html + "</ul>\n";
}

std::string notes_html(const std::vector<std::string>& notes) {
  std::string html;
  for (const std::string& note : notes) {
    html += "<p class=\"note\">" + markup_escaped(note) + "</p>\n";
  }
  return html;
}

std::string section_html(const Section& section) {
  std::string html = list_html(section.remarks);
  for (const ReportTable& table : section.tables) html += table_html(table);
  return html + notes_html(section.notes) + claims_html(section.checked);
}

}  // namespace mnist_bench
