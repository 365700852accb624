#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace mnist_bench {

/// Plain text, safe in the text and the quoted attributes of HTML and SVG.
std::string markup_escaped(const std::string& text);

/// A number for a coordinate: at most two digits after the point.
std::string coordinate(double value);

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
  std::vector<ChartSeries> series;
};

/// An <svg> of the chart: axes, grid, bands, lines, markers, legend. It takes its colours from the
/// style sheet `figure_style()`.
std::string chart_svg(const Chart& chart);

/// Marker number `style` (a shape and a colour) around (x, y).
std::string marker_svg(std::size_t style, double x, double y, const std::string& note = {});

/// Round numbers that cover low … high, about `count` of them.
std::vector<double> ticks(double low, double high, int count);

/// Colours and fonts of all figures, for light and dark.
std::string figure_style();

/// Figures, each under its own name and below the one before, as a file of its own that any program
/// can draw and print: white page, literal colours (the light theme), no CSS variable, its size in
/// pixels, and their names as its title.
std::string standalone_svg(const std::vector<std::string>& figures);

}  // namespace mnist_bench
