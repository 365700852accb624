#include "report/format/html_parts.h"

#include <fmt/format.h>

#include "report/format/formats.h"
#include "report/format/svg.h"

namespace mnist_bench {
std::string titled_section(const std::string& id, const std::string& title,
                           const std::string& body) {
  return fmt::format(
      "<section id=\"{0}\" aria-labelledby=\"{0}-title\"><h2 "
      "id=\"{0}-title\">{1}</h2>\n{2}</section>\n",
      id, markup_escaped(title), body);
}

std::string table_html(const ReportTable& table) {
  const auto cell = [&](const std::string& tag, std::size_t column, const std::string& text) {
    return fmt::format("<{}{}>{}</{}>", tag,
                       table.columns[column] == Align::right ? " class=\"number\"" : "",
                       markup_escaped(text), tag.substr(0, 2));
  };
  std::string html = fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
      "aria-label=\"{0}\"><table{1}><caption><span>{0}{2}</span></caption><thead><tr>",
      markup_escaped(table.title), table.first_names_rows ? " class=\"keys\"" : "",
      table.legend.empty() ? "" : "; " + markup_escaped(table.legend));
  for (std::size_t i = 0; i < table.header.size(); ++i) {
    html += cell("th scope=\"col\"", i, table.header[i]);
  }
  html += "</tr>\n</thead><tbody>\n";
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    const bool emphasized = row < table.emphasis.size() && table.emphasis[row];
    html += emphasized ? "<tr class=\"differs\">" : "<tr>";
    for (std::size_t i = 0; i < table.rows[row].size(); ++i) {
      const bool names_row = table.first_names_rows && i == 0;
      html += cell(names_row ? "th scope=\"row\"" : "td", i, table.rows[row][i]);
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string foldable_table_html(const ReportTable& table) {
  if (!table.pages_only) return table_html(table);
  return fmt::format("<details><summary>{}</summary>{}</details>\n", markup_escaped(table.title),
                     table_html(table));
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

std::string section_html(const Section& section, const std::string& after_counts) {
  std::string html = verdict_counts_html(section.id, section.checked) + after_counts;
  if (!section.remarks.empty()) html += list_html(section.remarks);
  for (const ReportTable& table : section.tables) html += foldable_table_html(table);
  html += notes_html(section.notes) + claims_html(section.id, section.checked);
  for (const ReportTable& table : section.tables_after) html += foldable_table_html(table);
  html += section.sheet ? figures_beside_sheet_html(section.figures, *section.sheet)
                        : figures_html(section.figures);
  for (const Mistakes& mistakes : section.mistakes) html += mistakes_html(mistakes);
  return html;
}

}  // namespace mnist_bench
