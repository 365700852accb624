#include "report/format/html_parts.h"

#include <fmt/format.h>

#include "report/format/svg.h"

namespace mnist_bench {

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

}  // namespace mnist_bench
