#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "report/format/svg.h"

namespace mnist_bench {

struct ChartPoint {
  double x = 0.0;
  double y = 0.0;
  std::optional<double> sd;  ///< of y; drawn as a band, or as a whisker where there is no line
  std::string note;          ///< shown when the point is pointed at
};

/// One thing to compare; its colour and marker follow from `style`.
struct ChartSeries {
  std::string label;
  std::size_t style = 0;  ///< series of one style share colour and marker
  bool line = true;       ///< else points alone
  bool dashed = false;
  std::vector<ChartPoint> points;
};

struct Chart {
  std::string title;
  std::string description;  ///< for those who cannot see it
  std::string x_label;
  std::string y_label;
  bool x_integer = false;
  bool x_log = false;
  bool y_from_zero = false;
  /// What y can be at most; it is never negative. Neither the axis nor a band goes beyond.
  double y_most = std::numeric_limits<double>::infinity();
  std::vector<ChartSeries> series;
};

/// The chart: axes, grid, bands, lines, markers, legend.
Figure chart_figure(const Chart& chart);

/// Round numbers that cover low … high, about `count` of them.
std::vector<double> ticks(double low, double high, int count);

/// A number at an axis.
std::string tick_text(double value);

/// Between a vertical axis and its labels, which end there.
inline constexpr double kTickGap = 8;

/// Where a plot begins: right of the labels of its vertical axis, and of that axis' title.
double left_of_plot(const std::vector<double>& tick_values);

/// The title of a vertical axis whose middle is at y = `middle`.
std::string vertical_title(const std::string& text, double middle);

}  // namespace mnist_bench
