#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"
#include "report/format/figure_style.h"
#include "report/format/html_parts.h"
#include "report/format/svg.h"

namespace mnist_bench {
std::string mistakes_html(const Mistakes& mistakes) {
  std::string html = "<h3>" + markup_escaped(mistakes.group) + "</h3>\n";
  if (!mistakes.unavailable.empty()) {
    return html + "<p>Not shown: " + markup_escaped(mistakes.unavailable) + ".</p>\n";
  }
  html += fmt::format(
      "<p>{} mistaken by at least one of {}; the most confident first.</p>\n<ul "
      "class=\"mistakes\">",
      counted(mistakes.images, "test image"), counted(mistakes.runs, "run"));
  for (const Mistake& m : mistakes.worst) {
    html += fmt::format(
        "<li><img src=\"{}\" alt=\"test image {}, a {}\" width=\"{}\" "
        "height=\"{}\"><span><b>{}</b> read as <b>{}</b><br>p = {:.3f}<br>{} of {} runs<br>"
        "<small>image {}</small></span></li>\n",
        png_uri(m.png), m.index, m.truth, kThumbnail.size, kThumbnail.size, m.truth, m.predicted,
        m.confidence, m.runs_wrong, mistakes.runs, m.index);
  }
  return html + "</ul>\n";
}

namespace {

/// Who gets the pictures of a strip right, where that is known.
std::string right_html(const ContactStrip& strip) {
  if (strip.right.empty()) return "";
  ReportTable table{.title = fmt::format("{}: runs that get the picture right", strip.family),
                    .columns = {Align::right, Align::left},
                    .header = {"image", "experiment"},
                    .rows = strip.right};
  table.columns.resize(strip.columns.size() + 2, Align::right);
  table.header.insert(table.header.end(), strip.columns.begin(), strip.columns.end());
  return "<details><summary>Which runs get them right</summary>" + table_html(table) + "</details>";
}

}  // namespace

std::string contact_sheet_html(const ContactSheet& sheet) {
  std::string html = "<h3>What each severity looks like</h3>\n";
  if (!sheet.unavailable.empty()) {
    return html + "<p>Not shown: " + markup_escaped(sheet.unavailable) + ".</p>\n";
  }
  html += fmt::format(
      "<p>Images {} of the test set of {}, a row each; a column for each severity.</p>\n"
      "<div class=\"strips\">",
      fmt::join(sheet.images, ", "), markup_escaped(sheet.group));
  for (const ContactStrip& strip : sheet.strips) {
    const std::string columns = markup_escaped(fmt::format("{}", fmt::join(strip.columns, ", ")));
    html += fmt::format(
        "<figure><div class=\"scroll\"><img src=\"{}\" alt=\"{}\" "
        "width=\"{}\" height=\"{}\"></div><figcaption><b>{}</b>: {}</figcaption>{}</figure>\n",
        png_uri(strip.picture.png), markup_escaped(strip.family),
        kThumbnail.zoom * strip.picture.shape.columns, kThumbnail.zoom * strip.picture.shape.rows,
        markup_escaped(strip.family), columns, right_html(strip));
  }
  return html + "</div>\n";
}

}  // namespace mnist_bench
