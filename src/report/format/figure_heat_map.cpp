#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "report/format/axes.h"
#include "report/format/draw.h"
#include "report/format/figure_style.h"

namespace mnist_bench {
namespace {

/// Texts at an axis, cut to what there is room for.
std::vector<std::string> cut(const std::vector<std::string>& texts) {
  std::vector<std::string> labels;
  for (const std::string& text : texts) labels.push_back(cut_to(text, kFont.most_name));
  return labels;
}

double widest_of(const std::vector<std::string>& texts) {
  double widest = 0.0;
  for (const std::string& text : texts) widest = std::max(widest, text_width(text));
  return widest;
}

/// Opacity of a cell: kHeatMap.palest for `low`, kMatrix.deepest for `high`.
double heat_depth(double value, double low, double high) {
  if (high <= low) return kHeatMap.palest;
  const double share = (value - low) / (high - low);
  return kHeatMap.palest + (kMatrix.deepest - kHeatMap.palest) * share;
}

std::string heat_cell_svg(const HeatCell& cell, double opacity, double x, double y, double width) {
  return fmt::format(R"~(<g class="cell hit" transform="translate({} {})"><title>{}</title>)~"
                     R"(<rect width="{}" height="{}" fill-opacity="{}"/>)"
                     R"(<text class="count" x="{}" y="{}">{}</text></g>)",
                     coordinate(x), coordinate(y), markup_escaped(cell.note), coordinate(width),
                     coordinate(kHeatMap.height - kHeatMap.between), coordinate(opacity),
                     coordinate(width / 2), coordinate(kHeatMap.height / 2 + kFont.middle),
                     markup_escaped(cell.text));
}

}  // namespace

Figure draw(const HeatMap& map) {
  const std::vector<std::string> rows = cut(map.rows);
  const std::vector<std::string> columns = cut(map.columns);
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (const auto& row : map.cells) {
    for (const auto& cell : row) {
      if (!cell) continue;
      low = std::min(low, cell->value);
      high = std::max(high, cell->value);
    }
  }
  const double left = widest_of(rows) + kAxis.tick_gap;
  const double width = std::max(kHeatMap.width, widest_of(columns) + kAxis.label_gap);
  const double right = left + width * static_cast<double>(columns.size());
  const double bottom = kHeatMap.top + kHeatMap.height * static_cast<double>(rows.size());
  std::string labels;
  std::string cells;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const double top = kHeatMap.top + kHeatMap.height * static_cast<double>(r);
    labels += label_left(markup_escaped(rows[r]), left, top + kHeatMap.height / 2);
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const auto& cell = map.cells[r][c];
      if (!cell) continue;
      cells += heat_cell_svg(*cell, heat_depth(cell->value, low, high),
                             left + width * static_cast<double>(c), top, width - kHeatMap.between);
    }
  }
  for (std::size_t c = 0; c < columns.size(); ++c) {
    labels += label_below(markup_escaped(columns[c]), left + width * (static_cast<double>(c) + 0.5),
                          bottom + kAxis.label_base);
  }
  labels +=
      label_below(markup_escaped(map.column_title), (left + right) / 2, bottom + kAxis.title_base);
  Figure drawn{.width = std::max({right + kMatrix.margin, text_width(map.row_title),
                                  (left + right) / 2 + text_width(map.column_title) / 2}),
               .height = bottom + kChart.below,
               .title = map.title,
               .description = "A cell for each pair of values; the deeper, the higher",
               .body = {}};
  drawn.attributes = fixed_size(drawn, /*scrolls=*/true);
  drawn.body = R"(<g class="ticks">)" + text_svg({map.row_title}, 0, kMatrix.title_base) + labels +
               "</g>" + cells;
  return drawn;
}

}  // namespace mnist_bench
