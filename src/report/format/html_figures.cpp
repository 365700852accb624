#include <fmt/format.h>

#include "report/format/draw.h"
#include "report/format/figure_style.h"
#include "report/format/html_parts.h"

namespace mnist_bench {
namespace {

constexpr const char* kCountsOrShares =
    "<fieldset class=\"choice\"><legend>Show</legend>"
    "<label><input type=\"radio\" name=\"confusion\" value=\"counts\" checked> counts</label>"
    "<label><input type=\"radio\" name=\"confusion\" value=\"shares\"> % of the row</label>"
    "</fieldset>\n";

/// How to read a matrix, and the element in which the page's script describes the selected cell.
std::string readout() {
  return fmt::format(
      " {}; deeper is a larger share of the row, on a logarithmic scale. Point at a cell, tap it, "
      "or use the arrow keys. <output class=\"readout\" aria-live=\"polite\"></output>",
      matrix_colors());
}

bool is_confusion(const FigureData& figure) {
  return std::holds_alternative<Confusion>(figure.content);
}

}  // namespace

std::string figure_html(const FigureData& figure) {
  const std::string subject =
      figure.subject.empty() ? "" : "<b>" + markup_escaped(figure.subject) + "</b>";
  return fmt::format(
      "<figure><div class=\"scroll\">{}</div><figcaption>{}{}{}</figcaption></figure>\n",
      page_svg(draw(figure)), subject, markup_escaped(figure.caption),
      is_confusion(figure) ? readout() : "");
}

std::string figures_html(const std::vector<FigureSet>& sets) {
  if (sets.empty()) return "";
  std::string figures;
  for (const FigureSet& set : sets) {
    for (const FigureData& figure : set.figures) figures += figure_html(figure);
  }
  if (!sets.front().kind->counts_or_shares) return "<div class=\"figures\">" + figures + "</div>";
  return kCountsOrShares + ("<div class=\"figures\" id=\"confusions\">" + figures + "</div>\n");
}

}  // namespace mnist_bench
