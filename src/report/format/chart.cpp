#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "report/format/axes.h"
#include "report/format/draw.h"
#include "report/format/figure_style.h"
#include "report/rounding.h"

namespace mnist_bench {
namespace {

/// From values to coordinates along one axis.
struct Scale {
  double low = 0.0;
  double high = 1.0;
  double from = 0.0;
  double to = 1.0;
  bool log = false;

  [[nodiscard]] double operator()(double value) const {
    const auto position = [this](double v) { return log ? std::log10(v) : v; };
    const double share = (position(value) - position(low)) / (position(high) - position(low));
    return from + share * (to - from);
  }
};

/// The range of the values, widened so that it is not empty and nothing lies on the frame.
std::pair<double, double> padded(double low, double high) {
  const double size = std::abs(high);
  const bool empty = high - low <= 1e-9 * size;  // or no wider than the rounding of sums
  const double pad = !empty       ? kChart.padding * (high - low)
                     : size > 0.0 ? kChart.flat_padding * size
                                  : kChart.zero_padding;
  return {low - pad, high + pad};
}

Scale x_scale(const Chart& chart, double left) {
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (const ChartSeries& series : chart.series) {
    for (const ChartPoint& point : series.points) {
      low = std::min(low, point.x);
      high = std::max(high, point.x);
    }
    for (const ChartCount& count : series.counts) {
      low = std::min(low, count.x);
      high = std::max(high, count.x);
    }
  }
  if (!(low <= high)) std::tie(low, high) = std::pair(1.0, 10.0);  // no points
  if (chart.x_log) {
    low /= kChart.log_padding;
    high *= kChart.log_padding;
  } else if (chart.x_integer) {
    low -= kChart.integer_padding;
    high += kChart.integer_padding;
  } else {
    std::tie(low, high) = padded(low, high);
  }
  return {.low = low,
          .high = high,
          .from = left,
          .to = kChart.width - kChart.right,
          .log = chart.x_log};
}

Scale y_scale(const Chart& chart) {
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (const ChartSeries& series : chart.series) {
    for (const ChartPoint& point : series.points) {
      low = std::min(low, point.range ? point.range->low : point.y);
      high = std::max(high, point.range ? point.range->high : point.y);
    }
  }
  if (!(low <= high)) std::tie(low, high) = std::pair(0.0, 1.0);
  std::tie(low, high) = padded(low, high);
  low = chart.y_from_zero ? 0.0 : std::max(low, 0.0);
  high = std::min(high, chart.y_most);
  return {.low = low,
          .high = high,
          .from = kChart.top + kChart.plot_height,
          .to = kChart.top,
          .log = false};
}

std::vector<double> y_ticks(const Scale& y) { return ticks(y.low, y.high, kChart.ticks); }

/// 1, 10, 100 … times each of `steps`, within the axis.
std::vector<double> decade_ticks(const Scale& x, const std::vector<double>& steps) {
  std::vector<double> values;
  for (double decade = std::pow(10, std::floor(std::log10(x.low))); decade <= x.high;
       decade *= 10) {
    for (const double step : steps) {
      if (decade * step >= x.low && decade * step <= x.high) values.push_back(decade * step);
    }
  }
  return values;
}

/// Whether the labels of the values leave a gap between them.
bool labels_fit(const std::vector<double>& values, const Scale& x) {
  for (std::size_t i = 1; i < values.size(); ++i) {
    const double widths = text_width(tick_text(values[i - 1])) + text_width(tick_text(values[i]));
    if (x(values[i]) - x(values[i - 1]) < widths / 2 + kAxis.label_gap) return false;
  }
  return true;
}

/// The first of several choices whose labels fit; a narrow range of a logarithmic axis may hold no
/// power of ten and none of its multiples.
std::vector<double> x_ticks(const Chart& chart, const Scale& x) {
  std::vector<std::vector<double>> choices;
  if (chart.x_log) choices = {decade_ticks(x, {1, 2, 5}), decade_ticks(x, {1})};
  for (const int count : kChart.x_ticks) choices.push_back(ticks(x.low, x.high, count));
  const std::size_t fewest = chart.x_integer ? 1 : 2;
  for (std::vector<double>& values : choices) {
    std::erase_if(values, [&](double v) {
      return (chart.x_integer && std::abs(v - std::round(v)) > 1e-9) ||
             x(v) + text_width(tick_text(v)) / 2 > kChart.width;
    });
    if (values.size() >= fewest && labels_fit(values, x)) return values;
  }
  return choices.back();
}

std::string frame_svg(const Chart& chart, const Scale& x, const Scale& y) {
  const HorizontalGrid grid = horizontal_grid(y_ticks(y), y, x.from, x.to);
  std::string svg = R"(<g class="grid">)" + grid.lines;
  std::string labels = R"(<g class="ticks">)" + grid.labels;
  for (const double value : x_ticks(chart, x)) {
    svg += fmt::format(R"(<line class="tick" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>)",
                       coordinate(x(value)), coordinate(y.from), coordinate(y.from + kAxis.tick));
    labels += label_below(tick_text(value), x(value), y.from + kAxis.label_base);
  }
  svg += fmt::format(R"(<line class="tick" x1="{0}" x2="{1}" y1="{2}" y2="{2}"/></g>)",
                     coordinate(x.from), coordinate(x.to), coordinate(y.from));
  labels +=
      label_below(markup_escaped(chart.x_label), (x.from + x.to) / 2, y.from + kAxis.title_base) +
      vertical_title(chart.y_label, kChart.top + kChart.plot_height / 2);
  return svg + labels + "</g>";
}

std::string series_class(const ChartSeries& series) {
  return series.guide ? "guide" : color_class(series.style);
}

std::string series_svg(const ChartSeries& series, const Scale& x, const Scale& y) {
  std::string upper;
  std::string lower;
  std::string line;
  std::string whiskers;
  std::string markers;
  for (const ChartPoint& point : series.points) {
    const std::string at = coordinate(x(point.x));
    line += fmt::format("{},{} ", at, coordinate(y(point.y)));
    if (point.range) {
      const std::string top = coordinate(y(std::min(point.range->high, y.high)));
      const std::string bottom = coordinate(y(std::max(point.range->low, y.low)));
      upper += fmt::format("{},{} ", at, top);
      lower.insert(0, fmt::format("{},{} ", at, bottom));
      if (!series.line) {
        whiskers += fmt::format(R"(<line class="whisker" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>)",
                                at, top, bottom);
      }
    }
    if (!series.guide) markers += marker_svg(series.style, x(point.x), y(point.y), point.note);
  }
  std::string svg = fmt::format(R"(<g class="series {}">)", series_class(series));
  if (series.line) {
    if (!upper.empty()) {
      svg += fmt::format(R"(<polygon class="band" points="{}{}"/>)", upper, lower);
    }
    svg += fmt::format(R"(<polyline class="line{}" points="{}"/>)", series.dashed ? " dashed" : "",
                       line);
  }
  return svg + whiskers + markers + "</g>";
}

/// The counts of the series, a row each, below the title of the horizontal axis, and their height.
std::pair<std::string, double> counts_of(const Chart& chart, const Scale& x, double axis) {
  std::string rows;
  double base = axis + kAxis.title_base + kChart.counts_title;
  for (const ChartSeries& series : chart.series) {
    if (series.counts.empty()) continue;
    base += kChart.counts_line;
    rows += fmt::format(R"(<g class="counts {}">)", color_class(series.style)) +
            marker_svg(series.style, x.from - kChart.counts_marker, base - kFont.middle);
    for (const ChartCount& count : series.counts) {
      rows += fmt::format(R"(<text x="{}" y="{}">{}</text>)", coordinate(x(count.x)),
                          coordinate(base), short_count(count.count));
    }
    rows += "</g>";
  }
  if (rows.empty()) return {"", 0.0};
  const std::string title = label_below(markup_escaped(chart.counts_label), (x.from + x.to) / 2,
                                        axis + kAxis.title_base + kChart.counts_title);
  return {R"(<g class="ticks">)" + title + "</g>" + rows, base - axis - kAxis.title_base};
}

/// The legend of the series that have a label, one below the other, and its height.
std::pair<std::string, double> legend_of(const Chart& chart, double top) {
  constexpr double kText = kChart.legend_left + kChart.legend_text;
  std::vector<LegendEntry> entries;
  double y = top;
  for (const ChartSeries& series : chart.series) {
    if (series.label.empty()) continue;
    std::string symbol;
    if (series.line) {
      symbol =
          fmt::format(R"(<polyline class="line{}" points="{},{} {},{}"/>)",
                      series.dashed ? " dashed" : "", coordinate(kChart.legend_left), coordinate(y),
                      coordinate(kChart.legend_left + kChart.legend_line), coordinate(y));
    }
    if (!series.guide) {
      symbol += marker_svg(series.style, kChart.legend_left + kChart.legend_line / 2, y);
    }
    entries.push_back({.css_classes = "series " + series_class(series),
                       .symbol = symbol,
                       .lines = lines_of(series.label, kChart.width - kText),
                       .x = kText,
                       .y = y + kFont.middle});
    y += kFont.line * static_cast<double>(entries.back().lines.size());
  }
  return {legend_svg(entries), y - top};
}

}  // namespace

Figure draw(const Chart& chart) {
  const Scale y = y_scale(chart);
  const Scale x = x_scale(chart, left_of_plot(y_ticks(y)));
  const auto [counts, counts_height] = counts_of(chart, x, y.from);
  const double legend_top =
      kChart.top + kChart.plot_height + kChart.below + counts_height + kChart.legend_gap;
  const auto [legend, legend_height] = legend_of(chart, legend_top);
  std::string body = frame_svg(chart, x, y);
  for (const ChartSeries& series : chart.series) body += series_svg(series, x, y);
  return {.width = kChart.width,
          .height = legend_top + legend_height,
          .title = chart.title,
          .description = chart.description,
          .body = body + counts + legend};
}

Figure draw(const FigureData& figure) {
  return std::visit([](const auto& content) { return draw(content); }, figure.content);
}

}  // namespace mnist_bench
