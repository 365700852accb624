#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "report/format/figure_style.h"
#include "report/format/html_parts.h"
#include "report/format/svg.h"

namespace mnist_bench {
namespace {

/// Who gets the pictures of a strip right, where that is known: which of them flip.
std::string right_html(const ContactStrip& strip) {
  if (strip.right.empty()) return "";
  ReportTable table{.title = fmt::format("{}: runs that get each picture right", strip.family),
                    .columns = {Align::right, Align::left},
                    .header = {"image", "experiment"},
                    .rows = {},
                    .pages_only = strip.right.size() > kThumbnail.most_rows};
  for (const RightRow& row : strip.right) {
    std::vector<std::string> cells = {std::to_string(row.image), row.group};
    for (const auto& count : row.columns) {
      cells.push_back(count ? fmt::format("{}/{}", count->right, count->runs) : kAbsent);
    }
    table.rows.push_back(std::move(cells));
  }
  table.columns.resize(strip.columns.size() + 2, Align::right);
  table.header.insert(table.header.end(), strip.columns.begin(), strip.columns.end());
  return foldable_table_html(table);
}

/// The picture below the names of its columns; it shrinks with the page, so that all are in sight.
std::string strip_html(const ContactStrip& strip) {
  const std::int64_t width = kThumbnail.zoom * strip.picture.shape.columns;
  std::string html =
      fmt::format("<figure><div class=\"strip\" style=\"--columns: {}; width: {}px\">",
                  strip.columns.size(), width + kThumbnail.frame);
  for (const std::string& column : strip.columns) {
    html += "<span>" + markup_escaped(column) + "</span>";
  }
  html += fmt::format(
      "<img src=\"{0}\" alt=\"{1}\" width=\"{2}\" height=\"{3}\"></div><figcaption><b>{1}</b>",
      png_uri(strip.picture.png), markup_escaped(strip.family), width,
      kThumbnail.zoom * strip.picture.shape.rows);
  if (!strip.first_of_several.empty()) {
    html += markup_escaped(fmt::format(": of several directions one is shown, {}",
                                       fmt::join(strip.first_of_several, ", ")));
  }
  return html + "</figcaption>" + right_html(strip) + "</figure>\n";
}

}  // namespace

std::string figures_beside_sheet_html(const std::vector<FigureSet>& sets,
                                      const ContactSheet& sheet) {
  std::string html = "<h3>What each severity looks like</h3>\n";
  if (!sheet.unavailable.empty()) {
    return html + "<p>Not shown: " + markup_escaped(sheet.unavailable) + ".</p>\n" +
           figures_html(sets);
  }
  html += fmt::format(
      "<p>Images {} of the test set of {}, a row each; a column for each severity.</p>\n",
      fmt::join(sheet.images, ", "), markup_escaped(sheet.group));
  std::set<const ContactStrip*> shown;
  for (const FigureSet& set : sets) {
    for (const FigureData& figure : set.figures) {
      const auto strip =
          std::find_if(sheet.strips.begin(), sheet.strips.end(),
                       [&](const ContactStrip& each) { return each.family == figure.subject; });
      html += "<div class=\"figures\">" + figure_html(figure);
      if (strip != sheet.strips.end()) {
        html += strip_html(*strip);
        shown.insert(&*strip);
      }
      html += "</div>\n";
    }
  }
  std::string without_figure;
  for (const ContactStrip& strip : sheet.strips) {
    if (!shown.contains(&strip)) without_figure += strip_html(strip);
  }
  if (without_figure.empty()) return html;
  return html + "<div class=\"strips\">" + without_figure + "</div>\n";
}

}  // namespace mnist_bench
